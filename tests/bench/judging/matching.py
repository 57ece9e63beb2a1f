"""Real texts that belong together: does asking with the one find the other? Each lot stands alone on the shelf."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kernel.searchable import Document
from tests.bench.judging import halls, shelf
from tests.bench.judging.measures import interval, mean, ndcg, reciprocal_rank
from tests.bench.judging.plain import Plain
from tests.bench.measuring import Figure, Scale
from tests.conftest import shared_data

SOME = 150  # pairs, for a look
QUOTED = re.compile('[“"《‘「][^”"》’」]{0,80}[”"》’」]')
SIGNS_MAX = 200  # of a question, as the page takes it
LABELLED_MIN = 2


async def measure(scale: Scale, found: list[Figure]) -> None:
    most = SOME if scale.rounds == 1 else None
    found.append(await _pairs("title → its own reply, MRR@10", dict(_replies()), most))
    found.append(await _pairs("question → its answer, traditional script, MRR@10", dict(_answers()), most))
    found.append(await _judged_titles(most))


def _replies() -> Iterator[tuple[str, tuple[str, str]]]:
    """By number: the title as asked, and the reply without what it quotes, the title above all."""
    with shared_data("hotline_labelled", "replies_dev.csv").open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            title = row["title"].strip()
            yield f"{number}", (title, QUOTED.sub(" ", row["reply"].replace(title, " ")))


def _answers() -> Iterator[tuple[str, tuple[str, str]]]:
    return ((no, (asked, answered)) for no, asked, answered, _ in shelf.faq() if answered)


async def _pairs(name: str, pairs: Mapping[str, tuple[str, str]], most: int | None) -> Figure:
    """Every text is on the shelf, without a title of its own; the first `most` are asked for."""
    shelf.fill(shelf.plain_document(shelf.TEXT, no, "", text) for no, (_, text) in pairs.items())
    await halls.anew()
    plain = Plain((f"{shelf.TEXT}:{no}", text) for no, (_, text) in pairs.items())
    ours, theirs = list[float](), list[float]()
    for no, (question, _) in list(pairs.items())[:most]:
        wanted, asked = {f"{shelf.TEXT}:{no}"}, question[:SIGNS_MAX]
        ours.append(reciprocal_rank(await halls.asked(asked), wanted))
        theirs.append(reciprocal_rank(plain.ranked(asked), wanted))
    return _figure(name, ours, theirs, f"{len(ours):,} of {len(pairs):,}")


async def _judged_titles(most: int | None) -> Figure:
    """Pages that users of a web engine were shown, 0 to 2: those of one query are put in order."""
    given: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for line in shared_data("search", "qbqtc", "dev.json").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        given[row["query"]].append((row["title"], int(row["label"])))
    several = {query: titles for query, titles in given.items() if len({grade for _, grade in titles}) >= LABELLED_MIN}
    asked = list(several.items())[:most]
    shelf.fill(_titles(asked))
    await halls.anew()
    ours, theirs = list[float](), list[float]()
    for number, (query, titles) in enumerate(asked):
        grades = {f"{shelf.TEXT}:{number}-{n}": grade for n, (_, grade) in enumerate(titles)}
        plain = Plain(zip(grades, (title for title, _ in titles), strict=True))
        found = await halls.asked(query[:SIGNS_MAX], limit=100)
        ours.append(_order(found, grades))
        theirs.append(_order(plain.ranked(query), grades))
    return _figure("query → judged titles, nDCG", ours, theirs, f"{len(asked):,} queries with titles of several grades")


def _titles(asked: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> Iterator[Document]:
    for number, (_, titles) in enumerate(asked):
        for n, (title, _) in enumerate(titles):
            yield shelf.plain_document(shelf.TEXT, f"{number}-{n}", title, "")


def _order(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Other queries' titles are nobody's error here; what wasn't found comes last, the worst first."""
    there = [key for key in found if key in grades]
    missed = sorted(grades.keys() - {*there}, key=lambda key: grades[key])
    return ndcg([*there, *missed], grades) or 0.0


def _figure(name: str, ours: Sequence[float], theirs: Sequence[float], about: str) -> Figure:
    here, there, (low, high) = mean(ours), mean(theirs), interval(ours)
    return Figure(
        name, f"{here:.3f} [{low:.3f}, {high:.3f}]", f"BM25 over pairs: {there:.3f}; {about}", f"{here / there:.2f}",
        "> 1.00", here > there, {"ours": here, "plain": there},
    )  # fmt: skip
