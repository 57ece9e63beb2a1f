"""What reviewers, rulers and visitors see beside the one in hand: checks, precedents, papers, drawn withdrawals."""

import re
from typing import Any

import pytest
from httpx import AsyncClient, Response

from hotline.categories.models import Category
from hotline.dispatching import queries as dispatching
from hotline.dispatching.rulings import RULINGS
from hotline.tickets import actions, forms
from hotline.tickets.models import Assignment, Ticket
from kernel.files import queries as files
from kernel.files.models import File
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from tests import factories as f
from tests.conftest import Client
from tests.factories import a_ticket_in, share_of, way
from tests.hotline.test_whole_life import HOUSING_LEADER, bounced_twice
from tests.kernel.test_files_recognise import PDF

MINUTES = {"_files": ("裁定纪要.pdf", PDF, "application/pdf")}


def form_of(page: str, move: str) -> str:
    return page.partition(f'/{move}" enctype="multipart/form-data"')[2].partition("</form")[0]


async def sent(by: AsyncClient, ticket: Ticket, move: str, upload: Any = None, **fields: str) -> Response:
    """As a browser without script sends it."""
    address = f"/hotline/tickets/{ticket.no}"
    form = form_of((await by.get(address)).text, move)
    hidden = dict(re.findall(r'name="(_csrf|_key|_version|_move|_share|_from)" value="([^"]*)"', form))
    empty = {"_files": ("", b"", "application/octet-stream")}  # a file input that nothing was chosen in
    return await by.post(f"{address}/{move}", data=hidden | fields, files=upload or empty)


# ---- panes


async def test_the_reviewers_pane_shows_what_a_machine_noticed_in_the_reply(signed_in: Client) -> None:
    ticket = await a_ticket_in("hand")
    share = await share_of(ticket)
    if share.state == "a_signed":
        await actions.contact(share, f.CONTACT, **way(share, f.HANDLER))
    reply = forms.Reply(body=Sealed("请联系张三，电话 13900002206，尽快处理。"), outcome="solved")
    await actions.reply(share, reply, **way(share, f.HANDLER))
    pane, page = [
        (await signed_in(f.REVIEWER).get(path)).text for path in ("/hotline/review", f"/hotline/tickets/{ticket.no}")
    ]
    for shown in (pane, page):
        assert "自动检查" in shown
        assert "处要看" in shown
    assert re.findall("<li>(.*?)</li>", pane.partition("自动检查")[2].partition("</ul>")[0])


async def test_who_rules_finds_objections_on_a_desk_with_what_was_ruled_before(signed_in: Client) -> None:
    await Category.create(code="010101", name="供水", path_name="城建 / 市政 / 供水", level=3)
    first = await a_ticket_in("a_obj", category="010101")
    share = await share_of(first)
    await RULINGS["rule_objection"](share, f.DENY, **way(share, f.DISPATCHER))
    second = await a_ticket_in("a_obj", category="010101", title="另一处同样停水")
    assert len(await dispatching.precedents("010101")) == 1

    for ruler in (f.DISPATCHER, f.ADJUDICATOR, f.MANAGER):
        pane = (await signed_in(ruler).get("/hotline/ruling")).text
        assert "另一处同样停水" in pane
        assert f"no={first.no}#one" not in pane, "what is ruled waits no longer"
        assert "<h3>同类先例</h3>" in pane
        assert f.DENY.reason in pane
    dispatcher = signed_in(f.DISPATCHER)
    assert 'name="granted"' in (await dispatcher.get("/hotline/ruling")).text, "it is ruled from the pane"
    assert second.no in (await dispatcher.get("/hotline/ruling?q=另一处")).text
    assert second.no not in (await dispatcher.get("/hotline/ruling?q=别的")).text
    for stranger in (f.HANDLER, f.REVIEWER, f.VISITOR):
        assert (await signed_in(stranger).get("/hotline/ruling")).status_code == 403


async def test_who_rules_reads_why_the_agency_objects_and_the_story_says_how_it_was_ruled(signed_in: Client) -> None:
    ticket = await a_ticket_in("a_obj")
    ruler, address = signed_in(f.DISPATCHER), f"/hotline/tickets/{ticket.no}"
    for path in ("/hotline/ruling", address):
        page = (await ruler.get(path)).text
        assert f.OBJECT.basis in page.partition("提出异议</h")[2].partition("裁决理由")[0]
        assert "裁决异议" in page
    await RULINGS["rule_objection"](await share_of(ticket), f.DENY, **way(await share_of(ticket), f.DISPATCHER))
    story = (await ruler.get(address)).text.partition("<h2>经过</h2>")[2]
    assert "<h3>异议不成立</h3>" in story
    assert "<h3>异议成立</h3>" not in story
    assert f.DENY.reason in story
    assert f.OBJECT.kind.label in story


async def test_a_window_that_nobody_used_has_ended_and_is_no_delay(signed_in: Client) -> None:
    ticket = await a_ticket_in("a_signed")
    row = (await signed_in(f.HANDLER).get(f"/hotline/tickets/{ticket.no}")).text.partition("<td>异议期")[2]
    assert "已期满，没有提出异议" in row.partition("</tr>")[0]
    assert "超期" not in row.partition("</tr>")[0]


async def test_words_for_a_move_that_somebody_else_made_impossible_stand_there_to_be_copied(signed_in: Client) -> None:
    ticket = await a_ticket_in("pdisp")
    second, address = signed_in(f.MANAGER), f"/hotline/tickets/{ticket.no}"
    form = (await second.get(address)).text.partition(f'{ticket.no}/dispatch"')[2].partition("</form")[0]
    hidden = dict(re.findall(r'name="(_csrf|_key|_version|_move|_share|_from)" value="([^"]*)"', form))
    await actions.dispatch(ticket, f.DISPATCH, **way(ticket, f.DISPATCHER))
    words = "职责清单第八条，写了很久的依据"
    page = await second.post(f"{address}/dispatch", data=hidden | {"lead": "ZJ", "basis": words})
    assert page.status_code == 409
    assert words in page.text.partition("您写的内容没有提交")[2]
    assert "您写的内容没有提交" not in (await second.get(address)).text


async def test_an_agency_from_which_it_was_taken_back_gets_its_words_back(signed_in: Client) -> None:
    ticket = await a_ticket_in("a_new")
    leader, address = signed_in(f.LEADER), f"/hotline/tickets/{ticket.no}"
    form = (await leader.get(address)).text.partition(f'{ticket.no}/object"')[2].partition("</form")[0]
    hidden = dict(re.findall(r'name="(_csrf|_key|_version|_move|_share|_from)" value="([^"]*)"', form))
    await actions.recall(ticket, f.BACK, **way(ticket, f.DISPATCHER))
    words = "职责清单第八条不在本单位，写了很久的依据。" * 3
    page = await leader.post(f"{address}/object", data=hidden | {"kind": "not_ours", "basis": words})
    assert page.status_code == 404
    assert words in page.text


async def test_who_is_refused_at_a_desk_comes_back_to_it_all_the_same(signed_in: Client) -> None:
    ticket = await a_ticket_in("a_obj")
    ruler = signed_in(f.DISPATCHER)
    form = (await ruler.get("/hotline/ruling")).text.partition(f'{ticket.no}/rule_objection"')[2].partition("</form")[0]
    hidden = dict(re.findall(r'name="(_csrf|_key|_version|_move|_share|_from)" value="([^"]*)"', form))
    refused = await ruler.post(
        f"/hotline/tickets/{ticket.no}/rule_objection", data=hidden | {"reason": "属于该单位职责"}
    )
    assert refused.status_code == 422
    again = dict(re.findall(r'name="(_from|_key|_csrf)" value="([^"]+)"', refused.text))
    done = {"reason": "属于该单位职责", "granted": "false"}
    answer = await ruler.post(f"/hotline/tickets/{ticket.no}/rule_objection", data=hidden | again | done)
    assert answer.headers["location"] == "/hotline/ruling"


async def test_tickets_that_nobody_has_sorted_are_no_precedents_of_each_other(signed_in: Client) -> None:
    first = await share_of(await a_ticket_in("a_obj", category=None))
    await RULINGS["rule_objection"](first, f.DENY, **way(first, f.DISPATCHER))
    await a_ticket_in("a_obj", category=None, title="完全另一回事")
    assert "同类先例" not in (await signed_in(f.DISPATCHER).get("/hotline/ruling")).text


async def test_who_has_no_unit_below_reads_so_and_gets_no_empty_list(signed_in: Client) -> None:
    ticket = await f.a_ticket()
    await actions.dispatch(ticket, forms.Dispatch(lead="ZJ", basis="职责清单第3条"), **way(ticket, f.DISPATCHER))
    address = f"/hotline/tickets/{ticket.no}"
    await actions.sign(await share_of(ticket), Nothing(), **way(await share_of(ticket), f.HOUSING))
    page = (await signed_in(f.HOUSING).get(address)).text
    assert "本单位没有可以交办的下级单位" in page
    assert 'name="unit"' not in page
    below = await a_ticket_in("a_signed")
    assert 'name="unit"' in (await signed_in(f.LIAISON).get(f"/hotline/tickets/{below.no}")).text


async def test_reasons_stay_among_those_who_work_on_it(signed_in: Client) -> None:
    ticket = await a_ticket_in("a_obj")
    assert f.OBJECT.basis in (await signed_in(f.LEADER).get(f"/hotline/tickets/{ticket.no}")).text
    caller = await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")
    assert f.OBJECT.basis not in caller.text


async def test_the_agencys_filters_count_what_the_words_find(signed_in: Client) -> None:
    await a_ticket_in("a_signed", title="要找的这一件")
    await a_ticket_in("a_signed", title="别的一件")
    page = (await signed_in(f.HANDLER).get("/hotline/agency?q=要找的这一件")).text
    assert '全部在办 <span class="n">1</span>' in page


async def test_an_objection_of_a_co_unit_waits_on_the_desk_though_its_ticket_goes_on(signed_in: Client) -> None:
    ticket = await f.a_ticket()
    facts = forms.Dispatch(lead="SW", assist=("ZJ",), basis="职责清单第3条")
    await actions.dispatch(ticket, facts, **way(ticket, f.DISPATCHER))
    assist = await Assignment.get(ticket_id=ticket.id, role="assist")
    await actions.object(assist, f.OBJECT, **way(assist, HOUSING_LEADER))
    await ticket.refresh_from_db()
    assert ticket.state == "disp"
    assert ticket.no in (await signed_in(f.DISPATCHER).get("/hotline/ruling")).text


# ---- withdrawals that were drawn


async def test_drawn_withdrawals_are_a_queue_of_the_visitors_desk_until_they_are_checked(signed_in: Client) -> None:
    drawn = await a_ticket_in("wdrawn", title="撤诉被抽中的")
    other = await a_ticket_in("wdrawn", title="撤诉没抽中的")
    await Ticket.filter(id=drawn.id).update(check_withdrawal=True)
    await Ticket.filter(id=other.id).update(check_withdrawal=False)
    visitor = signed_in(f.VISITOR)
    assert drawn.no not in (await visitor.get("/hotline/visit")).text
    assert '撤诉抽查 <span class="n">1</span>' in (await visitor.get("/hotline/visit")).text
    queue = (await visitor.get("/hotline/visit?show=withdrawn")).text
    assert (drawn.no in queue, other.no in queue) == (True, False)
    assert "是否受到压力而撤诉" in queue, "it is checked from the pane"
    await drawn.refresh_from_db()
    facts = forms.CheckWithdrawal(reached=True, pressed=False)
    await actions.check_withdrawal(drawn, facts, **way(drawn, f.VISITOR))
    assert '撤诉抽查 <span class="n">0</span>' in (await visitor.get("/hotline/visit?show=withdrawn")).text
    assert (await signed_in(f.REVIEWER).get("/hotline/review?show=withdrawn")).status_code == 422


# ---- papers


async def test_minutes_are_uploaded_with_the_ruling_and_hang_on_the_ticket(signed_in: Client) -> None:
    ticket, objecting = await bounced_twice()
    adjudicator = signed_in(f.ADJUDICATOR)
    nothing = await sent(adjudicator, ticket, "assign_binding", agency="ZJ")
    assert nothing.status_code == 422
    assert "裁定纪要" in nothing.text
    wrong = await sent(
        adjudicator, ticket, "assign_binding", {"_files": ("纪要.pdf", b"MZ\x90", "application/pdf")}, agency="ZJ"
    )
    assert wrong.status_code == 422
    assert "没有被接受" in wrong.text
    assert '<option value="ZJ" selected>' in wrong.text, "what was chosen stays"
    done = await sent(adjudicator, ticket, "assign_binding", MINUTES, agency="ZJ")
    assert done.status_code == 303
    [file] = (await files.of([objecting.ref]))[objecting.ref]
    assert (file.name, file.uploader_id) == ("裁定纪要.pdf", f.ADJUDICATOR.id)
    assert "裁定纪要.pdf" in (await adjudicator.get(f"/hotline/tickets/{ticket.no}")).text


async def test_an_upload_is_kept_and_chosen_when_another_field_is_refused(signed_in: Client) -> None:
    ticket = await a_ticket_in("closed")
    manager = signed_in(f.MANAGER)
    refused = await sent(manager, ticket, "finalise", MINUTES, text="太短")
    assert refused.status_code == 422
    [file] = await File.all()
    assert f'<option value="{file.no}" selected>' in refused.text
    text = "经复核，维持原答复，不再受理同一事实的诉求。"
    assert (await sent(manager, ticket, "finalise", text=text, file=file.no)).status_code == 303
    assert [one.no for one in (await files.of([ticket.ref]))[ticket.ref]] == [file.no]


async def test_a_file_that_hangs_on_the_ticket_is_chosen_and_a_strangers_is_not_found(signed_in: Client) -> None:
    ticket, other = await a_ticket_in("closed"), await a_ticket_in("closed")
    manager, text = signed_in(f.MANAGER), "经复核，维持原答复，不再受理同一事实的诉求。"
    assert (await sent(manager, other, "finalise", MINUTES, text=text)).status_code == 303
    [file] = await File.all()
    await actions.attach_document(file.no, ticket.ref, by=f.MANAGER, at=f.NOW)
    page = form_of((await manager.get(f"/hotline/tickets/{ticket.no}")).text, "finalise")
    assert f'<option value="{file.no}">裁定纪要.pdf' in page
    unknown = await sent(manager, ticket, "finalise", text=text, file="f" * 32)
    assert unknown.status_code == 422
    assert "没有这个文件" in unknown.text
    assert (await sent(manager, ticket, "finalise", text=text, file=file.no)).status_code == 303


@pytest.mark.parametrize("move", ["assign_binding", "finalise"])
async def test_a_form_without_a_token_keeps_no_file(signed_in: Client, move: str) -> None:
    ticket = await a_ticket_in("closed")
    answer = await signed_in(f.MANAGER).post(
        f"/hotline/tickets/{ticket.no}/{move}", data={"_move": move}, files=MINUTES
    )
    assert answer.status_code in {403, 404, 422}
    assert await File.all().count() == 0
