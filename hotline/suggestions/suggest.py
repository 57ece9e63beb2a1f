"""Suggestions of a hall that has learned nothing yet: the words of its own category tree, said with their reason."""

from dataclasses import dataclass

from hotline.categories import queries as categories
from hotline.suggestions.forms import Wanted
from hotline.tickets import queries
from hotline.tickets.models import Ticket
from hotline.tickets.rules import phone_index
from kernel.journal import clear
from kernel.people.queries import active_organisation
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
    guesses = await _guesses(ticket.title, content)
    same = [
        other
        for other in await queries.similar(ticket.title, ticket.phone_index, but=ticket.id)
        if await _seen(by, other)
    ]
    return await _shown(guesses, same)


async def for_text(wanted: Wanted, *, by: Actor) -> dict[str, object]:
    title, content = str(clear(wanted.title)), str(clear(wanted.content))
    index = phone_index(str(clear(wanted.phone))) if wanted.phone else None
    same = [other for other in await queries.similar(title, index) if await _seen(by, other)]
    return await _shown(await _guesses(title, content), same)


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
    agencies: dict[str, dict[str, object]] = {}
    for guess in guesses:
        org = await active_organisation(guess.agency) if guess.agency and guess.agency not in agencies else None
        if org is not None:
            agencies[org.code] = {
                "code": org.code, "name": org.name, "p": guess.permille / 1000, "reason": f"分类表：{guess.name}"
            }  # fmt: skip
    return {
        "categories": [
            {"code": g.code, "name": g.name, "p": g.permille / 1000, "words": list(g.words)} for g in guesses
        ],
        "agencies": list(agencies.values()),
        "duplicates": [{"no": other.no, "title": other.title, "state_label": other.state.label} for other in same],
    }


async def _seen(actor: Actor, ticket: Ticket) -> bool:
    return await queries.visible_to(actor).filter(id=ticket.id).exists()
