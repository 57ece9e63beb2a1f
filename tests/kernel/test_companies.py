"""A company is registered by somebody known, has several users, and whoever acts for it is named beside it."""

from datetime import timedelta

import pytest

from hotline.tickets import actions as tickets
from hotline.tickets import forms, queries
from hotline.tickets.models import Ticket
from kernel.citizens.levels import Level, NotVerified
from kernel.citizens.models import Profile
from kernel.companies import actions
from kernel.companies import queries as companies
from kernel.companies.actions import AlreadyThere, OwnerStays
from kernel.companies.forms import Claim, Invite, NewCompany
from kernel.companies.models import Company, Invitation
from kernel.errors import FormRejected, NotAllowed, NotFound, TooMany
from kernel.inbox.models import Message
from kernel.messages.models import Outgoing
from kernel.models import Entry
from kernel.people.models import Account
from kernel.people.queries import actor_of
from kernel.permissions import Actor
from kernel.settings import settings
from kernel.upkeep.keeping import KEPT
from tests.factories import CITY, NOW
from tests.kernel.test_registering import CLERK, OTHER, PHONE, a_citizen, sent

pytestmark = pytest.mark.usefixtures("database")
USCC = "91110000600037341L"
FACTS = NewCompany.check({"uscc": USCC, "name": "云谷建设有限公司"})


async def known(phone: str = PHONE) -> Actor:
    account = await a_citizen(phone)
    await Profile.filter(account_id=account.id).update(level=int(Level.IN_PERSON))
    return await actor_of(account, NOW)


async def acting(actor: Actor, company: Company | None) -> Actor:
    account = await Account.get(id=actor.id)
    return await actor_of(account, NOW, acting_for=company.id if company else None)


async def joined(company: Company, owner: Actor, phone: str = OTHER) -> Actor:
    guest = await known(phone)
    code = await actions.invite(company.id, Invite.check({"phone": phone}), by=owner, at=NOW)
    await actions.join(code, by=guest, at=NOW)
    return guest


async def test_only_a_verified_citizen_registers_a_company_and_becomes_its_owner() -> None:
    stranger = await actor_of(await a_citizen(OTHER), NOW)
    with pytest.raises(NotVerified):
        await actions.register(FACTS, by=stranger, at=NOW)
    owner = await known()
    company = await actions.register(FACTS, by=owner, at=NOW)
    assert [(one.account_id, one.part.value) for one in await companies.members(company.id)] == [(owner.id, "owner")]


async def test_the_same_code_twice_is_led_to_the_window_where_who_proves_it_takes_over() -> None:
    owner, other = await known(), await known(OTHER)
    company = await actions.register(FACTS, by=owner, at=NOW)
    with pytest.raises(AlreadyThere, match="窗口认领"):
        await actions.register(FACTS, by=other, at=NOW)
    claim = Claim.check({"uscc": USCC, "phone": OTHER, "licence": "营业执照原件"})
    with pytest.raises(NotAllowed):
        await actions.claim(claim, by=other, proved_at=NOW, at=NOW)
    await actions.claim(claim, by=CLERK, proved_at=NOW, at=NOW)

    assert [one.account_id for one in await companies.members(company.id)] == [other.id]
    assert (await acting(owner, company)).on_behalf == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [("91110000600037341M", "不正确"), ("9111000060003734IL", "没有“I”"), ("911100006000", "18 位")],
)
def test_a_credit_code_with_a_slip_of_the_pen_is_refused(typed: str, said: str) -> None:
    with pytest.raises(FormRejected) as refused:
        NewCompany.check({"uscc": typed, "name": "云谷建设有限公司"})
    assert said in refused.value.fields["uscc"]


async def test_an_invitation_serves_the_invited_number_once_within_seven_days() -> None:
    owner, guest = await known(), await known(OTHER)
    third = await known("13900003333")
    company = await actions.register(FACTS, by=owner, at=NOW)
    code = await actions.invite(company.id, Invite.check({"phone": OTHER}), by=owner, at=NOW)
    assert "邀请" in (await Message.get(account_id=guest.id)).title
    with pytest.raises(FormRejected):
        await actions.join(code, by=third, at=NOW)
    with pytest.raises(FormRejected):
        await actions.join(code, by=guest, at=NOW + timedelta(days=7))
    await actions.join(code.lower().replace("-", " "), by=guest, at=NOW)
    with pytest.raises(FormRejected):
        await actions.join(code, by=guest, at=NOW)


async def test_a_ticket_filed_for_a_company_is_the_companys_and_its_journal_names_both() -> None:
    owner = await known()
    company = await actions.register(FACTS, by=owner, at=NOW)
    actor = await acting(owner, company)
    facts = forms.Register.check(
        {"type": "help", "title": "工地门口停水", "content": "工地门口停水一天。", "channel": "web"}
    )
    ticket, _ = await tickets.register(facts, no=await tickets.draw_number(NOW), region=CITY, by=actor, at=NOW)

    entry = await Entry.get(subject=ticket.ref, seq=1)
    assert (entry.actor_id, entry.facts["_for"]) == (owner.id, company.account_id)
    assert ticket.owner_id == company.account_id
    assert await queries.visible_to(owner).count() == 0
    colleague = await joined(company, owner)
    assert [one.no for one in await queries.visible_to(await acting(colleague, company))] == [ticket.no]
    assert await Ticket.all().count() == 1


async def test_who_was_removed_acts_for_it_no_longer_and_the_owner_stays_until_handed_over() -> None:
    owner = await known()
    company = await actions.register(FACTS, by=owner, at=NOW)
    colleague = await joined(company, owner)
    first, second = await companies.members(company.id)
    with pytest.raises(OwnerStays):
        await actions.remove(company.id, first.id, by=owner, at=NOW)
    with pytest.raises(NotFound):
        await actions.hand_over(company.id, second.id, by=colleague, at=NOW)
    await actions.hand_over(company.id, second.id, by=owner, at=NOW)
    await actions.remove(company.id, first.id, by=colleague, at=NOW)

    assert (await acting(owner, company)).on_behalf == 0
    assert (await acting(colleague, company)).on_behalf == company.account_id
    with pytest.raises(NotFound):
        await companies.membership(owner, company.id)


async def test_who_is_invited_is_told_by_sms_without_a_name_and_five_times_an_hour_at_most() -> None:
    owner = await known()
    company = await actions.register(FACTS, by=owner, at=NOW)
    code = await actions.invite(company.id, Invite.check({"phone": OTHER}), by=owner, at=NOW)
    told = await sent(OTHER)
    assert "邀请" in told
    assert len(told) <= 60, "one part, with the hall's name before it"
    assert not [word for word in ("云谷", code, "张", USCC, PHONE) if word in told]
    for _ in range(4):
        await actions.invite(company.id, Invite.check({"phone": OTHER}), by=owner, at=NOW)
    with pytest.raises(TooMany):
        await actions.invite(company.id, Invite.check({"phone": OTHER}), by=owner, at=NOW)


async def test_a_hall_in_public_without_a_gateway_sends_nothing_and_invites_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = await known()
    company = await actions.register(FACTS, by=owner, at=NOW)
    monkeypatch.setattr(settings(), "public_url", "https://hall.example.gov.cn")
    assert await actions.invite(company.id, Invite.check({"phone": OTHER}), by=owner, at=NOW)
    assert not await Outgoing.filter(template="company_invited").exists()


async def test_an_invitation_that_ran_out_a_month_ago_is_gone_with_its_number() -> None:
    owner = await known()
    company = await actions.register(FACTS, by=owner, at=NOW)
    await actions.invite(company.id, Invite.check({"phone": OTHER}), by=owner, at=NOW)
    kept = next(one for one in KEPT if one.name == "invitations")
    assert kept.clear is not None
    assert kept.period is not None
    assert await kept.clear(NOW + timedelta(days=36) - kept.period, 100) == 0
    assert await kept.clear(NOW + timedelta(days=38) - kept.period, 100) == 1
    assert not await Invitation.all().exists()
