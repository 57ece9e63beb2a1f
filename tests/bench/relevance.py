"""How well search answers: the judged queries, class by class, beside plain BM25 over pairs of signs; then real titles
and their replies, real questions and their answers, and judged pairs of a search engine's own users.

The judgements are ours (see `judging/judged.py`), so these figures tell one engine from another, and not yet how
content people are. Every fourth query is kept from whoever tunes, and is told apart. Trading has no documents yet, so
none of its queries. Of the ladder from words to boosts only the ends are measured: the engine has no steps to switch
off."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.searchable import Document
from search.records import read
from search.trimming import searchables
from tests.bench.judging import halls, judged, matching, shelf
from tests.bench.judging.judged import CLASSES, Query
from tests.bench.judging.measures import TOP, interval, mean, ndcg, reciprocal_rank, right_at_first
from tests.bench.judging.plain import Plain
from tests.bench.measuring import Figure, Scale
from tests.conftest import DATA

NDCG, SUCCESS, IDENTIFIERS, UNJUDGED = 0.85, 0.80, 1.0, 0.05
FOUND_IN = 200  # documents read at once


@dataclass(frozen=True, slots=True)
class Answered:
    """What one engine said to each query: keys, the best first."""

    queries: Sequence[Query]
    keys: Mapping[str, Sequence[str]]

    def of(self, kind: str = "", *, held_out: bool | None = None) -> "Answered":
        chosen = [q for q in self.queries if kind in ("", q.kind) and held_out in (None, q.held_out)]
        return Answered(chosen, self.keys)

    @property
    def ndcgs(self) -> list[float]:
        told = [ndcg(self.keys[query.text], query.grades) for query in self.queries]
        return [one for one in told if one is not None]

    @property
    def successes(self) -> list[float]:
        return [right_at_first(self.keys[query.text], query.grades) for query in self.queries]

    @property
    def ranks(self) -> list[float]:
        wanted = [{key for key, grade in query.grades.items() if grade == judged.GRADE_MAX} for query in self.queries]
        return [reciprocal_rank(self.keys[query.text], keys) for query, keys in zip(self.queries, wanted, strict=True)]

    @property
    def empty(self) -> float:
        return mean([float(not self.keys[query.text]) for query in self.queries])

    @property
    def unjudged(self) -> float:
        shown = [(query, self.keys[query.text][:TOP]) for query in self.queries if query.grades]
        return sum(len(judged.unjudged(query, keys)) for query, keys in shown) / (sum(len(k) for _, k in shown) or 1)

    @property
    def leaks(self) -> list[str]:
        """Whatever of the forbidden was shown; `ticket:*` forbids every ticket."""
        return [
            f"{query.text} → {key}"
            for query in self.queries for key in self.keys[query.text]
            if query.forbidden and (key in query.forbidden or key.startswith("ticket:"))
        ]  # fmt: skip

    def told(self) -> dict[str, object]:
        """For whoever sets gates."""
        kinds = {query.kind: mean(self.of(query.kind).ndcgs) for query in self.queries if query.grades}
        return {
            "ndcg": mean(self.ndcgs), "held out": mean(self.of(held_out=True).ndcgs), "classes": kinds,
            "service at first": mean(self.of("service").successes), "identifiers": mean(self.of("identifier").ranks),
            "leaks": self.leaks, "forbidden": sum(bool(query.forbidden) for query in self.queries),
            "unjudged": self.unjudged, "empty": self.empty,
        }  # fmt: skip


async def measure(scale: Scale, found: list[Figure]) -> None:
    async with halls.a_hall_with(shelf.a_city(), demo=True):
        ours, whole, titles = await both_ends(judged.queries())
        found += _figures(ours, whole, titles)
    async with halls.a_hall_with(iter(()), demo=False):
        await matching.measure(scale, found)


async def both_ends(queries: Sequence[Query]) -> tuple[Answered, Answered, Answered]:
    """Ours, and plain BM25 over title and body and over titles alone; grades of what isn't in this city are left out,
    as the demo's matters are as old as the day makes them."""
    documents = shelf.every_document() + await _released()
    there = {halls.key(document) for document in documents}
    here = [query.within(there) for query in queries]
    whole = Plain((halls.key(one), f"{one.title}\n{one.body}") for one in documents)
    titles = Plain((halls.key(one), one.title) for one in documents)
    ours = {query.text: await halls.asked(query.text) for query in here}
    plain = [{query.text: engine.ranked(query.text) for query in here} for engine in (whole, titles)]
    return Answered(here, ours), Answered(here, plain[0]), Answered(here, plain[1])


async def _released() -> list[Document]:
    """The demo city's public answers and policies."""
    refs = [ref for kind in ("faq", "policy") async for ref in searchables()[kind].every()]
    pieces = [await read(refs[first : first + FOUND_IN]) for first in range(0, len(refs), FOUND_IN)]
    return [seen.public for piece in pieces for seen in piece.values() if seen.public]


def _figures(ours: Answered, whole: Answered, titles: Answered) -> list[Figure]:
    three = (ours, whole, titles)
    found = [
        _rate(f"nDCG@10, {name}", [one.of(kind).ndcgs for one in three], None)
        for kind, name in CLASSES.items() if kind != "adversarial"
    ]  # fmt: skip
    found += [
        _rate("nDCG@10, all", [one.ndcgs for one in three], NDCG),
        _rate("nDCG@10, held out from tuning", [one.of(held_out=True).ndcgs for one in three], NDCG),
        _rate("right at first, services", [one.of("service").successes for one in three], SUCCESS),
        _rate("MRR, identifiers", [one.of("identifier").ranks for one in three], IDENTIFIERS),
    ]
    told = f"BM25: {whole.empty:.3f}; titles alone: {titles.empty:.3f}"
    found.append(Figure("queries that find nothing", f"{ours.empty:.3f}", told, raw={"empty": ours.empty}))
    leaks, asked = ours.leaks, len(ours.of("adversarial").queries)
    found.append(
        Figure("what must not appear", f"{len(leaks)}", f"{asked} queries", "", "0", not leaks, {"leaks": leaks})
    )
    told = f"BM25: {whole.unjudged:.3f}; titles alone: {titles.unjudged:.3f}"
    met = ours.unjudged <= UNJUDGED
    found.append(Figure("unjudged among the first ten", f"{ours.unjudged:.3f}", told, "", f"≤ {UNJUDGED}", met))
    kappa, pairs = judged.agreement()
    about = f"{pairs:,} pairs read twice by the same judge"
    found.append(Figure("weighted κ of two readings", f"{kappa:.3f}", about, raw={"kappa": kappa}))
    return found


def _rate(name: str, three: Sequence[Sequence[float]], at_least: float | None) -> Figure:
    """The mean with its bounds; a target is held against the mean."""
    ours, whole, titles = (mean(values) for values in three)
    low, high = interval(three[0])
    here = f"{ours:.3f} [{low:.3f}, {high:.3f}]"
    against = f"BM25: {whole:.3f}; titles alone: {titles:.3f}; {len(three[0])} queries"
    target, met = (f"≥ {at_least}", ours >= at_least) if at_least else ("", None)
    return Figure(name, here, against, f"{ours / whole:.2f}" if whole else "", target, met, {"value": ours})


async def _gates() -> dict[str, dict[str, object]]:
    """Of the demo city alone; and of everything, where the others' documents are."""
    async with halls.a_hall_with(iter(()), demo=True):
        told = {"demo": (await both_ends(judged.queries(of_the_demo=True)))[0].told()}
        if DATA.exists():
            shelf.fill(shelf.a_city())
            await halls.anew()
            told["whole"] = (await both_ends(judged.queries()))[0].told()
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_gates()), ensure_ascii=False))
