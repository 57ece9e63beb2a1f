"""The operator's desk and the queues: one post takes a call to where it belongs, a batch does each row on its own."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from hotline.calls import queries as calls
from hotline.calls.models import Call
from hotline.desks import finding
from hotline.desks import queries as own
from hotline.drafts import queries as drafts
from hotline.drafts.models import Draft
from hotline.flags import actions as flags
from hotline.flags import forms as flag_forms
from hotline.flags import queries as flagged
from hotline.presence import queries as presence
from hotline.tickets import actions, queries
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.errors import FormRejected, NotAllowed, OwnWork
from kernel.journal import Sealed
from kernel.people.models import Account, AccountKind
from tests import factories as f
from tests.conftest import Client
from tests.hotline.test_knowledge import an_article

pytestmark = pytest.mark.usefixtures("database")
PHONE = "13900002206"
TYPED = {
    "type": "help", "title": "云谷家园停水两天", "content": "云谷家园停水两天，没有人通知。",
    "caller_name": "陈先生", "caller_phone": PHONE, "address": "江北区云谷路 66 号",
}  # fmt: skip


async def token(browser: Any, page: str = "/hotline/new") -> dict[str, str]:
    told = (await browser.get(page)).text
    return dict(re.findall(r'name="(_csrf|_key)" value="([^"]*)"', told[told.rfind("<main") :]))


async def register(browser: Any, **sent: str) -> Response:
    answer: Response = await browser.post("/hotline/new", data=await token(browser) | {"then": "register"} | sent)
    return answer


async def newest() -> Ticket:
    return (await queries.following(0, 100))[-1]


async def a_call(number: int = 1, by: int = f.OPERATOR.id) -> Call:
    return await Call.create(id=number, cti_id=f"c{number}", agent_id=by, offered_at=datetime.now(UTC))


async def test_a_draft_is_sealed_its_writers_own_and_gone_with_the_ticket(signed_in: Client) -> None:
    operator, other = signed_in(f.OPERATOR), signed_in(f.SHIFT_LEAD)
    kept = await operator.post("/api/v1/drafts", json={"place": "new", "fields": TYPED})
    assert kept.status_code == 200
    assert "T" in kept.json()["saved_at"]
    [row] = await Draft.all()
    assert "停水".encode() not in row.body
    assert TYPED["content"] in (await operator.get("/hotline/new")).text, "another computer opens it"
    assert TYPED["content"] not in (await other.get("/hotline/new")).text
    assert (await register(operator, **TYPED)).status_code == 200
    assert await Draft.all() == []


async def test_the_last_saving_counts_an_emptied_desk_leaves_nothing_and_what_is_dropped_is_gone(
    signed_in: Client,
) -> None:
    operator = signed_in(f.OPERATOR)
    for words in ("云谷家园停水", "云谷家园停水两天"):
        await operator.post("/api/v1/drafts", json={"place": "new", "fields": {"content": words}})
    shown = await drafts.at(f.OPERATOR, "new")
    assert shown
    assert shown.fields == {"content": "云谷家园停水两天"}
    await operator.post("/api/v1/drafts", json={"place": "call:7", "fields": {"content": "另一通来电的内容"}})
    assert "另一通来电的内容" in (await operator.get("/hotline/new")).text
    assert (
        await operator.post("/hotline/new/drop", data=await token(operator) | {"place": "call:7"})
    ).status_code == 303
    await operator.post("/api/v1/drafts", json={"place": "new", "fields": {"content": "", "type": "help"}})
    assert await Draft.all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "elsewhere", "fields": {}},
        {"place": "new", "fields": {"password": "x"}},
        {"place": "new", "fields": {"content": "长" * 20_001}},
    ],
)
async def test_a_draft_holds_what_the_desk_has_and_no_more(signed_in: Client, wrong: dict[str, object]) -> None:
    assert (await signed_in(f.OPERATOR).post("/api/v1/drafts", json=wrong)).status_code == 422
    assert (await signed_in(f.HANDLER).post("/api/v1/drafts", json={"place": "new", "fields": {}})).status_code == 403


async def test_drafts_that_nobody_registered_are_erased_after_their_time(signed_in: Client) -> None:
    await signed_in(f.OPERATOR).post("/api/v1/drafts", json={"place": "new", "fields": {"content": "没有登记"}})
    assert await drafts.clear(datetime.now(UTC) - timedelta(days=7), 10) == 0
    assert await drafts.clear(datetime.now(UTC) + timedelta(seconds=1), 10) == 1


@pytest.mark.parametrize(("then", "typed"), [("110", {}), ("119", {"content": "楼"}), ("120", TYPED)])
async def test_an_emergency_is_handed_over_in_one_step_with_what_was_typed(
    signed_in: Client, then: str, typed: dict[str, str]
) -> None:
    assert (await register(signed_in(f.OPERATOR), **typed | {"then": then})).status_code == 200
    ticket = await newest()
    assert (ticket.state, ticket.urgency) == ("xfer", "critical")
    said = await queries.content(ticket)
    assert said == TYPED["content"] if typed is TYPED else f"一键转接 {then}" in said
    assert [entry.facts["to"] for entry in await queries.story(ticket, []) if entry.move == "transfer"] == [then]


async def test_a_consult_answered_from_an_article_is_closed_with_the_edition_pinned(signed_in: Client) -> None:
    article = await an_article(valid_to="2099-12-31")
    told = TYPED | {"type": "consult", "answer": "带身份证到派出所办理。", "article": f"{article.no}@1"}
    shown = await register(signed_in(f.OPERATOR), **told)
    assert "已办结" in shown.text
    ticket = await newest()
    [answered] = [entry for entry in await queries.story(ticket, []) if entry.move == "answer_directly"]
    assert answered.facts["article"] == f"{article.no}@1"


async def test_without_script_an_article_is_looked_up_and_put_into_the_answer(signed_in: Client) -> None:
    article, operator = await an_article(valid_to="2099-12-31"), signed_in(f.OPERATOR)
    found = await register(operator, **TYPED | {"then": "find", "know": article.no})
    assert f'value="{article.no}"' in found.text
    filled = await register(operator, **TYPED | {"then": "", "insert": article.no})
    assert f'value="{article.no}@1"' in filled.text
    assert await queries.following(0, 10) == []


async def test_a_second_call_about_the_same_matter_joins_it_and_keeps_its_own_caller(signed_in: Client) -> None:
    first = await f.a_ticket()
    await register(signed_in(f.OPERATOR), **TYPED | {"into": first.no, "caller_name": "邻居"})
    second = await newest()
    assert (second.state, second.merged_into) == ("merged", first.no)
    assert await journal.unsealed(second.ref, "caller_name") == "邻居"


async def test_whatever_is_refused_on_the_way_registers_nothing_and_keeps_the_words(signed_in: Client) -> None:
    operator = signed_in(f.OPERATOR)
    await operator.post("/api/v1/drafts", json={"place": "new", "fields": TYPED})
    for wrong in ({"into": "12345-20260101-000001-0"}, {"advised": "NOWHERE"}, {"answer": "不是咨询也答复了。"}):
        refused = await register(operator, **TYPED | wrong)
        assert refused.status_code in {404, 409, 422}, wrong
        assert TYPED["content"] in refused.text
    assert await queries.following(0, 10) == []
    assert await Draft.all().count() == 1


async def test_one_call_of_two_people_becomes_two_tickets_with_a_caller_each(signed_in: Client) -> None:
    call, operator = await a_call(), signed_in(f.OPERATOR)
    for name, number in (("陈先生", PHONE), ("周女士", "13900002207")):
        told = TYPED | {"caller_name": name, "caller_phone": number, "call": str(call.id), "place": f"call:{call.id}"}
        shown = await register(operator, **told)
    assert "这通电话已登记" in shown.text
    tickets = await queries.following(0, 10)
    assert await calls.of_call(call.id) == [one.no for one in tickets]
    assert [await journal.unsealed(one.ref, "caller_name") for one in tickets] == ["陈先生", "周女士"]
    assert tickets[0].phone_index != tickets[1].phone_index


async def test_where_the_caller_reported_from_before_is_offered_for_the_address(signed_in: Client) -> None:
    for address in ("江北区云谷路 66 号", "江北区云谷路 66 号", "高新区软件园 3 号楼"):
        await f.a_ticket(caller_phone=Sealed(PHONE), address=address)
    page = (await signed_in(f.OPERATOR).get(f"/hotline/new?phone={PHONE}")).text
    assert re.findall(r'<option value="(\S+ [^"]+)">', page) == ["高新区软件园 3 号楼", "江北区云谷路 66 号"]


async def test_nobody_registers_on_another_seats_call(signed_in: Client) -> None:
    call = await a_call(by=f.SHIFT_LEAD.id)
    refused = await register(signed_in(f.OPERATOR), **TYPED | {"call": str(call.id)})
    assert refused.status_code == 422
    assert "不在您的坐席" in refused.text


async def test_a_call_is_ended_in_one_step_with_a_reason_that_only_keys_open(signed_in: Client) -> None:
    call, operator = await a_call(), signed_in(f.OPERATOR)
    page = (await operator.get("/hotline/new")).text
    assert 'value="withheld"' in page, "no number: one more way to end it"
    told = await token(operator) | {"call": str(call.id), "outcome": "prank", "reason": "辱骂后挂断"}
    assert (await operator.post("/hotline/missed", data=told)).status_code == 303
    ended = await Call.get(id=call.id)
    assert ended.outcome == "prank"
    assert ended.reason
    assert "辱骂".encode() not in ended.reason
    assert await calls.of_desk(f.OPERATOR, datetime.now(UTC)) is None


async def test_the_operators_choice_of_agency_stands_first_before_the_dispatcher(signed_in: Client) -> None:
    await register(signed_in(f.OPERATOR), **TYPED | {"advised": "ZJ"})
    ticket = await newest()
    assert await own.advised(ticket.no) == "ZJ"
    page = (await signed_in(f.DISPATCHER).get("/hotline/dispatch")).text
    assert "话务员接听时选定" in page
    lines = await batch_lines(signed_in, ticket)
    assert "住建局" in lines


async def batch_lines(signed_in: Client, *tickets: Ticket) -> str:
    dispatcher = signed_in(f.DISPATCHER)
    told = await token(dispatcher, "/hotline/dispatch") | {"tickets": [one.no for one in tickets]}
    return str((await dispatcher.post("/hotline/dispatch/batch", data=told)).text)


async def test_a_batch_goes_where_it_was_shown_to_go_and_what_somebody_took_meanwhile_holds_up_nothing(
    signed_in: Client,
) -> None:
    operator = signed_in(f.OPERATOR)
    for _ in range(3):
        await register(operator, **TYPED | {"advised": "SW"})
    await register(operator, **TYPED | {"advised": "SW", "urgency": "urgent"})
    *plain, urgent = await queries.following(0, 10)
    page = await batch_lines(signed_in, *plain, urgent)
    rows = re.findall(r'name="row" value="([^"]+)"', page)
    assert [row.split()[0] for row in rows] == [one.no for one in plain], "nobody is helped along with an urgent one"
    await actions.dispatch(plain[0], f.DISPATCH, **f.way(plain[0], f.DISPATCHER))
    dispatcher = signed_in(f.DISPATCHER)
    told = await token(dispatcher, "/hotline/dispatch") | {"row": rows}
    done = (await dispatcher.post("/hotline/dispatch/accept", data=told)).text
    assert '办成 <b class="n">2</b> 件' in done
    assert plain[0].no in done
    assert {(await Ticket.get(id=one.id)).state for one in plain} == {"disp"}
    assert (await Ticket.get(id=urgent.id)).state == "pdisp"
    forged = await dispatcher.post("/hotline/dispatch/accept", data=told | {"row": [f"{urgent.no} 1 GW"]})
    assert forged.status_code == 422


async def test_all_new_ones_are_signed_at_once_and_a_twin_signs_none_twice(signed_in: Client) -> None:
    shares = [await f.share_of(await f.a_dispatched_ticket()) for _ in range(3)]
    liaison = signed_in(f.LIAISON)
    told = await token(liaison, "/hotline/agency") | {"no": [share.no for share in shares]}
    assert '办成 <b class="n">3</b> 件' in (await liaison.post("/hotline/agency/sign", data=told)).text
    again = (await liaison.post("/hotline/agency/sign", data=told)).text
    assert '没有办成 <b class="n">3</b> 件' in again
    assert (await signed_in(f.HANDLER).post("/hotline/agency/sign", data=told)).status_code == 403


async def test_selected_tickets_become_one_matter_of_many_callers(signed_in: Client) -> None:
    tickets = [await f.a_ticket() for _ in range(3)]
    dispatcher = signed_in(f.DISPATCHER)
    told = await token(dispatcher, "/hotline/dispatch") | {"tickets": [one.no for one in tickets], "title": "云谷停水"}
    assert (await dispatcher.post("/hotline/dispatch/gather", data=told)).status_code == 303
    assert len({(await Ticket.get(id=one.id)).cluster for one in tickets} - {None}) == 1


async def test_a_filter_is_kept_under_a_name_of_ones_own(signed_in: Client) -> None:
    await f.a_ticket(title=Sealed("路灯不亮了"))
    await f.a_ticket(title=Sealed("小区停水了"))
    dispatcher, manager = signed_in(f.DISPATCHER), signed_in(f.MANAGER)
    kept = await token(dispatcher, "/hotline/dispatch?q=路灯") | {"desk": "dispatch", "label": "路灯", "q": "路灯"}
    assert (await dispatcher.post("/hotline/views", data=kept)).status_code == 303
    [view] = await own.views(f.DISPATCHER, "dispatch")
    page = (await dispatcher.get(f"/hotline/dispatch?{view.query}")).text
    assert "路灯不亮了" in page
    assert "小区停水了" not in page
    assert "路灯" not in re.findall(r'class="chip"[^>]*>([^<]*)<', (await manager.get("/hotline/dispatch")).text)
    stolen = await manager.post("/hotline/views/drop", data=await token(manager) | {"view": str(view.id)})
    assert stolen.status_code in {303, 403}
    assert len(await own.views(f.DISPATCHER, "dispatch")) == 1
    gone = kept | {"view": str(view.id), "_desk": "dispatch"}
    for name in ("desk", "label", "q"):
        gone.pop(name)
    assert (await dispatcher.post("/hotline/views/drop", data=gone)).status_code == 303
    assert await own.views(f.DISPATCHER, "dispatch") == []


async def test_units_are_found_by_initials_code_and_name_and_phrases_by_initials(signed_in: Client) -> None:
    async def found(actor: Any, path: str, asked: str) -> list[str]:
        answer = await signed_in(actor).get(path, params={"q": asked})
        return [one["title"] for one in answer.json()["items"]]

    for asked in ("zjj", "ZJ", "住建"):
        assert (await found(f.DISPATCHER, "/api/v1/units", asked))[0] == "住建局"
    assert await found(f.DISPATCHER, "/api/v1/units", "qqqq") == []
    assert (await found(f.HANDLER, "/api/v1/phrases", "bfjj"))[0] == "部分解决"
    assert all("【" in one.text for one in finding.phrases("")), "an opening phrase is no answer by itself"
    assert (await signed_in(f.VISITOR).get("/api/v1/units")).status_code == 403


async def test_who_else_has_a_ticket_open_is_said_until_their_page_falls_silent(signed_in: Client) -> None:
    for one in (f.OPERATOR, f.DISPATCHER):
        now = datetime.now(UTC)
        await Account.create(id=one.id, username=f"u{one.id}", name=one.name, kind=AccountKind.STAFF, created_at=now)
    ticket = await f.a_ticket()
    path = f"/api/v1/tickets/{ticket.no}/presence"
    assert (await signed_in(f.OPERATOR).post(path, json={})).json() == {"others": [], "again_s": 8}
    assert (await signed_in(f.DISPATCHER).post(path, json={})).json()["others"] == [f.OPERATOR.name]
    assert (await signed_in(f.OPERATOR).post(path, json={})).json()["others"] == [f.DISPATCHER.name]
    later = datetime.now(UTC) + presence.GONE_AFTER + timedelta(seconds=1)
    assert await presence.others(ticket, f.OPERATOR, later) == []
    assert presence.BEAT_S <= 10
    assert (await signed_in(f.HOUSING).post(path, json={})).status_code == 404


def a_flag(**given: Any) -> flag_forms.Propose:
    usual = {
        "phone": PHONE, "attention": "care", "decision_no": "热线办〔2026〕3号", "reason": "独居老人，听力不好",
        "valid_to": date(2026, 8, 1),
    }  # fmt: skip
    return flag_forms.Propose.check(usual | given)


async def test_a_flag_needs_a_decision_a_term_and_a_second_person_before_the_desk_shows_it(signed_in: Client) -> None:
    flag = await flags.propose(a_flag(), no="B1", region=f.CITY, by=f.SHIFT_LEAD, at=f.NOW)
    assert await flagged.of_phone(PHONE, f.NOW) == []
    with pytest.raises(NotAllowed):
        await flags.confirm(flag, flag_forms.Confirm(), **f.way(flag, f.OPERATOR))
    with pytest.raises(OwnWork):
        await flags.confirm(flag, flag_forms.Confirm(), **f.way(flag, f.SHIFT_LEAD))
    await flags.confirm(flag, flag_forms.Confirm(), **f.way(flag, f.MANAGER))
    [shown] = await flagged.of_phone(f"{PHONE}转12", f.NOW)
    assert (shown.attention, shown.reviewed_by) == ("care", f.MANAGER.name)
    assert await flagged.of_phone(PHONE, datetime(2026, 8, 2, tzinfo=UTC)) == [], "out of date it counts no more"
    [line] = await flagged.listed(f.OPERATOR, f.NOW)
    assert PHONE not in line.phone
    await flags.lift(flag, flag_forms.Lift(reason="已搬走，不再需要"), **f.way(flag, f.MANAGER))
    assert await flagged.of_phone(PHONE, f.NOW) == []


@pytest.mark.parametrize("until", [date(2026, 3, 1), date(2027, 3, 5)])
async def test_a_flag_ends_within_a_year(until: date) -> None:
    with pytest.raises(FormRejected):
        await flags.propose(a_flag(valid_to=until), no="B1", region=f.CITY, by=f.OPERATOR, at=f.NOW)


async def test_a_flags_number_and_reason_are_destroyed_a_year_after_it_ended() -> None:
    flag = await flags.propose(a_flag(), no="B1", region=f.CITY, by=f.OPERATOR, at=f.NOW)
    assert await flagged.clear(datetime(2026, 8, 1, tzinfo=UTC), 10) == 0
    assert await flagged.clear(datetime(2026, 8, 3, tzinfo=UTC), 10) == 1
    assert await journal.sealed_texts(flag.ref) == {}
    assert await flagged.of_phone(PHONE, f.NOW) == []


async def test_a_flag_is_proposed_and_confirmed_on_its_page(signed_in: Client) -> None:
    operator, manager = signed_in(f.OPERATOR), signed_in(f.MANAGER)
    told = await token(operator, "/hotline/flags") | {
        "phone": PHONE, "attention": "disturbing", "decision_no": "热线办〔2026〕4号", "reason": "一天辱骂话务员十次",
        "valid_to": f"{datetime.now(UTC).date() + timedelta(days=30)}",
    }  # fmt: skip
    assert (await operator.post("/hotline/flags", data=told)).status_code == 303
    page = (await manager.get("/hotline/flags")).text
    [path] = re.findall(r'action="(/hotline/flags/[^"]+/confirm)"', page)
    assert (
        await manager.post(path, data=await token(manager, "/hotline/flags") | {"_version": "1"})
    ).status_code == 303
    call = await a_call()
    await Call.filter(id=call.id).update(phone=None)
    desk = (await operator.get(f"/hotline/new?phone={PHONE}")).text
    assert "恶意扰乱" in desk
    assert "热线办〔2026〕4号" in desk


async def test_whoever_looks_at_a_confidential_ticket_stands_on_the_page(signed_in: Client) -> None:
    secret = await f.a_ticket(secrecy="confidential")
    plain = await f.a_ticket(title=Sealed("不保密的一件"))
    for ticket, always in ((secret, True), (plain, False)):
        page = (await signed_in(f.OPERATOR).get(f"/hotline/tickets/{ticket.no}")).text
        mark = page[page.index("mark-of") :]
        assert f.OPERATOR.name in mark[: mark.index("</svg>")]
        assert ('class="mark-of always"' in page) is always
        assert 'aria-hidden="true"' in mark[:200]
        assert ("水印" in page) is always


async def test_the_second_of_two_dispatchers_gets_back_the_words_and_no_code_of_what_was_chosen(
    signed_in: Client,
) -> None:
    ticket = await f.a_ticket()
    desk, page = signed_in(f.DISPATCHER), f"/hotline/tickets/{ticket.no}"
    seen = await token(desk, page) | {"_version": str(ticket.version), "_move": "dispatch"}
    await actions.dispatch(ticket, f.DISPATCH, **f.way(ticket, f.DISPATCHER))
    sent = seen | {"lead": "369901003", "basis": "职责清单第五条，属地办理"}
    answer = await desk.post(f"{page}/dispatch", data=sent)
    assert answer.status_code == 409
    assert "职责清单第五条，属地办理" in answer.text
    assert "369901003" not in answer.text
