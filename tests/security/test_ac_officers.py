"""AC05, AC10 with delegates: nobody does by another's hand what they may not do by their own."""

from datetime import timedelta

import pytest

from hotline.tickets import actions as tickets
from kernel.errors import OwnWork
from kernel.lifecycle import Nothing
from kernel.models import Entry
from kernel.officers import actions
from kernel.officers.forms import Leave, SetPost
from kernel.people import granting
from kernel.people.models import Account, Grant
from kernel.permissions import SYSTEM, Actor
from tests import factories as f
from tests.officers import NOW, TODAY, acting, hire, lend

pytestmark = pytest.mark.usefixtures("database")
HANDLED = ("handler", "delegate", "substitute")
REVIEWS = ("stranger", "handler", "delegate", "lent by the handler", "lent to the handler", "lent to the delegate")
FREE = {("handler", "stranger"), ("delegate", "stranger"), ("substitute", "stranger"), ("handler", "delegate"),
        ("handler", "lent to the delegate")}  # fmt: skip


async def crew() -> dict[str, Account]:
    """H handles, D is lent to by H or is the B of H's post, R reviews, S is anybody."""
    people_of = {name: await hire(name) for name in ("h", "d", "r", "s")}
    await granting.give(people_of["h"], "handler", f.CITY, by=SYSTEM, at=NOW)
    await granting.give(people_of["r"], "reviewer", f.CITY, by=SYSTEM, at=NOW)
    return people_of


@pytest.mark.parametrize("handled", HANDLED)
@pytest.mark.parametrize("reviews", REVIEWS)
async def test_ac05_who_handled_reviews_neither_by_their_own_nor_by_anothers_hand(handled: str, reviews: str) -> None:
    who = await crew()
    ticket = await f.a_ticket_in("hand")
    share = await f.share_of(ticket)
    if handled == "delegate":
        await lend(who["h"], who["d"])
    if handled == "substitute":
        head = await acting(await hire("lead", "manager"))
        await actions.set_post(SetPost(name="承办岗", a="h", b="d", role="handler"), by=head, at=NOW)
        await actions.leave(Leave(username="h", starts=TODAY, ends=TODAY, reason="休假"), by=head, at=NOW)
    by = await acting(who["h"] if handled == "handler" else who["d"])
    await tickets.contact(share, f.CONTACT, **f.way(share, by))
    await tickets.reply(share, f.REPLY, **f.way(share, by))
    await ticket.refresh_from_db()
    reviewer = await _reviewer(who, reviews)
    if (handled, reviews) in FREE:
        await tickets.review(ticket, f.PASS, **f.way(ticket, reviewer))
        assert ticket.state == "visit"
    else:
        with pytest.raises(OwnWork):
            await tickets.review(ticket, f.PASS, **f.way(ticket, reviewer))


async def _reviewer(who: dict[str, Account], reviews: str) -> Actor:
    """Somebody who may review, by a grant or by what somebody lent."""
    match reviews:
        case "stranger":
            return await acting(who["r"])
        case "handler" | "delegate":
            account = who["h" if reviews == "handler" else "d"]
            await granting.give(account, "reviewer", f.CITY, by=SYSTEM, at=NOW)
            return await acting(account)
        case "lent by the handler":
            await granting.give(who["h"], "reviewer", f.CITY, by=SYSTEM, at=NOW)
            await lend(who["h"], who["s"], role="reviewer")
            return await acting(who["s"])
    taker = who["h" if reviews == "lent to the handler" else "d"]
    await lend(who["r"], taker, role="reviewer")
    return await acting(taker)


async def test_ac10_after_its_end_a_delegation_opens_nothing_and_the_journal_keeps_who_stood_for_whom() -> None:
    giver, taker = await hire("he", "liaison", "SW", f.WATER_PATH), await hire("ma", "", "SW")
    given = await lend(giver, taker)
    share = await f.share_of(await f.a_dispatched_ticket())
    late = await acting(taker, given.ends_at + timedelta(seconds=1))
    assert not await share.may(share.moves["sign"].permission, late)
    await tickets.sign(share, Nothing(), **f.way(share, await acting(taker)))
    entry = await Entry.get(subject=share.ref, move="sign")
    assert entry.facts["_on_behalf_of"] == giver.id
    assert await Grant.filter(account_id=taker.id).count() == 0
