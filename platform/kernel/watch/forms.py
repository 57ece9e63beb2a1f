"""What the auditor knows of a leak: some of it, never all."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.forms import Form


class Leak(Form):
    """Every part may be empty, but not all of them; the days are the city's, both included."""

    passage: Annotated[str, Field(title="泄露的文字或编号", max_length=4_000)] = ""
    viewer: Annotated[str, Field(title="查看人用户名", max_length=60)] = ""
    since: Annotated[date | None, Field(title="从哪天起")] = None
    until: Annotated[date | None, Field(title="到哪天止")] = None
