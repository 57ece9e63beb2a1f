"""What a new hall knows of its numbers: one line, others are added as rows (双号并行)."""

import tomllib
from datetime import datetime
from importlib.resources import files

from hotline.calls.models import Line


async def seed(at: datetime) -> None:
    """Idempotent: a line that the city has changed stays as it is."""
    for told in tomllib.loads((files("hotline.calls") / "lines.toml").read_text())["line"]:
        await Line.get_or_create(dnis=told.pop("dnis"), defaults=told)
