"""Suggestions while somebody types: by what closed tickets taught where that proved better, else by the words of the
category tree. Each says its reason; nothing is ever done by them alone."""

from datetime import datetime
from typing import cast

from hotline.categories import queries as categories
from hotline.dispatching import queries as dispatching
from hotline.suggestions import duplicates, rules
from hotline.suggestions.alike import alike
from hotline.suggestions.duplicates import Told
from hotline.suggestions.forms import Wanted
from hotline.suggestions.kept import Subject, kept
from hotline.suggestions.learning import Opinion, as_learned
from hotline.suggestions.rules import TOP, Guess
from hotline.tickets.models import Ticket
from hotline.tickets.rules import phone_index
from kernel.journal import clear
from kernel.people.queries import active_organisations
from kernel.permissions import Actor

Guessed = tuple[list[Guess], bool]


async def for_ticket(ticket: Ticket, content: str, *, by: Actor, at: datetime) -> dict[str, object]:
    """What a program hears that has just registered it."""
    shown = await for_dispatch(ticket, content)
    told = Told(ticket.title, content, ticket.phone_index, ticket.area_code, but=ticket.id)
    return shown | await _duplicates(told, by, at)


async def for_dispatch(ticket: Ticket, content: str, guessed: Guessed | None = None) -> dict[str, object]:
    """Categories and agencies, what a rule says first. `guessed`: where somebody has guessed already."""
    shown = await _shown(ticket.title, content, guessed)
    rule = await dispatching.rule_for(ticket.category, ticket.area_code)
    ruled = await active_organisations([rule.agency]) if rule else {}
    if rule and rule.agency in ruled:
        others = [one for one in cast("list[dict[str, object]]", shown["agencies"]) if one["code"] != rule.agency]
        first = {
            "code": rule.agency, "name": ruled[rule.agency].name, "p": 1.0, "words": [],
            "reason": f"派单规则：{rule.basis}", "learned": False,
        }  # fmt: skip
        shown["agencies"] = [first, *others]
    return shown


async def for_text(wanted: Wanted, *, by: Actor, at: datetime) -> dict[str, object]:
    title, content = str(clear(wanted.title)), str(clear(wanted.content))
    index = phone_index(str(clear(wanted.phone))) if wanted.phone else None
    area = wanted.place.area_code if wanted.place else None
    shown = await _shown(title, content)
    codes = [str(one["code"]) for one in cast("list[dict[str, object]]", shown["categories"])]
    same = await _duplicates(Told(title, content, index, area), by, at)
    answered = [
        {"no": one.no, "title": one.title, "agency": one.agency, "answer": one.answer, "words": list(one.words),
         "p": one.p}
        for one in await alike(by, title, content, codes)
    ]  # fmt: skip
    return shown | same | {"answered": answered}


async def _duplicates(told: Told, by: Actor, at: datetime) -> dict[str, object]:
    same = await duplicates.candidates(told, by=by, at=at)
    return {"duplicates": [{"no": other.no, "title": other.title, "state_label": other.state.label} for other in same]}


async def _shown(title: str, content: str, guessed: Guessed | None = None) -> dict[str, object]:
    guesses, learned = guessed or await guess(title, content)
    return {
        "categories": [
            {"code": g.code, "name": g.name, "p": g.permille / 1000, "words": list(g.words), "learned": learned}
            for g in guesses
        ],
        "agencies": await _learned_agencies(title, content) or await _agencies_of(guesses),
    }


async def guess(title: str, content: str) -> Guessed:
    """Categories, the likeliest first, and whether closed tickets taught them."""
    if learned := await _learned_categories(title, content):
        return learned, True
    return await rules.by_words(title, content), False


async def _learned_categories(title: str, content: str) -> list[Guess]:
    """Those still in use."""
    leaves = {leaf.code: leaf for leaf in await categories.leaves()}
    found = [
        (leaves[one.label], one) for one in await _opinions(Subject.CATEGORY, title, content) if one.label in leaves
    ]
    return [Guess(leaf.code, leaf.path_name, leaf.agency, round(1000 * one.p), one.words) for leaf, one in found]


async def _learned_agencies(title: str, content: str) -> list[dict[str, object]]:
    opinions = await _opinions(Subject.AGENCY, title, content)
    known = await active_organisations([one.label for one in opinions])
    return [
        {
            "code": one.label, "name": known[one.label].name, "p": round(one.p, 3), "words": list(one.words),
            "reason": f"同类办结工单由其承办：{''.join(f'“{word}”' for word in one.words)}", "learned": True,
        }
        for one in opinions if one.label in known
    ]  # fmt: skip


async def _opinions(subject: Subject, title: str, content: str) -> list[Opinion]:
    """Only with a word that spoke for it: a bare frequency is no reason."""
    found = await kept(subject)
    if found is None or not found.description.better:
        return []
    return [one for one in found.model.opinions(as_learned(title, content), TOP) if one.words]


async def _agencies_of(guesses: list[Guess]) -> list[dict[str, object]]:
    """Of the categories, as the tree says."""
    known = await active_organisations([guess.agency for guess in guesses if guess.agency])
    agencies: dict[str, dict[str, object]] = {}
    for guess in guesses:
        if guess.agency in known and guess.agency not in agencies:
            agencies[guess.agency] = {
                "code": guess.agency, "name": known[guess.agency].name, "p": guess.permille / 1000,
                "words": list(guess.words), "reason": f"分类表：{guess.name}", "learned": False,
            }  # fmt: skip
    return list(agencies.values())
