"""The verbs of cards. The machine's way in is `fire`, called for an alarm."""

from datetime import datetime
from typing import Any, Unpack

from kernel import kinds, numbering
from kernel.citytime import CITY
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.models import Thing
from kernel.notices import actions as notices
from kernel.notices.rules import NoSign
from kernel.people.models import Organisation
from kernel.permissions import SYSTEM, Clearance
from oversight.cards import forms, queries
from oversight.cards.models import Card
from oversight.documents import URGE
from oversight.ladder import queries as ladder
from oversight.ladder.models import Level, Rule
from oversight.ladder.words import said_span, said_step


async def fire(rule: Rule, thing: Thing, step: str, span: int, *, at: datetime) -> Card | None:
    """The card that this alarm brings, in the caller's transaction; none when that clock has brought it already.

    A 催办通知书 for which no unit with a sign and a supervisor is found waits for a person, as a red card does."""
    if await queries.fired(thing.ref, step, span, rule.code):
        return None
    secret = await thing.sensitivity() is Clearance.CONFIDENTIAL
    path, no = await thing.scope_path(), await _number(at)
    card = Card(no=no, region_path=thing.region_path, secret=secret)
    office = await queries.issuing(thing.region_path) if rule.level is Level.URGE_NOTICE else None
    told: dict[str, Any] = {
        "rule": rule.code, "rule_version": rule.version, "level": rule.level.value, "about": thing.ref,
        "step": step, "span": span, "org_path": path,
    }  # fmt: skip
    waits = not rule.auto or (rule.level is Level.URGE_NOTICE and office is None)
    await move(card, "propose" if waits else "give", forms.Fired(**told), by=SYSTEM, at=at, version=0)
    return await _numbered(card, office, at) if office else card


async def issue(card: Card, facts: Nothing, **way: Unpack[Way]) -> Card:
    """Raises NoSign when a 催办通知书 has no unit to go out from."""
    async with transaction():
        await move(card, "issue", facts, **way)
        if card.level is Level.URGE_NOTICE:
            office = await queries.issuing(card.region_path)
            if office is None:
                raise NoSign(org="发出单位")
            await _numbered(card, office, way["at"])
    return card


async def number(card: Card, facts: forms.Numbered, **way: Unpack[Way]) -> Card:
    return await move(card, "number", facts, **way)


async def dismiss(card: Card, facts: forms.Reason, **way: Unpack[Way]) -> Card:
    return await move(card, "dismiss", facts, **way)


async def reply(card: Card, facts: forms.Reply, **way: Unpack[Way]) -> Card:
    return await move(card, "reply", facts, **way)


async def appeal(card: Card, facts: forms.Appeal, **way: Unpack[Way]) -> Card:
    return await move(card, "appeal", facts, **way)


async def uphold(card: Card, facts: forms.Reason, **way: Unpack[Way]) -> Card:
    return await move(card, "uphold", facts, **way)


async def revoke(card: Card, facts: forms.Reason, **way: Unpack[Way]) -> Card:
    return await move(card, "revoke", facts, **way)


CARD_VERBS = verbs(issue, number, dismiss, reply, appeal, uphold, revoke)


async def _number(at: datetime) -> str:
    """Without gaps: a card that was refused doesn't exist."""
    return numbering.numbered(f"{Card.prefix}-{at.astimezone(CITY):%Y}", await numbering.legal("card", at))


async def _numbered(card: Card, office: Organisation, at: datetime) -> Card:
    """The numbered document about a card, drafted in the name of `office`; sealing it is a person's work."""
    kind, no = kinds.kind_of(card.about)
    thing, rule = await kind.load(no), await ladder.version_of(card.rule, card.rule_version)
    matter = "保密事项" if card.secret else await queries.called(thing)  # nobody is asked for a clearance there
    values = {
        "unit": (await queries.names({card.org_path}))[card.org_path], "matter": matter[:100], "no": no,
        "step": said_step(card.step), "reply": said_span(rule.reply),
    }  # fmt: skip
    notice = await notices.draft(URGE.code, card.ref, values, org=office, by=SYSTEM, at=at)
    return await number(card, forms.Numbered(doc_no=notice.no), by=SYSTEM, at=at, version=card.version)
