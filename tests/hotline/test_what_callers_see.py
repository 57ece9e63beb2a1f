"""What a caller is told of their ticket, on the page and through an operator: who has it, what comes next, by when."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from hotline import documents
from hotline.clusters import actions as clusters
from hotline.clusters import forms as cluster_forms
from hotline.desks import queues
from hotline.tickets import actions, answers, forms, queries
from hotline.tickets.affairs import of_person
from hotline.tickets.models import Ticket
from hotline.tickets.states import TicketState
from kernel.citytime import CITY
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket, a_ticket_in, share_of, walk, way

pytestmark = pytest.mark.usefixtures("database")
PHONE = "13900002206"
SETTLED = [one.value for one in TicketState if one is not TicketState.DIRECT]  # 直接答复 passes at once


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main") :]))


async def mine_in(state: str, **given: str) -> Ticket:
    return await a_ticket_in(state, by=f.CITIZEN, channel="web", **given)


@pytest.mark.parametrize("state", SETTLED)
async def test_in_every_state_a_caller_finds_their_ticket_in_the_list_and_opens_it(
    signed_in: Client, state: str
) -> None:
    ticket = await mine_in(state)
    citizen = signed_in(f.CITIZEN)
    listed = await citizen.get("/me")
    assert listed.status_code == 200
    assert ticket.no in listed.text
    assert (await citizen.get(f"/hotline/tickets/{ticket.no}")).status_code == 200
    [line] = await of_person(f.CITIZEN, NOW)
    assert line.note


async def test_who_leads_is_said_to_have_it_whoever_helps_and_what_comes_next_by_when(signed_in: Client) -> None:
    ticket = await mine_in("pdisp")
    facts = forms.Dispatch(lead="SW", assist=("ZJ",), basis="职责清单第3条")
    await actions.dispatch(ticket, facts, **way(ticket, f.DISPATCHER))
    told = words((await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")).text)
    assert "现在由 水务局" in told
    assert "下一步 签收，" in told


async def test_after_another_urgency_one_clock_is_shown_the_one_that_counts(signed_in: Client) -> None:
    ticket = await mine_in("pdisp")
    more = forms.Reclassify(urgency=forms.Urgency.URGENT, reason="家里有老人，断水两天")
    await actions.reclassify(ticket, more, **way(ticket, f.DISPATCHER))
    told = words((await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")).text)
    assert told.count("对您的总时限") == 1
    assert "改按新的时限计时" not in told


async def test_who_was_joined_to_another_ticket_is_told_so_and_not_that_it_is_over(signed_in: Client) -> None:
    ticket = await mine_in("merged")
    told = words((await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")).text)
    assert f"已并入同一件事 {ticket.merged_into} ，一起办理，应于 " in told
    assert "已经结束" not in told
    assert "按时，用时" not in told


async def test_what_was_handed_to_another_number_has_no_clock_of_ours(signed_in: Client) -> None:
    ticket = await mine_in("xfer")
    told = words((await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")).text)
    assert "对您的总时限" not in told


async def test_an_operator_reads_out_the_day_promised_to_the_caller_and_no_inner_deadline(signed_in: Client) -> None:
    await a_ticket(caller_phone=Sealed(PHONE))
    [row] = await queues.of_phone(PHONE, f.OPERATOR, NOW)
    assert row.left and row.promised  # noqa: PT018
    assert row.left.due < row.promised.due
    page = words((await signed_in(f.OPERATOR).get(f"/hotline/new?phone={PHONE}")).text)
    last = row.promised.due - timedelta(seconds=1)
    assert f"应于 {last.month} 月 {last.day} 日" in page
    assert f"应于 {row.left.due:%m-%d}" not in page


async def test_a_window_that_ended_unused_was_neither_met_nor_missed(signed_in: Client) -> None:
    ticket = await a_ticket_in("disp")
    late = NOW + timedelta(days=3)
    share = await share_of(ticket)
    await actions.accept_silently(share, Nothing(), **way(share, f.MACHINE, late))
    told = (await signed_in(f.DISPATCHER).get(f"/api/v1/tickets/{ticket.no}")).json()
    met = {clock["step"]: clock["met"] for clock in told["assignments"][0]["clocks"]}
    assert (met["objection"], met["sign"]) == (None, False)


async def test_after_a_batch_reply_a_cluster_shows_no_deadline_and_a_new_ticket_brings_its_own(
    signed_in: Client,
) -> None:
    tickets = [await a_ticket(at=NOW - timedelta(days=30)) for _ in range(2)]
    facts = cluster_forms.Gather(title="云谷路爆管停水", tickets=tuple(one.no for one in tickets))
    no = await clusters.draw_number(NOW)
    cluster = await clusters.begin(facts, no=no, region=f.CITY, by=f.DISPATCHER, at=NOW)
    dispatcher = signed_in(f.DISPATCHER)
    assert "最早到期" in (await dispatcher.get(f"/hotline/clusters/{no}")).text
    body = cluster_forms.BatchReply(body=Sealed("爆管已修复，今晚八点恢复供水。"))
    await clusters.reply(cluster, body, **way(cluster, f.MANAGER))
    assert "最早到期" not in (await dispatcher.get(f"/hotline/clusters/{no}")).text
    assert (await dispatcher.get(f"/api/v1/clusters/{no}")).json()["due_at"] is None


async def test_a_day_that_ends_at_midnight_isnt_listed_as_the_day_after(signed_in: Client) -> None:
    ticket = await a_ticket_in("hand")
    await ticket.refresh_from_db()
    assert ticket.due_at
    last = ticket.due_at.astimezone(CITY) - timedelta(seconds=1)
    listed = (await signed_in(f.DISPATCHER).get("/hotline/tickets")).text
    assert f"{last:%m-%d} 24:00" in listed


PRIVATE = "我住在云谷家园 7 栋 301，门禁密码是四个八。"


async def test_what_a_caller_supplied_is_nowhere_given_out_as_the_citys_answer(signed_in: Client) -> None:
    ticket = await mine_in("hand", type="suggest")
    share = await share_of(ticket)
    await actions.contact(share, f.CONTACT, **way(share, f.HANDLER))
    await actions.ask_caller(share, f.ASK, **way(share, f.HANDLER))
    await ticket.refresh_from_db()
    await actions.supply(ticket, forms.Supply(answer=Sealed(PRIVATE)), **way(ticket, f.CITIZEN))
    await walk(ticket, f.LIFE[3:])
    [released] = [one for one in (await answers.page(""))[0] if one.no == ticket.no]
    assert released.body == "管道已抢修完毕，恢复供水。"
    assert PRIVATE not in (await signed_in(f.NOBODY).get(f"/hotline/answers/{ticket.no}")).text
    assert (await queries.histories([ticket]))[ticket.ref]["answer"] == released.body
    assert (await documents.known(ticket))["answer"] == released.body
    assert (await queries.answers_seen(f.DISPATCHER, [ticket]))[ticket.id][1] == released.body
    page = (await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")).text
    assert "<h2>答复</h2>" not in page
    assert PRIVATE in page, "it stands in the story, as the caller's own"


async def test_the_answer_given_to_many_is_the_answer_to_each(signed_in: Client) -> None:
    mine, other = await mine_in("pdisp"), await a_ticket()
    no = await clusters.draw_number(NOW)
    facts = cluster_forms.Gather(title="云谷路爆管停水", tickets=(mine.no, other.no))
    cluster = await clusters.begin(facts, no=no, region=f.CITY, by=f.DISPATCHER, at=NOW)
    body = cluster_forms.BatchReply(body=Sealed("爆管已修复，今晚八点恢复供水。"))
    await clusters.reply(cluster, body, **way(cluster, f.MANAGER))
    page = (await signed_in(f.CITIZEN).get(f"/hotline/tickets/{mine.no}")).text
    assert re.search(r"<h2>答复</h2>\s*<p[^>]*>爆管已修复", page)
    assert (await queries.histories([mine]))[mine.ref]["answer"] == "爆管已修复，今晚八点恢复供水。"


async def test_who_has_urged_today_isnt_offered_it_again(signed_in: Client) -> None:
    ticket = await mine_in("pdisp")
    citizen, address = signed_in(f.CITIZEN), f"/hotline/tickets/{ticket.no}"
    assert "/urge" in (await citizen.get(address)).text
    await actions.urge(ticket, forms.Urge(), **way(ticket, f.CITIZEN, datetime.now(UTC)))
    page = (await citizen.get(address)).text
    assert "/urge" not in page
    assert "您今天已经催办过" in page


async def test_a_ticket_that_others_joined_shows_one_total_and_not_one_for_each(signed_in: Client) -> None:
    target = await a_ticket()
    for _ in range(3):
        ticket = await a_ticket()
        await actions.merge(ticket, forms.Merge(into=target.no), **way(ticket, f.DISPATCHER))
    page = words((await signed_in(f.DISPATCHER).get(f"/hotline/tickets/{target.no}")).text)
    assert page.count("对诉求人总时限") == 1
    assert "改按新的时限计时" not in page
