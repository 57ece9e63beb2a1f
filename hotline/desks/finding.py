"""What is found by the first letters of its pinyin, by code or by name: units to send work to, opening phrases."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hotline.knowledge.pinyin import initials, within
from kernel.people import queries as people

LEVEL_MIN = 2  # of the tree: what lies below the city
FOUND_MAX = 8


@dataclass(frozen=True, slots=True)
class Found:
    code: str
    title: str
    text: str = ""


async def unit_options() -> list[tuple[str, str]]:
    return [(org.code, org.name) for org in await people.agencies() if org.level >= LEVEL_MIN]


async def units(asked: str) -> list[Found]:
    return _best(asked, [Found(code, name) for code, name in await unit_options()])


def phrases(asked: str) -> list[Found]:
    return _best(asked, _phrases())


def _best(asked: str, every: list[Found]) -> list[Found]:
    """Whatever the letters begin comes first, then what contains them, then what has them with signs between."""
    wanted = asked.strip().lower()
    ranked = [(rank, n) for n, one in enumerate(every) if (rank := _rank(wanted, one)) >= 0]
    return [every[n] for _, n in sorted(ranked)[:FOUND_MAX]]


def _rank(wanted: str, one: Found) -> int:
    title, letters = one.title.lower(), _letters(one.title)
    if letters.startswith(wanted) or one.code.lower() == wanted:
        return 0
    if wanted in title or wanted in one.code.lower():
        return 1
    near = within(wanted, letters) if wanted.isascii() and wanted.isalnum() else -1
    return 2 + near if near >= 0 else -1


@cache
def _phrases() -> list[Found]:
    told = tomllib.loads((files("hotline.desks") / "phrases.toml").read_text(encoding="utf-8"))["phrase"]
    return [Found(f"{n}", one["title"], one["text"]) for n, one in enumerate(told, 1)]


@cache
def _letters(title: str) -> str:
    return initials(title)
