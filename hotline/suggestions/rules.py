"""What a hall knows before it has learned anything: the words of its own category tree. And when nobody is helped
along by a suggestion."""

from dataclasses import dataclass

from hotline.categories import queries as categories
from hotline.tickets.forms import Secrecy, Urgency
from hotline.tickets.models import Ticket

TOP = 3
TITLE_WEIGHT = 3  # a word in the title says more than one in the text


@dataclass(frozen=True, slots=True)
class Guess:
    """One category that fits: how likely, or its share of all the words found (parts in a thousand), and the words."""

    code: str
    name: str
    agency: str | None
    permille: int
    words: tuple[str, ...]


async def by_words(title: str, content: str) -> list[Guess]:
    """The likeliest first."""
    scored: list[tuple[int, tuple[str, ...], categories.Leaf]] = []
    for leaf in await categories.leaves():
        words = tuple(word for word in leaf.words if word in title or word in content)
        score = sum(len(word) * (TITLE_WEIGHT if word in title else 1) for word in words)
        if score:
            scored.append((score, words, leaf))
    scored.sort(key=lambda found: (-found[0], found[2].code))
    total = sum(score for score, _, _ in scored)
    return [
        Guess(leaf.code, leaf.path_name, leaf.agency, 1000 * score // total, words)
        for score, words, leaf in scored[:TOP]
    ]


def may_be_filled_in(ticket: Ticket) -> bool:
    """Whether the likeliest agency stands in the form before anybody chose it: never for 紧急, 特急 and 保密."""
    return ticket.urgency is Urgency.NORMAL and ticket.secrecy is not Secrecy.CONFIDENTIAL
