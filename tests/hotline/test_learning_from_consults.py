"""What closed consults teach the knowledge base: proposals, masked and grouped, for an editor and a second person."""

from datetime import timedelta

import pytest

from hotline.knowledge import actions, jobs, queries
from hotline.knowledge.models import Answered, Article, Edition, Proposal, ProposalSource
from hotline.tickets.forms import Outcome, Reply
from hotline.tickets.models import Ticket
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from tests import factories as f
from tests.conftest import Client
from tests.factories import LIFE, MANAGER, NOW, a_ticket, walk, way
from tests.hotline.test_knowledge import EDITOR
from tests.hotline.test_knowledge_pages import send

pytestmark = pytest.mark.usefixtures("database")
QUEUE, NEW = "/hotline/articles/queues/proposals", "/hotline/articles/new"
BODY = "带身份证到政务大厅三楼公积金窗口，当天办好，不收费。"
LATER = NOW + timedelta(hours=1)


async def a_closed_consult(title: str, body: str = BODY, **given: object) -> Ticket:
    ticket = await a_ticket(title=title, content=f"{title}？", **{"type": "consult"} | given)  # type: ignore[arg-type]
    reply = Reply(body=Sealed(body), outcome=Outcome.SOLVED)
    chapters = tuple((verb, reply if verb.__name__ == "reply" else facts, *more) for verb, facts, *more in LIFE)
    await walk(ticket, chapters)  # type: ignore[arg-type]
    return ticket


async def test_a_question_without_an_article_is_proposed_once_with_its_released_answer() -> None:
    ticket = await a_closed_consult("怎样提取住房公积金")
    assert await jobs.learn({}, at=LATER) == 1
    assert await jobs.learn({}, at=LATER) == 0
    [proposal] = await Proposal.all()
    assert (proposal.question, proposal.body, proposal.ticket, proposal.owner, proposal.times) == (
        "怎样提取住房公积金", BODY, ticket.no, "SW", 1,
    )  # fmt: skip


async def test_the_same_question_in_other_words_counts_up_and_another_one_stands_by_itself() -> None:
    await a_closed_consult("怎样提取住房公积金")
    await a_closed_consult("住房公积金怎样提取")
    await a_closed_consult("养犬登记证在哪里办")
    assert await jobs.learn({}, at=LATER) == 3
    assert [(one.question, one.times) for one in await queries.waiting_proposals()] == [
        ("住房公积金怎样提取", 2),
        ("养犬登记证在哪里办", 1),
    ]
    assert await ProposalSource.all().count() == 3


async def test_nothing_is_learned_from_what_isnt_released_nor_from_answers_that_name_somebody() -> None:
    await a_closed_consult("怎样提取住房公积金", secrecy="confidential")
    await a_closed_consult("怎样办理居住证", secrecy="anonymous")
    await a_closed_consult("路灯不亮怎么报修", type="help")
    await a_closed_consult("怎样预约婚姻登记", body="请打王科长的手机 13900001234，他会给您办。")
    await a_ticket(title="还没有办结的咨询", type="consult")
    assert await jobs.learn({}, at=LATER) == 0


async def test_the_callers_own_name_is_masked_in_question_and_answer() -> None:
    await a_closed_consult("张三怎样提取住房公积金", body="张三可以带身份证到三楼窗口，当天办好。")
    await jobs.learn({}, at=LATER)
    [proposal] = await Proposal.all()
    assert "张三" not in proposal.question + proposal.body
    assert "张*" in proposal.question


async def test_what_an_article_answers_already_isnt_proposed(signed_in: Client) -> None:
    await a_closed_consult("怎样提取住房公积金")
    await jobs.learn({}, at=LATER)
    [proposal] = await Proposal.all()
    address = f"{NEW}?proposal={proposal.id}"
    editor = signed_in(EDITOR)
    page = (await editor.get(QUEUE)).text
    assert address in page
    assert "不采纳" in page
    form = (await editor.get(address)).text
    for said in ("怎样提取住房公积金", BODY, f"工单 {proposal.ticket} 已公开的答复"):
        assert said in form
    typed = {
        "title": "怎样提取住房公积金", "body": BODY, "source": "住房公积金管理条例第二十四条", "owner": "SW",
        "visibility": "public", "_proposal": f"{proposal.id}",
    }  # fmt: skip
    refused = await send(editor, address, NEW, **typed, valid_to="明年")
    assert refused.status_code == 422
    assert f'name="_proposal" value="{proposal.id}"' in refused.text
    assert (await send(editor, address, NEW, **typed, valid_to="2099-12-31")).status_code == 303

    article = await Article.get()
    await proposal.refresh_from_db()
    assert (proposal.article, article.state) == (article.no, "draft"), "accepted is not yet published"
    assert address not in (await editor.get(QUEUE)).text
    await actions.submit(article, Nothing(), **way(article, EDITOR))
    await actions.publish(article, Nothing(), **way(article, MANAGER))
    assert await Edition.filter(current=True).count() == 1
    await a_closed_consult("住房公积金怎样提取")
    assert await jobs.learn({}, at=LATER) == 0


async def test_what_an_editor_declines_isnt_proposed_again(signed_in: Client) -> None:
    await a_closed_consult("怎样提取住房公积金")
    await jobs.learn({}, at=LATER)
    [proposal] = await Proposal.all()
    assert (await send(signed_in(EDITOR), QUEUE, QUEUE, id=f"{proposal.id}")).status_code == 303
    await a_closed_consult("住房公积金怎样提取")
    assert await jobs.learn({}, at=LATER) == 1
    assert await queries.waiting_proposals() == []
    assert (await signed_in(f.OPERATOR).get(QUEUE)).status_code == 403


async def test_a_ticket_that_was_answered_from_an_article_teaches_nothing_new() -> None:
    ticket = await a_closed_consult("怎样提取住房公积金")
    await Answered.create(ticket=ticket.no, article="53-x", edition=1, at=NOW)
    assert await jobs.learn({}, at=LATER) == 0
