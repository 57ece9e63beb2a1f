"""An exchange tells of its calls: signed, in any order, as often as it likes."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx import Response

from hotline.calls import actions as calls
from hotline.calls import lines, queries
from hotline.calls.forms import Ending
from hotline.calls.models import Call
from hotline.tickets import actions, forms
from kernel.journal import Sealed
from kernel.people.models import Account, AccountKind
from kernel.secrets import signed_request
from kernel.settings import settings
from tests import factories as f
from tests.conftest import Client

pytestmark = pytest.mark.usefixtures("database")
KEY, PHONE = "exchange's key", "13900002206"
Push = Callable[..., Awaitable[Response]]


@pytest.fixture
async def push(signed_in: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Push:
    """A wire double of an exchange: it signs as docs/adapters/cti.md says."""
    (tmp_path / "cti").write_text(KEY + "\n")
    monkeypatch.setattr(settings(), "cti_secret_file", tmp_path / "cti")
    await lines.seed(f.NOW)
    now = datetime.now(UTC)
    for number, name in ((f.OPERATOR.id, "operator"), (f.SHIFT_LEAD.id, "shiftlead")):
        await Account.create(id=number, username=name, name=name, kind=AccountKind.STAFF, created_at=now)
    client = signed_in(f.NOBODY)

    async def send(
        event: str, at: datetime | None = None, *, key: str = KEY, form: bool = False, **more: str
    ) -> Response:
        sent = {"event": event, "callId": "a1", "from": PHONE, "to": "12345", "direction": "in"} | more
        headers = signed_request(key, sent, at=at or datetime.now(UTC))
        if form:
            return await client.post("/api/v1/cti", data=sent, headers=headers)
        return await client.post("/api/v1/cti", json=sent, headers=headers)

    return send


async def the_call() -> Call:
    return await Call.get()


@pytest.mark.parametrize("form", [True, False])
async def test_a_ring_pops_the_desk_of_that_user_and_of_nobody_else(push: Push, signed_in: Client, form: bool) -> None:
    assert (await push("newCall", user="operator", form=form)).json() == {"state": "ringing"}
    mine = (await signed_in(f.OPERATOR).get("/api/v1/calls/current")).json()["call"]
    assert (mine["line"], mine["answered"]) == ("12345 主线", False)
    assert (await signed_in(f.SHIFT_LEAD).get("/api/v1/calls/current")).json() == {"call": None}
    assert (await signed_in(f.DISPATCHER).get("/api/v1/calls/current")).status_code == 403


async def test_the_desk_shows_greeting_number_and_the_callers_open_tickets_first(push: Push, signed_in: Client) -> None:
    done = await f.a_ticket(caller_phone=Sealed(PHONE), title=Sealed("居住证续签要带什么"))
    await actions.withdraw(done, forms.Withdraw(reason=Sealed("办好了")), **f.way(done, f.OPERATOR))
    await f.a_ticket(caller_phone=Sealed(PHONE), title=Sealed("小区西门路灯不亮"))
    later = await f.a_ticket(caller_phone=Sealed(PHONE), title=Sealed("又一件已撤回的事"))
    await actions.withdraw(later, forms.Withdraw(reason=Sealed("办好了")), **f.way(later, f.OPERATOR))
    await push("newCall", user="operator", **{"from": "+86 139-0000-2206"})
    page = (await signed_in(f.OPERATOR).get("/hotline/new")).text
    assert "请讲" in page
    assert PHONE in page
    assert page.index("小区西门路灯不亮") < page.index("又一件已撤回的事")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"key": "guessed"}, 401), ({"at": timedelta(seconds=-310)}, 401), ({"at": timedelta(seconds=310)}, 401)],
)
async def test_a_forged_or_stale_push_is_refused_and_leaves_nothing(
    push: Push, wrong: dict[str, object], status: int
) -> None:
    if isinstance(shift := wrong.get("at"), timedelta):
        wrong = {"at": datetime.now(UTC) + shift}
    refused = await push("newCall", user="operator", **wrong)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, "not_signed")
    assert not await Call.exists()


async def test_a_changed_body_isnt_what_was_signed(push: Push, signed_in: Client) -> None:
    sent = {"event": "newCall", "callId": "a1", "user": "operator"}
    headers = signed_request(KEY, sent, at=datetime.now(UTC))
    client = signed_in(f.NOBODY)
    assert (await client.post("/api/v1/cti", json=sent | {"user": "shiftlead"}, headers=headers)).status_code == 401
    assert (await client.post("/api/v1/cti", json=sent, headers=headers)).status_code == 200
    again = await client.post("/api/v1/cti", json=sent, headers=headers)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "replayed")


async def test_without_a_key_no_push_is_taken(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "cti_secret_file", None)
    assert (await push("newCall")).status_code == 401


async def test_an_event_that_is_told_again_changes_nothing(push: Push) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    for seconds in (60, 30, 10):
        await push("newCall", at - timedelta(seconds=seconds), user="operator")
    assert (await the_call()).offered_at == at - timedelta(seconds=60)
    await push("hangup", at - timedelta(seconds=5), cause="normal")
    await push("hangup", at, cause="other")
    call = await the_call()
    assert (call.hangup_at, call.cause) == (at - timedelta(seconds=5), "normal")


async def test_an_answer_after_the_hangup_makes_it_no_missed_call_and_pops_nothing(
    push: Push, signed_in: Client
) -> None:
    at = datetime.now(UTC)
    await push("hangup", at)
    assert len(await queries.missed(datetime.now(UTC))) == 1
    assert (await push("answer", at - timedelta(seconds=50), user="operator")).json() == {"state": "ended"}
    await push("newCall", at - timedelta(seconds=60), user="operator")
    assert await queries.missed(datetime.now(UTC)) == []
    assert (await signed_in(f.OPERATOR).get("/api/v1/calls/current")).json() == {"call": None}


async def test_who_answers_has_the_call_though_it_rang_elsewhere_later(push: Push, signed_in: Client) -> None:
    await push("newCall", user="operator")
    await push("answer", user="shiftlead")
    await push("newCall", user="operator")
    assert (await the_call()).agent_id == f.SHIFT_LEAD.id


async def test_a_missed_call_waits_two_hours_to_be_called_back_and_the_call_out_settles_it(push: Push) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    await push("newCall", at - timedelta(seconds=100))
    await push("hangup", at - timedelta(seconds=90))
    [row] = await queries.missed(at)
    assert (row.phone, row.due_at, row.late) == (PHONE, at - timedelta(seconds=90) + timedelta(hours=2), False)
    [late] = await queries.missed(at + timedelta(hours=2))
    assert late.late
    assert await queries.called_back(at) == queries.CalledBack(0, 1)
    out = {"callId": "b1", "direction": "out", "from": "12345", "to": f"0086{PHONE}", "user": "operator"}
    await push("newCall", at - timedelta(seconds=20), **out)
    assert len(await queries.missed(at)) == 1  # it rings there, nobody has spoken yet
    await push("answer", at - timedelta(seconds=10), **out)
    assert await queries.missed(at) == []
    assert await queries.called_back(at) == queries.CalledBack(1, 1)


async def test_a_caller_who_rang_three_times_in_vain_is_called_back_once(push: Push, signed_in: Client) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    for n in range(3):
        await push("hangup", at - timedelta(seconds=90 - n), callId=f"m{n}")
    [row] = await queries.missed(at)
    assert (row.times, row.due_at) == (3, at - timedelta(seconds=90) + timedelta(hours=2))
    await calls.dispose(row.call, Ending.CALLED_BACK, by=f.OPERATOR, at=at)
    assert await queries.missed(at) == []
    assert await queries.called_back(at) == queries.CalledBack(3, 3)


async def test_who_rang_again_and_was_answered_waits_for_no_call_back(push: Push) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    await push("hangup", at - timedelta(seconds=90), callId="m1")
    await push("answer", at - timedelta(seconds=60), callId="m2", user="operator")
    assert await queries.missed(at) == []
    await push("hangup", at - timedelta(seconds=30), callId="m3")
    [row] = await queries.missed(at)
    assert row.times == 1


@pytest.mark.parametrize("hidden", ["", "anonymous", "Withheld", "sip-user@pbx"])
async def test_a_withheld_number_is_counted_and_stands_on_no_list(push: Push, hidden: str) -> None:
    await push("hangup", **{"from": hidden})
    assert (await queries.missed(datetime.now(UTC)), await queries.withheld(datetime.now(UTC))) == ([], 1)


@pytest.mark.parametrize(
    "spelled",
    ["+86 139 0000 2206", "8613900002206", "013900002206", "tel:+86-139-0000-2206", "13900002206;ext=12",
     "sip:+8613900002206@trunk.example.cn:5060;user=phone"],
)  # fmt: skip
async def test_however_an_exchange_spells_the_number_the_callers_ticket_pops(
    push: Push, signed_in: Client, spelled: str
) -> None:
    await f.a_ticket(caller_phone=Sealed(PHONE), title=Sealed("小区西门路灯不亮"))
    answer = await push("newCall", user="operator", **{"from": spelled, "to": "sip:12345@hall.example.cn"})
    assert answer.status_code == 200, answer.text
    page = (await signed_in(f.OPERATOR).get("/hotline/new")).text
    assert "小区西门路灯不亮" in page
    assert "12345 主线" in page


async def test_who_rings_from_abroad_has_a_number_to_be_called_back_at(push: Push) -> None:
    await push("hangup", **{"from": "+852 2345 6789"})
    [row] = await queries.missed(datetime.now(UTC))
    assert row.phone == "0085223456789"


async def test_a_prank_call_is_recorded_without_a_ticket_and_leaves_the_desk(push: Push, signed_in: Client) -> None:
    await push("newCall", user="operator")
    client = signed_in(f.OPERATOR)
    page = (await client.get("/hotline/new")).text
    call = await the_call()
    told = {"_csrf": page.split('name="_csrf" value="', 1)[1].split('"', 1)[0], "_key": "k" * 20, "call": str(call.id)}
    stranger = await signed_in(f.SHIFT_LEAD).post("/hotline/missed", data=told | {"outcome": "prank"})
    assert stranger.status_code == 404
    assert (await client.post("/hotline/missed", data=told | {"outcome": "prank"})).status_code == 303
    assert (await the_call()).outcome == "prank"
    assert (await client.get("/api/v1/calls/current")).json() == {"call": None}


async def test_the_work_after_a_call_runs_until_the_last_that_its_desk_wrote_of_it(push: Push) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    for event, seconds, more in (("newCall", 100, {}), ("answer", 95, {}), ("hangup", 40, {"rating": "2"})):
        await push(event, at - timedelta(seconds=seconds), user="operator", **more)
    call = await the_call()
    assert (call.after_s, call.level) == (None, 2)
    await calls.became(call.id, "12345-20260302-000001-1", at=at - timedelta(seconds=30))
    assert (await the_call()).after_s == 10
    await calls.dispose(await the_call(), Ending.SERVED, by=f.OPERATOR, at=at - timedelta(seconds=15))
    assert (await the_call()).after_s == 25


async def test_what_was_written_while_they_talked_is_no_work_after_the_call(push: Push) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    await push("newCall", at - timedelta(seconds=100), user="operator")
    await push("answer", at - timedelta(seconds=95), user="operator")
    await calls.became((await the_call()).id, "12345-20260302-000001-1", at=at - timedelta(seconds=60))
    await push("hangup", at - timedelta(seconds=40))
    assert (await the_call()).after_s == 0
    refused = await push("hangup", at - timedelta(seconds=39), rating="6")
    assert refused.status_code == 422


async def test_the_next_lead_confirms_what_the_last_one_hands_over_and_nobody_their_own(
    push: Push, signed_in: Client
) -> None:
    next_lead = f.officer(30, "班长小高", "shift_lead")
    client, after = signed_in(f.SHIFT_LEAD), signed_in(next_lead)
    token = (await client.get("/hotline/shift")).text.split('name="_csrf" value="', 1)[1].split('"', 1)[0]
    told = {"_csrf": token, "_key": "h" * 20}
    assert (await client.post("/hotline/shift", data=told | {"note": "停水来电还有三件没答"})).status_code == 303
    [(note, text)] = await queries.handovers()
    assert text == "停水来电还有三件没答"
    assert text.encode() not in note.note
    own = await client.post("/hotline/shift/confirm", data=told | {"_key": "i" * 20, "handover": str(note.id)})
    assert own.status_code == 404
    page = (await after.get("/hotline/shift")).text
    assert text in page
    assert "我已看过" in page
    assert (await after.post("/hotline/shift/confirm", data=told | {"handover": str(note.id)})).status_code == 303
    [(confirmed, _)] = await queries.handovers()
    assert confirmed.confirmed_by_name == "班长小高"


async def test_the_shift_and_the_flags_of_callers_are_found_from_the_bar_of_every_desk(signed_in: Client) -> None:
    lead = signed_in(f.SHIFT_LEAD)
    for address in ("/hotline/shift", "/hotline/flags"):
        page = (await lead.get(address)).text
        assert f'<a href="{address}" aria-current="page">' in page
        assert page.count("<kbd>Ctrl Enter</kbd> 提交</span>") + page.count("<kbd>Ctrl Enter</kbd> 交班</span>") == 1


async def test_the_pop_finds_the_callers_tickets_and_this_call_among_many(push: Push, signed_in: Client) -> None:
    mine = [await f.a_ticket(caller_phone=Sealed(PHONE), title=f"来电人的第 {n} 件") for n in range(3)]
    other = await f.a_ticket(caller_phone=Sealed("13900002207"), title="别人的一件")
    old = datetime.now(UTC) - timedelta(hours=1)
    await Call.bulk_create(
        [Call(cti_id=f"c{n}", offered_at=old, hangup_at=old, agent_id=n % 50, phone_index=f"{n}") for n in range(500)]
    )
    await push("newCall", user="operator")
    page = (await signed_in(f.OPERATOR).get("/hotline/new")).text
    assert "正在响铃" in page
    assert all(one.title in page for one in mine)
    assert other.title not in page
