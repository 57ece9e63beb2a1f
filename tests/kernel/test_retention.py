"""What is past its time is gone, the chain holds, and what is younger stays."""

from datetime import timedelta

import pytest

from hotline.tickets import actions as tickets
from hotline.tickets import queries
from hotline.tickets.keeping import CONTACT_KEPT
from kernel import journal, verify
from kernel.journal import Sealed
from kernel.messages import contacts
from kernel.messages.models import Contact
from kernel.owndata import actions
from kernel.owndata import queries as own
from kernel.owndata.forms import Answer, Ask, Right
from kernel.owndata.personal import REQUESTS_KEPT
from kernel.people.models import Account, RecoveryCode
from kernel.permissions import SYSTEM
from kernel.upkeep import retention
from tests import factories as f
from tests.factories import NOW, way
from tests.kernel.test_own_data import a_person

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)


async def sound() -> list[str]:
    return (await verify.chains(True, lambda done, of: None))[1]


async def test_name_telephone_and_address_go_two_years_after_the_end_and_the_chain_holds() -> None:
    ended = await f.a_ticket()
    ended = await tickets.withdraw(ended, f.WITHDRAW, **way(ended, f.OPERATOR))
    going = await f.a_ticket()
    assert (await retention.clear_all(at=NOW + CONTACT_KEPT))["callers"] == 0
    assert len(await queries.quoted("来电 13900002206")) == 2
    assert (await retention.clear_all(at=NOW + CONTACT_KEPT + DAY))["callers"] == 1
    left = {name for _, name in await journal.sealed_texts(ended.ref)}
    assert left == {"title", "content", "reason"}
    assert {"caller_name", "caller_phone"} <= {name for _, name in await journal.sealed_texts(going.ref)}
    assert await queries.quoted("来电 13900002206") == [going.ref], "nobody finds it by its number any more"
    assert await sound() == []
    assert (await retention.clear_all(at=NOW + CONTACT_KEPT + DAY))["callers"] == 0


async def test_an_index_changed_to_another_is_still_named_by_verify() -> None:
    ticket = await f.a_ticket()
    ticket.phone_index = "0" * 64
    await ticket.save(update_fields=["phone_index"])
    assert await sound() == [f"{ticket.ref} 的“phone_index”与日志不一致"]


async def test_what_was_asked_and_answered_goes_after_three_years_and_the_number_stays() -> None:
    actor = await a_person()
    ask = Ask(right=Right.EXPLAIN, text=Sealed("请说明为什么查看了我的电话"))
    request, open_one = [await actions.ask(ask, by=actor, at=NOW) for _ in range(2)]
    request = await actions.answer(request, Answer(granted=True, text=Sealed("为了回访核实")), **way(request, SYSTEM))
    assert (await retention.clear_all(at=NOW + REQUESTS_KEPT))["own_requests"] == 0
    assert (await retention.clear_all(at=NOW + REQUESTS_KEPT + DAY))["own_requests"] == 1
    assert await own.said(request) == ("", "")
    assert (await own.said(open_one))[0] == "请说明为什么查看了我的电话"
    assert [one.no for one in await own.mine(actor.owner)] == [open_one.no, request.no]
    assert await sound() == []


async def test_used_recovery_codes_go_after_a_month_and_unused_ones_stay() -> None:
    account = await Account.create(username="a", name="甲", kind="staff", created_at=NOW)
    for number, used in enumerate((None, NOW - 31 * DAY, NOW - 29 * DAY)):
        await RecoveryCode.create(account=account, code_hash=str(number), used_at=used)
    assert (await retention.clear_all(at=NOW))["recovery_codes"] == 1
    assert await RecoveryCode.all().order_by("id").values_list("code_hash", flat=True) == ["0", "2"]


async def test_an_address_nobody_proved_and_the_contact_of_a_disabled_account_go() -> None:
    here = await Account.create(username="here", name="甲", kind="staff", created_at=NOW)
    left = await Account.create(username="left", name="乙", kind="staff", created_at=NOW, active=False)
    for account in (here, left):
        await contacts.set_phone(account.id, "13900002206", at=NOW)
    await Contact.filter(account_id=here.id).update(pending=b"x", pending_hash="y", pending_until=NOW - 2 * DAY)
    await retention.clear_all(at=NOW)
    (kept,) = await Contact.all()
    assert (kept.account_id, kept.pending, kept.phone is not None) == (here.id, None, True)
