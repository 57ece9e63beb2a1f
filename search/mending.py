"""您是不是要找: a question spelled as public titles spell it, from public titles alone, whoever asks."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from kernel.permissions import ANONYMOUS
from search import analysis, asking, pinyin
from search.asking import Question
from search.engine import Part, SearchEngine, Sort
from search.query import Every
from search.records import read
from search.trimming import filter_for

TITLES_MAX = 20
HOMOPHONE_MIN, SLIP_MIN = 2, 4  # signs of a word that may sound alike, or have one sign wrong


async def did_you_mean(engine: SearchEngine, question: Question) -> str:
    """Empty: every word stands so in some public title, or none is near. Raises EngineAwayError."""
    loose = asking.looser(question) or question
    wide = await asyncio.to_thread(asking.by_sound, loose) or loose
    tree = Every((wide.tree,), within=(filter_for(ANONYMOUS, Part.PUBLIC),))
    found = await engine.find(Part.PUBLIC, tree, sort=Sort.BEST, start=0, limit=TITLES_MAX)
    seen = await read([hit.key for hit in found.hits])
    at = datetime.now(UTC)
    titles = [document.title for hit in found.hits if (document := seen[hit.key].public) and document.visible_at(at)]
    return await asyncio.to_thread(mended, question.words, titles, question.vocabulary.readings)


def mended(words: Sequence[str], titles: Sequence[str], readings: pinyin.Readings) -> str:
    runs = ["".join(run.parts) for title in titles for run in analysis.runs(title)]
    better = [_mended(word, runs, readings) for word in words]
    return " ".join(better) if better != [*words] else ""


def _mended(word: str, runs: Sequence[str], readings: pinyin.Readings) -> str:
    if len(word) < HOMOPHONE_MIN or word.isascii() or any(word in run for run in runs):
        return word
    sound = pinyin.syllables(word, readings)
    for run in runs:
        said = pinyin.syllables(run, readings)
        for at in range(len(run) - len(word) + 1):
            if said[at : at + len(word)] == sound:
                return run[at : at + len(word)]
    return next(_slips(word, runs), word)


def _slips(word: str, runs: Sequence[str]) -> Iterator[str]:
    """Pieces of titles that differ from the word in one sign."""
    if len(word) < SLIP_MIN:
        return
    for run in runs:
        for at in range(len(run) - len(word) + 1):
            piece = run[at : at + len(word)]
            if sum(one != two for one, two in zip(word, piece, strict=True)) == 1:
                yield piece
