"""The pages of the knowledge base: an article from its first line to every caller who heard it, without script."""

import re
from typing import Any

from hotline.knowledge import actions, queries
from hotline.tickets import actions as tickets
from hotline.tickets.forms import Answer
from kernel.journal import Sealed
from tests import factories as f
from tests.conftest import Client
from tests.factories import MANAGER, OPERATOR, a_ticket, way
from tests.hotline.test_knowledge import EDITOR, RIGHT, WRONG, an_article

FAR = "2099-12-31"
TYPED = {
    "title": "怎样办养犬登记证", "body": "带身份证、犬只免疫证明到居住地派出所办理，当场发证。",
    "source": "市养犬管理条例第八条",
    "owner": "ZJ", "visibility": "public", "words": "狗证", "valid_to": FAR,
}  # fmt: skip


async def send(browser: Any, page: str, path: str, **sent: str) -> Any:
    told = (await browser.get(page)).text
    hidden = dict(re.findall(r'name="(_csrf|_key|_version)" value="([^"]*)"', told[told.rfind("<main") :]))
    return await browser.post(path, data=hidden | sent)


async def test_an_article_goes_from_the_editor_through_a_second_person_to_everybody(signed_in: Client) -> None:
    editor, manager, citizen = signed_in(EDITOR), signed_in(MANAGER), signed_in(f.NOBODY)
    new = "/hotline/articles/new"
    refused = await send(editor, new, new, **TYPED | {"body": "短", "valid_to": "明年"})
    assert refused.status_code == 422
    assert "怎样办养犬登记证" in refused.text, "what was typed stays"
    address = (await send(editor, new, new, **TYPED)).headers["location"]
    no = address.rpartition("/")[2]
    public = f"/hotline/knowledge/{no}"
    assert (await citizen.get(public)).status_code == 404, "a draft is nobody's business"

    edited = await send(editor, f"{address}/edit", f"{address}/edit", **TYPED | {"words": "狗证 犬证"})
    assert edited.headers["location"] == address
    await send(editor, address, f"{address}/submit")
    assert "退回修改" in (await manager.get(address)).text
    assert (await send(editor, address, f"{address}/publish")).status_code == 403
    assert (await citizen.get(public)).status_code == 404
    assert (await send(manager, address, f"{address}/publish")).status_code == 303

    shown = await citizen.get(public)
    assert TYPED["body"] in shown.text
    assert TYPED["title"] in (await citizen.get("/hotline/knowledge", params={"q": "狗证"})).text
    assert (await editor.get(public)).headers["location"] == address, "the desk has its own page"
    assert (await signed_in(f.CITIZEN).get(address)).status_code == 403


async def test_what_is_being_corrected_or_internal_shows_nobody_its_draft(signed_in: Client) -> None:
    article, inside = await an_article(valid_to=FAR), await an_article(valid_to=FAR, visibility="staff")
    await actions.correct(article, RIGHT, **way(article, EDITOR))
    draft = {**TYPED, "body": "这一句还没有人审定过，不能让人看见。", "title": "没有审定的标题"}
    await send(
        signed_in(EDITOR), f"/hotline/articles/{article.no}/edit", f"/hotline/articles/{article.no}/edit", **draft
    )
    for who in (f.NOBODY, f.CITIZEN, OPERATOR):
        browser, pages = signed_in(who), ["/hotline/knowledge", f"/hotline/knowledge/{article.no}"]
        pages += ["/hotline/articles", f"/hotline/articles/{article.no}"] if who is OPERATOR else []
        for path in pages:
            told = (await browser.get(path)).text
            assert draft["title"] not in told, (who.name, path)
            assert draft["body"] not in told, (who.name, path)
    assert (await signed_in(f.CITIZEN).get(f"/hotline/knowledge/{inside.no}")).status_code == 404
    assert inside.no not in (await signed_in(f.CITIZEN).get("/hotline/knowledge")).text
    assert (await signed_in(OPERATOR).get(f"/hotline/articles/{inside.no}")).status_code == 200
    assert "封存满半年" in (await signed_in(f.CITIZEN).get(f"/hotline/knowledge/{article.no}")).text


async def test_a_wrong_edition_lists_the_tickets_answered_from_it_to_who_may_see_them(signed_in: Client) -> None:
    article = await an_article(valid_to=FAR)
    plain = await a_ticket(type="consult", address=None, title="公积金怎么取出来")
    hidden = await a_ticket(type="consult", address=None, title="不让别人知道的咨询", secrecy="confidential")
    for ticket in (plain, hidden):
        said = Answer(answer=Sealed("封存满半年可以提取。"), article=article.no)
        await tickets.answer_directly(ticket, said, **way(ticket, OPERATOR))
    await actions.correct(article, WRONG, **way(article, EDITOR))

    manager, editor = signed_in(MANAGER), signed_in(EDITOR)
    assert "2 件" in (await manager.get("/hotline/articles/queues/wrong")).text
    page = f"/hotline/articles/{article.no}/editions/1"
    told = (await manager.get(page)).text
    assert f"/hotline/tickets/{plain.no}" in told
    assert plain.title not in (await editor.get(page)).text, "the editor sees how many, not whose"
    assert "2 件" in (await editor.get(page)).text
    assert (await signed_in(f.CITIZEN).get(page)).status_code == 403


async def test_feedback_and_unanswered_questions_are_settled_by_who_keeps_the_knowledge(signed_in: Client) -> None:
    article, operator, editor = await an_article(valid_to=FAR), signed_in(OPERATOR), signed_in(EDITOR)
    page = f"/hotline/articles/{article.no}"
    silent = await send(operator, page, f"{page}/tell", verdict="wrong", _move="tell")
    assert "请写明哪里有错误" in silent.text
    assert (
        await send(operator, page, f"{page}/tell", verdict="wrong", text="窗口搬了", _move="tell")
    ).status_code == 303
    missing = "/hotline/articles?q=养犬证年审"
    assert (await send(operator, missing, "/hotline/articles/misses", q="养犬证年审")).status_code == 303

    for queue, words in (("feedback", "窗口搬了"), ("unanswered", "养犬证年审")):
        path = f"/hotline/articles/queues/{queue}"
        assert words in (await editor.get(path)).text
        assert (await operator.get(path)).status_code == 403
        (row,) = await queries.waiting(queue)
        assert (await send(editor, path, path, id="x")).status_code == 404
        assert (await send(editor, path, path, id=str(row.id))).status_code == 303
        assert words not in (await editor.get(path)).text


async def test_filters_are_addresses_and_drafts_are_filtered_by_who_may_see_them(signed_in: Client) -> None:
    drafted, soon = (
        await an_article("draft", title="只是草稿的条目"),
        await an_article(title="快要到期的条目", valid_to=FAR),
    )
    editor, operator = signed_in(EDITOR), signed_in(OPERATOR)
    assert drafted.title in (await editor.get("/hotline/articles?state=draft")).text
    assert drafted.title not in (await editor.get("/hotline/articles")).text
    assert soon.title in (await operator.get("/hotline/articles?q=kydq")).text, "by pinyin initials"
    assert (await operator.get("/hotline/articles?state=draft")).status_code == 422
    assert (await editor.get("/hotline/articles?state=nonsense")).status_code == 422
