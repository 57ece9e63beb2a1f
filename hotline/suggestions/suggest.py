"""Suggestions of a hall that has learned nothing yet: the words of its own category tree, said with their reason."""

from dataclasses import dataclass

from hotline.categories import queries as categories
from hotline.suggestions.forms import Wanted
from hotline.tickets import queries
from hotline.tickets.models import Ticket
from hotline.tickets.rules import phone_index
from kernel.journal import clear
from kernel.people.queries import active_organisations
from kernel.permissions import Actor

TOP = 3
TITLE_WEIGHT = 3  # a word in the title says more than one in the text


@dataclass(frozen=True, slots=True)
class Guess:
    """One category that fits: its share of all the words found (parts in a thousand), and which they were."""

    code: str
    name: str
    agency: str | None
    permille: int
    words: tuple[str, ...]


async def for_ticket(ticket: Ticket, content: str, *, by: Actor) -> dict[str, object]:
    same = await queries.similar(by, ticket.title, ticket.phone_index, but=ticket.id)
    return await _shown(await _guesses(ticket.title, content), same)


async def for_text(wanted: Wanted, *, by: Actor) -> dict[str, object]:
    title, content = str(clear(wanted.title)), str(clear(wanted.content))
    index = phone_index(str(clear(wanted.phone))) if wanted.phone else None
    return await _shown(await _guesses(title, content), await queries.similar(by, title, index))


async def _guesses(title: str, content: str) -> list[Guess]:
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


async def _shown(guesses: list[Guess], same: list[Ticket]) -> dict[str, object]:
    known = await active_organisations([guess.agency for guess in guesses if guess.agency])
    agencies: dict[str, dict[str, object]] = {}
    for guess in guesses:
        if guess.agency in known and guess.agency not in agencies:
            agencies[guess.agency] = {
                "code": guess.agency, "name": known[guess.agency].name, "p": guess.permille / 1000,
                "reason": f"分类表：{guess.name}",
            }  # fmt: skip
    return {
        "categories": [
            {"code": g.code, "name": g.name, "p": g.permille / 1000, "words": list(g.words)} for g in guesses
        ],
        "agencies": list(agencies.values()),
        "duplicates": [{"no": other.no, "title": other.title, "state_label": other.state.label} for other in same],
    }
