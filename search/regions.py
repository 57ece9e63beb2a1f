"""Regions as a choice: of all the paths that the answers lie under, the next step down from where one stands."""

from collections.abc import Mapping

from kernel.people import queries as people

MARK = "@"  # how a path is kept in the index: @/360000/369900/


def path_of(token: str) -> str:
    return token.removeprefix(MARK)


async def choices(counts: Mapping[str, int], chosen: str) -> list[tuple[str, str, int]]:
    """(path, name, how many), most first: below the chosen one, past every step at which there is nothing to choose.
    What no organisation is called after is no choice."""
    held = {path_of(token): count for token, count in counts.items()}
    base = path_of(chosen) or "/"
    below = _children(held, base)
    while len(below) == 1 and held[below[0]] == held.get(base, 0):
        base = below[0]
        below = _children(held, base)
    names = await people.names_at(below)
    found = [(path, names[path], held[path]) for path in below if path in names]
    return sorted(found, key=lambda one: (-one[2], one[0]))


async def name_of(path: str) -> str:
    """How the chosen one is called; a path that nobody is called after has no name."""
    wanted = f"/{path.strip('/')}/"
    return (await people.names_at([wanted])).get(wanted, "") if path.strip("/") else ""


def _children(held: Mapping[str, int], base: str) -> list[str]:
    depth = base.count("/") + 1
    return [path for path in held if path.startswith(base) and path.count("/") == depth]
