"""类似的办结工单: how the same was answered before. By the pairs of characters that the suggestions go by, each find
with the pairs that spoke for it; only from what this person may open, and never from what is confidential."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import log, sqrt

from hotline.suggestions.learning import as_learned, grams
from hotline.tickets import queries
from hotline.tickets.disclosure import redacted
from hotline.tickets.models import Ticket
from kernel.permissions import Actor

Weigh = Callable[[str], float]
POOL_MAX = 120  # the newest of these categories, compared by their titles
READ_MAX = 8  # whose texts are opened
SHOWN_MAX = 3
TITLES_KEPT = 5_000
LIKENESS_MIN = 0.12
PAIRS_MIN = 2  # one pair in common is chance
WORDS_MAX = 4
ANSWER_CHARS = 160


@dataclass(frozen=True, slots=True)
class Alike:
    """One closed ticket, who answered what, and why it is shown; `p` is the cosine of the two texts, 0 to 1."""

    no: str
    title: str
    closed_at: datetime | None
    agency: str
    answer: str
    words: tuple[str, ...]
    p: float


async def alike(actor: Actor, title: str, content: str, categories: Collection[str], *, but: int = 0) -> list[Alike]:
    """The likest first; nothing where no category is known or guessed."""
    if not categories:
        return []
    pool = await queries.closed_under(actor, categories, but=but, limit=POOL_MAX)
    asked = pairs(as_learned(title, content))
    titles = {row: _of_title(one) for row, one in pool}
    weigh = _weigher([*titles.values()])
    by_title = {row: likeness(asked, one, weigh)[0] for row, one in titles.items()}
    near = await queries.in_rows(sorted(by_title, key=lambda row: -by_title[row])[:READ_MAX])
    texts = await queries.contents(near)
    found = []
    for one in near:
        p, words = likeness(asked, pairs(as_learned(one.title, texts.get(one.ref, ""))), weigh)
        if p >= LIKENESS_MIN and len(words) >= PAIRS_MIN:
            found.append((p, one, words))
    found.sort(key=lambda told: (-told[0], -told[1].id))
    return await _told(actor, found[:SHOWN_MAX])


@lru_cache(TITLES_KEPT)
def _of_title(title: str) -> Counter[str]:
    """The same titles are compared with every ticket of their category."""
    return pairs(title)


def pairs(text: str) -> Counter[str]:
    """Two letters of the text side by side; signs and single letters say nothing."""
    return Counter({gram: times for gram, times in grams(text).items() if len(gram) == 2 and gram.isalnum()})


def likeness(asked: Counter[str], other: Counter[str], weigh: Weigh) -> tuple[float, tuple[str, ...]]:
    """The cosine over pairs weighed by how rare they are in the pool, and the pairs in common, the rarest first."""
    both = asked.keys() & other.keys()
    lengths = [sqrt(sum(weigh(pair) ** 2 for pair in one)) for one in (asked, other)]
    if not both or not all(lengths):
        return 0.0, ()
    shared = sum(weigh(pair) ** 2 for pair in both)
    return shared / (lengths[0] * lengths[1]), tuple(sorted(both, key=lambda pair: (-weigh(pair), pair)))


def _weigher(titles: Sequence[Counter[str]]) -> Weigh:
    """A pair that no title of the pool has weighs as much as the rarest that one has."""
    seen = Counter(pair for title in titles for pair in title)
    rarity = {pair: log((1 + len(titles)) / (1 + times)) + 1 for pair, times in seen.items()}
    usual = max(rarity.values(), default=1.0)
    return lambda pair: rarity.get(pair, usual)


async def _told(actor: Actor, found: Sequence[tuple[float, Ticket, tuple[str, ...]]]) -> list[Alike]:
    """Only answers of assignments that this person sees; without anybody's numbers."""
    answers = await queries.answers_seen(actor, [one for _, one, _ in found])
    told = []
    for p, one, words in found:
        agency, answer = answers.get(one.id, ("", ""))
        shown = redacted(answer)
        shown = shown if len(shown) <= ANSWER_CHARS else f"{shown[:ANSWER_CHARS]}……"
        told.append(Alike(one.no, one.title, one.closed_at, agency, shown, words[:WORDS_MAX], round(p, 3)))
    return told
