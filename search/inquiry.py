"""One reader's question to the engine. Every tree stands under that reader's filter; there is no other way in."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import time

from kernel.permissions import Actor
from search import asking
from search.asking import Question
from search.engine import Found, Hit, Part, SearchEngine, Sort
from search.query import Best, Every, From, Node, OneOf
from search.trimming import filter_for, parts_for, taken_twice

PINNED_MAX = 10
DIMENSIONS = ("kind", "agency", "region")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    q: str
    kind: str = ""
    agency: str = ""
    region: str = ""
    sort: Sort = Sort.BEST
    limit: int = 10

    def chosen(self, *, but: str = "") -> dict[str, str]:
        chosen = {"kind": self.kind, "agency": self.agency, "region": self.region}
        return {name: value for name, value in chosen.items() if value and name != but}


@dataclass(frozen=True, slots=True)
class Located:
    part: Part
    hit: Hit
    pinned: bool = False  # by its number
    placed: str = ""  # by a person: who keeps the bets is told why


@dataclass(frozen=True, slots=True)
class Inquiry:
    engine: SearchEngine
    question: Question
    asked: Asked
    by: Actor
    kept_out: tuple[str, ...] = ()  # of what is public, for this question, by a person
    now: int = field(default_factory=lambda: int(time()))  # unix seconds

    async def pinned(self) -> list[Located]:
        """Whose number is exactly what was typed: above the ranking, not in it."""
        if not self.question.exact.values:
            return []
        limit = min(PINNED_MAX, self.asked.limit)
        found = await self._each(self.question.exact, Sort.NEWEST, dict.fromkeys(Part, 0), limit)
        return [Located(part, hit, pinned=True) for part, result in found.items() for hit in result.hits][:limit]

    async def ranked(self, starts: Mapping[Part, int], *, without: tuple[str, ...]) -> dict[Part, Found]:
        return await self._each(self.question.tree, self.asked.sort, starts, self.asked.limit, without)

    async def facets(self, *, above: tuple[str, ...] = ()) -> dict[str, dict[str, int]]:
        """A dimension is counted without its own choice, so that another value can be chosen. What stands above the
        ranking counts, too, though its words may be others."""
        tree = Best((self.question.tree, OneOf("key", above))) if above else self.question.tree
        free = [name for name in DIMENSIONS if name not in self.asked.chosen()]
        groups = [(free, "")] * bool(free) + [([name], name) for name in DIMENSIONS if name not in free]
        counted = await asyncio.gather(*(self._counts(tree, names, but) for names, but in groups))
        return {name: counts for group in counted for name, counts in group.items()}

    async def _counts(self, tree: Node, names: Sequence[str], but: str) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {name: {} for name in names}
        trees = {part: self._tree(part, tree, self.asked.sort, but=but) for part in parts_for(self.by)}
        asked = (self.engine.facets(part, tree, names) for part, tree in trees.items())
        for found in await asyncio.gather(*asked):
            for name, values in found.items():
                for value, count in values.items():
                    counts[name][value] = counts[name].get(value, 0) + count
        return counts

    async def _each(
        self, node: Node, sort: Sort, starts: Mapping[Part, int], limit: int, without: tuple[str, ...] = ()
    ) -> dict[Part, Found]:
        parts = parts_for(self.by)
        trees = {part: self._tree(part, node, sort, without=without) for part in parts}
        asked = (self.engine.find(part, trees[part], sort=sort, start=starts[part], limit=limit) for part in parts)
        return dict(zip(parts, await asyncio.gather(*asked), strict=True))

    def _tree(self, part: Part, node: Node, sort: Sort, *, without: tuple[str, ...] = (), but: str = "") -> Node:
        """By deadline, what is over isn't looked for: nothing can be done with it any more."""
        out = OneOf("key", (*without, *(self.kept_out if part is Part.PUBLIC else ())))
        gone = tuple(one for one in (taken_twice(self.by, part), out) if one.values)
        chosen = self.asked.chosen(but=but)
        open_ones = (From("deadline", self.now),) if sort is Sort.DEADLINE else ()
        return Every((asking.narrowed(node, **chosen),), within=(filter_for(self.by, part), *open_ones), without=gone)
