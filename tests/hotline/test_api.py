"""The same verbs for programs, and every refusal in one envelope."""

import asyncio
import re
from typing import Any

import pytest

from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from hotline.tickets.states import TicketState
from kernel import views
from kernel.errors import FormRejected
from kernel.lifecycle import Nothing
from kernel.models import View
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_dispatched_ticket, a_ticket, share_of, way

LATE = {"kind": "not_ours", "basis": "职责清单第8条", "new_facts": "产权证在住建局名下。"}
NEW: dict[str, Any] = {
    "channel": "phone",
    "type": "help",
    "title": "小区停水两天",
    "content": "云谷家园停水两天，无人通知，老人多。",
    "caller": {"name": "张三", "phone": "+86 139 0000 2206"},
    "place": {"address": "江北区云谷路 66 号", "lat": 28.5, "lon": "115.1234"},
}


async def test_a_program_registers_reads_and_moves_a_ticket(signed_in: Client) -> None:
    operator, dispatcher, agency = signed_in(f.OPERATOR), signed_in(f.DISPATCHER), signed_in(f.LIAISON)

    created = await operator.post("/api/v1/tickets", json=NEW)
    assert created.status_code == 201, created.text
    ticket = created.json()
    assert (ticket["state"], ticket["state_label"], ticket["version"]) == ("pdisp", "待派单", 2)
    assert len(ticket["query_code"]) == 19
    assert ticket["suggestions"].keys() == {"categories", "agencies", "duplicates"}
    assert (ticket["caller"]["name"], ticket["caller"]["phone"]) == ("张*", "139****2206")

    path = f"/api/v1/tickets/{ticket['no']}"
    seen = (await dispatcher.get(path)).json()
    (move,) = [move for move in seen["moves"] if move["name"] == "dispatch"]
    assert (move["label"], move["facts"]["required"]) == ("派单", ["lead", "basis"])
    assert {clock["step"]: clock["remaining"]["unit"] for clock in seen["clocks"]} == {"dispatch": "min", "total": "wd"}
    sent = {"version": 2, "facts": {"lead": "SW", "basis": "职责清单第3条"}}
    assert (await dispatcher.post(f"{path}/moves/dispatch", json=sent)).json()["state"] == "disp"

    (share,) = (await agency.get(path)).json()["assignments"]
    assert "sign" in [move["name"] for move in share["moves"]]
    signed = await agency.post(f"{path}/moves/sign", json={"version": share["version"], "assignment": share["no"]})
    assert signed.json()["state"] == "hand"

    entries = (await operator.get(f"{path}/journal")).json()
    assert [entry["move"] for entry in entries] == ["register", "queue", "dispatch", "start"]
    assert entries[1]["prev_hash"] == entries[0]["hash"]
    assert "13900002206" not in str(entries)


@pytest.mark.parametrize("until", ["2026-03-04T16:00:00+08:00", "2026-03-04T08:00:00Z", "2026-03-04T16:00"])
def test_a_program_says_until_when_as_a_person_does(until: str) -> None:
    for form, more in ((forms.PauseFor, {"basis": "inspection"}), (forms.HoldLong, {"plan": "纳入明年改造计划。"})):
        assert form.check(more | {"until": until}, strict=True) == form.check(more | {"until": until})


def test_after_the_last_day_of_all_there_is_no_moment() -> None:
    for strict in (False, True):
        with pytest.raises(FormRejected, match="需要修改"):
            forms.PauseFor.check({"basis": "inspection", "until": "9999-12-31"}, strict=strict)


async def test_every_refusal_has_its_code_and_its_sentence(signed_in: Client) -> None:
    ticket = await a_dispatched_ticket()
    path, share = f"/api/v1/tickets/{ticket.no}/moves", await share_of(ticket)
    cases: list[tuple[Any, str, Any, int, str]] = [
        (f.DISPATCHER, "recall", {"version": 1, "facts": {"reason": "派错单位"}}, 409, "stale_version"),
        (f.DISPATCHER, "close", {"version": 3}, 403, "not_allowed"),
        (f.DISPATCHER, "dispatch", {"version": 3, "facts": {"lead": "SW", "basis": "职责清单"}}, 409, "wrong_state"),
        (f.DISPATCHER, "recall", {"version": 3, "facts": {}}, 422, "form_rejected"),
        (f.DISPATCHER, "recall", {"version": "3", "facts": {"reason": "派错单位"}}, 422, "form_rejected"),
        (f.DISPATCHER, "vanish", {"version": 3}, 404, "not_found"),
        (f.DISPATCHER, "start", {"version": 3}, 404, "not_found"),
        (f.HOUSING, "sign", {"version": 1}, 404, "not_found"),
        (f.LIAISON, "sign", {"version": 1, "assignment": f"{share.no}9"}, 404, "not_found"),
    ]
    for actor, move, body, status, code in cases:
        answer = await signed_in(actor).post(f"{path}/{move}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
        assert answer.json().keys() == {"error"}

    rejected = await signed_in(f.DISPATCHER).post(f"{path}/recall", json=cases[3][2])
    assert rejected.json()["error"]["fields"] == {"reason": "请填写理由。"}


async def test_ap03_what_is_no_proper_request_is_refused_before_anything_is_read(signed_in: Client) -> None:
    program = signed_in(f.OPERATOR)
    for body in (b"{", b'{"\\ud800": 1}', b"[" * 100_000, b"\xff", b'{"a": NaN}'):
        broken = await program.post("/api/v1/tickets", content=body, headers={"content-type": "application/json"})
        assert (broken.status_code, broken.json()["error"]["code"]) == (400, "malformed"), body[:20]
    plain = await program.post("/api/v1/tickets", content=b"{}", headers={"content-type": "text/plain"})
    assert (plain.status_code, plain.json()["error"]["code"]) == (415, "unsupported_type")
    large = await program.post("/api/v1/tickets", json=NEW | {"content": "长" * 300_000})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    assert (await program.get("/api/v1/tickets?state=reg&state=disp")).status_code == 400
    assert (await program.get("/api/v1/tickets?limit=101")).json()["error"]["fields"] == {
        "limit": "每页条数须在 1 到 100 之间。"
    }
    assert (await program.get("/api/v1/nowhere")).json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "短"}, "title"), ({"title": "长" * 101}, "title"), ({"content": "长" * 20_001}, "content"),
        ({"type": "shout"}, "type"), ({"category": "999999"}, "category"), ({"colour": "red"}, "colour"),
        ({"caller": {"phone": "一三九"}}, "caller.phone"), ({"place": {"lat": 115, "lon": 115}}, "place.lat"),
        ({"place": {"lat": 1, "lon": 115}}, "place.lat"), ({"place": {"lat": 28, "lon": -73}}, "place.lon"),
        ({"occurred_at": "2026-01-01T00:00:00"}, "occurred_at"), ({"state": "closed"}, "state"),
        ({"title": "停\u0000水两天"}, "title"),
    ],
    ids=str,
)  # fmt: skip
async def test_in01_a_bad_field_is_named_and_nothing_is_kept(
    signed_in: Client, change: dict[str, Any], field: str
) -> None:
    answer = await signed_in(f.OPERATOR).post("/api/v1/tickets", json=NEW | change)

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [field]), answer.text
    assert await Ticket.all().count() == 0


async def test_sql_and_template_metacharacters_are_text_like_any_other(signed_in: Client) -> None:
    nasty = """'; DROP TABLE hotline_ticket; -- {{ 7*7 }} {% raw %} <script>alert(1)</script> %s \\ " ` ${x}"""
    program = signed_in(f.OPERATOR)
    sent = NEW | {
        "title": nasty[:100],
        "content": nasty * 3,
        "caller": {"name": nasty[:40]},
        "place": {"address": nasty},
    }
    no = (await program.post("/api/v1/tickets", json=sent)).json()["no"]

    shown = (await program.get(f"/api/v1/tickets/{no}")).json()
    assert (shown["title"], shown["content"]) == (nasty[:100].strip(), (nasty * 3).strip())
    page = (await program.get(f"/hotline/tickets/{no}")).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "49" not in page.partition("<h1>")[2].partition("</h1>")[0]
    found = await program.get("/api/v1/tickets", params={"q": "'; DROP TABLE"})
    assert [row["no"] for row in found.json()["items"]] == [no]


async def test_ap02_the_same_key_gives_the_same_answer_and_another_body_is_refused(signed_in: Client) -> None:
    program, key = signed_in(f.OPERATOR), {"Idempotency-Key": "call-0001"}

    answers = await asyncio.gather(*(program.post("/api/v1/tickets", json=NEW, headers=key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await Ticket.all().count() == 1
    other = await program.post("/api/v1/tickets", json=NEW | {"title": "另一件事"}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")
    assert (await signed_in(f.SHIFT_LEAD).post("/api/v1/tickets", json=NEW, headers=key)).status_code == 201


async def test_ac02_nobodys_ticket_and_somebody_elses_are_the_same_to_a_stranger(signed_in: Client) -> None:
    mine = await a_ticket(by=f.CITIZEN, channel="web")
    missing = mine.no[:-1] + str((int(mine.no[-1]) + 1) % 10)

    for actor in (f.NEIGHBOUR, f.HOUSING, f.STRANGER):
        program = signed_in(actor)
        for path in ("", "/journal"):
            foreign = await program.get(f"/api/v1/tickets/{mine.no}{path}")
            nothing = await program.get(f"/api/v1/tickets/{missing}{path}")
            assert (foreign.status_code, foreign.text) == (nothing.status_code, nothing.text) == (404, nothing.text)
    assert (await signed_in(f.CITIZEN).get(f"/api/v1/tickets/{mine.no}")).status_code == 200


async def test_the_work_list_is_narrowed_and_continued(signed_in: Client) -> None:
    for number in range(5):
        await a_ticket(title=f"第 {number} 件停水的事")
    await a_dispatched_ticket(title="已经派出的一件")
    program = signed_in(f.DISPATCHER)

    first = (await program.get("/api/v1/tickets?state=pdisp&limit=3&count=1")).json()
    assert ([row["title"] for row in first["items"]], first["count"]) == ([f"第 {n} 件停水的事" for n in (4, 3, 2)], 5)
    rest = (await program.get(f"/api/v1/tickets?state=pdisp&limit=3&cursor={first['next']}")).json()
    assert ([row["title"] for row in rest["items"]], rest["next"]) == ([f"第 {n} 件停水的事" for n in (1, 0)], None)
    assert [row["title"] for row in (await program.get("/api/v1/tickets?agency=SW")).json()["items"]] == [
        "已经派出的一件"
    ]
    assert (await program.get("/api/v1/tickets?overdue=1")).json()["items"] != []
    assert (await program.get("/api/v1/tickets?state=nowhere")).status_code == 422


async def test_a_caller_without_an_account_follows_a_ticket_by_number_and_code(signed_in: Client) -> None:
    no = await actions.draw_number(NOW)
    ticket, code = await actions.register(f.told(), no=no, region=f.CITY, by=f.OPERATOR, at=NOW)
    anonymous = signed_in(f.NOBODY)

    shown = await anonymous.get(f"/api/v1/track/{no}", headers={"X-Query-Code": code})
    assert (shown.json()["no"], shown.json()["assignments"]) == (no, [])
    assert {move["name"] for move in shown.json()["moves"]} == {"note", "urge", "withdraw"}
    guesses = [await anonymous.get(f"/api/v1/track/{no}", headers={"X-Query-Code": f"AAAA{n}"}) for n in range(12)]
    assert [guess.status_code for guess in guesses] == [404] * 9 + [429] * 3
    assert int(guesses[-1].headers["retry-after"]) > 0
    assert ticket.no == no


async def test_the_number_is_shown_only_on_asking_with_a_purpose_and_the_look_is_on_record(signed_in: Client) -> None:
    ticket = await a_dispatched_ticket()
    program, path = signed_in(f.LIAISON), f"/api/v1/tickets/{ticket.no}"
    assert (await program.post(f"{path}/reveal", json={"purpose": "联系诉求人"})).status_code == 403
    share = await share_of(ticket)
    await actions.sign(share, Nothing(), **way(share, f.LIAISON))

    shown = await program.post(f"{path}/reveal", json={"purpose": "联系诉求人"})
    assert shown.json() == {"name": "张三", "phone": "13900002206"}
    (view,) = await View.all()
    why = (await views.purposes([view]))[view.id]
    assert (view.subject, view.actor_id, why) == (ticket.ref, f.LIAISON.id, "联系诉求人")


async def test_who_says_that_no_answer_is_needed_is_taken_at_their_word(signed_in: Client) -> None:
    told = NEW | {"caller": NEW["caller"] | {"answer_waived": True}}
    created = (await signed_in(f.OPERATOR).post("/api/v1/tickets", json=told)).json()
    assert created["caller"]["answer_waived"]
    page = (await signed_in(f.DISPATCHER).get(f"/hotline/tickets/{created['no']}")).text
    assert "不需答复" in page
    assert (await Ticket.get(no=created["no"])).to_be_contacted is False


@pytest.mark.parametrize("secrecy", ["anonymous", "confidential"])
async def test_ac03_an_agency_never_learns_who_asked_not_to_be_named(signed_in: Client, secrecy: str) -> None:
    ticket = await a_dispatched_ticket(secrecy=secrecy, caller_name="赵有名")
    share = await share_of(ticket)
    await actions.sign(share, Nothing(), **way(share, f.LIAISON))
    program = signed_in(f.LIAISON)

    assert (
        await program.post(f"/api/v1/tickets/{ticket.no}/reveal", json={"purpose": "联系诉求人"})
    ).status_code == 403
    for path in (
        f"/api/v1/tickets/{ticket.no}",
        f"/api/v1/tickets/{ticket.no}/journal",
        f"/hotline/tickets/{ticket.no}",
    ):
        said = (await program.get(path)).text
        assert "赵" not in said, path
        assert not re.search(r"\*2206|0002206", said), path


async def test_every_person_of_the_house_opens_the_page_and_the_desk_of_a_ticket_in_every_state(
    signed_in: Client,
) -> None:
    states = [one.value for one in TicketState if one is not TicketState.DIRECT] + ["a_recall", "a_back", "a_fix"]
    tickets = [await f.a_ticket_in(state, by=f.CITIZEN, channel="web") for state in states]
    own = (f.OPERATOR, f.SHIFT_LEAD, f.DISPATCHER, f.REVIEWER, f.SUPERVISOR, f.ADJUDICATOR, f.MANAGER, f.CITIZEN)
    for reader in (*own, f.LIAISON, f.HANDLER, f.LEADER):
        browser = signed_in(reader)
        for ticket in tickets:
            found = await browser.get(f"/hotline/tickets/{ticket.no}")
            assert found.status_code == 200 or reader not in own, (reader.name, ticket.state)
            assert found.status_code in (200, 404), (reader.name, ticket.state)
    for reader in (f.LIAISON, f.HANDLER, f.LEADER):
        for view in ("open", "new", "signed", "objected"):
            assert (await signed_in(reader).get(f"/hotline/agency?view={view}")).status_code == 200


async def test_a_move_of_the_page_names_its_assignment_with_javascript_off(signed_in: Client) -> None:
    ticket = await f.a_ticket()
    facts = forms.Dispatch(lead="SW", assist=("ZJ",), basis="职责清单第3条")
    await actions.dispatch(ticket, facts, **f.way(ticket, f.DISPATCHER))
    page = (await signed_in(f.LEADER).get(f"/hotline/tickets/{ticket.no}")).text
    assert f'name="_share" value="{ticket.no}/1"' in page
    assert 'name="new_facts"' in page
    assert "协办" in (await signed_in(f.DISPATCHER).get(f"/hotline/tickets/{ticket.no}")).text


async def test_a_program_disputes_and_clusters_through_the_contract(signed_in: Client) -> None:
    first, second = await f.a_dispatched_ticket(), await f.a_ticket()
    share = await f.share_of(first)
    sent = {"version": share.version, "assignment": share.no, "facts": LATE}
    told = await signed_in(f.LEADER).post(f"/api/v1/tickets/{first.no}/moves/object", json=sent)
    assert (told.status_code, told.json()["state"]) == (200, "dispute")
    assert told.json()["assignments"][0]["state"] == "a_obj"
    ruling = {"version": share.version + 1, "assignment": share.no, "facts": {"granted": True, "reason": "确非职责"}}
    told = await signed_in(f.ADJUDICATOR).post(f"/api/v1/tickets/{first.no}/moves/rule_objection", json=ruling)
    assert (told.status_code, told.json()["state"]) == (200, "pdisp")

    asked = {"title": "停水事件", "tickets": [first.no, second.no]}
    made = await signed_in(f.DISPATCHER).post("/api/v1/clusters", json=asked)
    assert (made.status_code, len(made.json()["tickets"])) == (201, 2)
    no, version = made.json()["no"], made.json()["version"]
    sent = {"version": version, "facts": {"body": "主管已修复，今晚恢复供水。"}}
    told = await signed_in(f.MANAGER).post(f"/api/v1/clusters/{no}/moves/reply", json=sent)
    assert told.status_code == 200
    assert {one["state"] for one in told.json()["tickets"]} == {"visit"}
