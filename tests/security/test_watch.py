"""AC12, PR09, LO03, TA04: who saw what is on record before it is shown, limited, and found again after a leak."""

from datetime import timedelta

import pytest
from tortoise import connections

from hotline.tickets.models import Ticket
from kernel import views
from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.inbox.models import Message
from kernel.models import View
from kernel.people.permissions import P
from kernel.permissions import Actor
from tests import factories as f
from tests.conftest import SECRET, Client
from tests.officers import hire

pytestmark = pytest.mark.usefixtures("database")
AUDITOR = Actor(id=92, name="审计员", kind="staff", powers={P.SECURITY_READ: ("/",)})
PHONE = "13900002206"
BROKEN = {
    "sqlite": "CREATE TRIGGER broken BEFORE INSERT ON kernel_view BEGIN SELECT RAISE(ABORT, 'no room'); END",
    "postgres": "CREATE FUNCTION broken() RETURNS trigger AS"
    " $$ BEGIN RAISE EXCEPTION 'no room'; END $$ LANGUAGE plpgsql;"
    " CREATE TRIGGER broken BEFORE INSERT ON kernel_view FOR EACH ROW EXECUTE FUNCTION broken()",
}
WHY = {"purpose": "联系诉求人核实", "_csrf": csrf.token(SECRET)}


@pytest.mark.parametrize("way", ["page", "api"])
async def test_ac12_without_the_record_nothing_is_shown(signed_in: Client, engine: str, way: str) -> None:
    ticket = await f.a_ticket()
    await connections.get("default").execute_script(BROKEN[engine])
    client = signed_in(f.OPERATOR)
    if way == "page":
        answer = await client.post(f"/hotline/tickets/{ticket.no}/reveal", data=WHY)
    else:
        answer = await client.post(f"/api/v1/tickets/{ticket.no}/reveal", json={"purpose": WHY["purpose"]})
    assert answer.status_code == 503, answer.text[-500:]
    assert PHONE not in answer.text
    assert await View.all().count() == 0


async def test_lo03_fifty_reveals_alarm_and_the_hundred_and_first_is_refused_by_name(signed_in: Client) -> None:
    auditor = await hire("shenji", "auditor", scope="/")
    ticket, client = await f.a_ticket(), signed_in(f.OPERATOR)
    codes = []
    for turn in range(101):
        answer = await client.post(f"/api/v1/tickets/{ticket.no}/reveal", json={"purpose": WHY["purpose"]})
        codes.append(answer.status_code)
        told = await Message.filter(account_id=auditor.id).count()
        assert told == (1 if turn >= 49 else 0), turn
    assert codes == [200] * 100 + [429]
    assert PHONE not in answer.text
    assert int(answer.headers["retry-after"]) > 0
    named = await SecurityEvent.filter(kind__in=["reveal_alarm", "reveal_refused"]).order_by("id")
    assert [(event.kind, event.actor_id) for event in named] == [
        ("reveal_alarm", f.OPERATOR.id),
        ("reveal_refused", f.OPERATOR.id),
    ]
    assert await View.all().count() == 100


async def looks() -> tuple[Ticket, Ticket]:
    leaked, other = await f.a_ticket(), await f.a_ticket(title="路灯不亮", caller_phone="13900009999")
    for ticket, by, day in ((leaked, f.OPERATOR, 0), (leaked, f.LIAISON, 5), (other, f.SHIFT_LEAD, 0)):
        await views.record(ticket.ref, "caller", purpose="联系诉求人", by=by, at=f.NOW + timedelta(days=day))
    return leaked, other


@pytest.mark.parametrize("passage", ["网传：{no}号工单", "小区停水两天，打他电话", "这人的号码是13900002206吗"])
async def test_pr09_who_saw_is_found_by_number_by_words_and_by_telephone(signed_in: Client, passage: str) -> None:
    leaked, other = await looks()
    sent = {"_csrf": csrf.token(SECRET), "passage": passage.format(no=leaked.no)}
    page = (await signed_in(AUDITOR).post("/admin/views", data=sent)).text
    assert page.count(f'<td class="n">{leaked.no}</td>') == 2
    assert other.no not in page
    narrowed = sent | {"since": "2026-03-07", "until": "2026-03-07"}
    page = (await signed_in(AUDITOR).post("/admin/views", data=narrowed)).text
    assert page.count(f'<td class="n">{leaked.no}</td>') == 1
    assert await SecurityEvent.filter(kind="leak_searched", actor_id=AUDITOR.id).exists()


async def test_pr09_asking_nothing_is_sent_back_and_nobody_else_may_ask(signed_in: Client) -> None:
    answer = await signed_in(AUDITOR).post("/admin/views", data={"_csrf": csrf.token(SECRET)})
    assert answer.status_code == 422
    assert "至少填写" in answer.text
    for who in (f.OPERATOR, f.MANAGER, f.LEADER, f.CITIZEN):
        assert (await signed_in(who).get("/admin/views")).status_code == 403


async def test_who_saw_a_thing_is_for_its_head_and_the_auditor(signed_in: Client) -> None:
    head = await hire("lv", "leader", "SW", f.WATER_PATH)
    clerk = await hire("he", "liaison", "SW", f.WATER_PATH)
    ticket = await f.a_dispatched_ticket()
    for number in (clerk.id, 777):
        by = Actor(id=number, name="看的人")
        await views.record(ticket.ref, "caller", purpose=f"用途 {number}", by=by, at=f.NOW)
    address = f"/seen/ticket/{ticket.no}"
    powers = {**f.LEADER.powers, P.VIEW_READ: (f.WATER_PATH,)}
    theirs = await signed_in(Actor(id=head.id, name="吕科长", home=f.WATER_PATH, powers=powers)).get(address)
    assert f"用途 {clerk.id}" in theirs.text
    assert "用途 777" not in theirs.text, "not of this head's people"
    everything = await signed_in(AUDITOR).get(address)
    assert "用途 777" in everything.text
    assert await SecurityEvent.filter(kind="views_read", actor_id=AUDITOR.id).count() == 1
    assert (await signed_in(f.OPERATOR).get(address)).status_code == 403
    foreign = Actor(id=5, name="住建局长", powers={P.VIEW_READ: (f.HOUSING_PATH,)})
    assert (await signed_in(foreign).get(address)).status_code == 404


async def test_ta04_the_auditor_reads_the_chain_without_a_word_of_content_and_that_is_recorded(
    signed_in: Client,
) -> None:
    ticket = await f.a_dispatched_ticket()
    page = (await signed_in(AUDITOR).get(f"/admin/journal?no={ticket.no}")).text
    assert ticket.head.hex()[:16] in page
    assert "小区停水" not in page
    assert f.DISPATCH.basis not in page
    assert await SecurityEvent.filter(kind="journal_read", actor_id=AUDITOR.id).count() == 1
    assert (await signed_in(f.MANAGER).get(f"/admin/journal?no={ticket.no}")).status_code == 403
    assert (await signed_in(AUDITOR).get(f"/hotline/tickets/{ticket.no}")).status_code == 404


async def test_the_way_to_who_saw_it_stands_on_the_ticket_for_who_may_ask(signed_in: Client) -> None:
    ticket = await f.a_dispatched_ticket()
    for who, shown in ((f.LEADER, True), (f.MANAGER, True), (f.OPERATOR, False), (f.LIAISON, False)):
        page = (await signed_in(who).get(f"/hotline/tickets/{ticket.no}")).text
        assert (f"/seen/ticket/{ticket.no}" in page) is shown, who.name
