"""经过: what the page of a thing tells of its journal."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One line: when, what, by whom, in which words (title, text). `quiet`: a machine noted it, nobody did anything."""

    at: datetime
    label: str
    actor: str
    texts: tuple[tuple[str, str], ...]
    quiet: bool = False
