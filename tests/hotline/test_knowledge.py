"""The knowledge base: a second person approves, an edition is pinned, and what proves wrong says who heard it."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from hotline.knowledge import actions, consumers, jobs, keeping, queries, searchable
from hotline.knowledge.forms import Fault, Missed, Opinion, Reason, Reminded, Written
from hotline.knowledge.models import Article
from hotline.knowledge.states import ArticleState
from hotline.tickets import actions as tickets
from hotline.tickets.forms import Answer
from kernel.errors import FormRejected, NotAllowed, NotFound, OwnWork, Refusal, WrongState
from kernel.forms import Form
from kernel.inbox.models import Message
from kernel.journal import Sealed, entries
from kernel.lifecycle import Nothing
from kernel.models import Event
from kernel.people.models import Account, Grant
from kernel.permissions import Actor
from tests import factories as f
from tests.attempts import attempted
from tests.conftest import Client
from tests.factories import CITY, MACHINE, MANAGER, NOW, OPERATOR, a_ticket, way

EDITOR = f.officer(40, "知识库管理员", "knowledge_editor")
BOTH = replace(EDITOR, powers={**EDITOR.powers, **MANAGER.powers})
ACTORS = (EDITOR, MANAGER, OPERATOR, f.DISPATCHER, f.HANDLER, f.REVIEWER, f.CITIZEN, f.NOBODY, f.STRANGER, MACHINE)
WRONG, RIGHT = Fault(reason="金额写错了", wrong=True), Fault(reason="补充网上办理方式")
LATE = NOW + timedelta(days=40)  # out of date


def written(**given: Any) -> Written:
    usual = {
        "title": "怎样提取住房公积金", "body": "离职后账户封存满半年的，可以申请提取，网上或到窗口办理。",
        "source": "《住房公积金管理条例》第二十四条", "owner": "ZJ", "visibility": "public", "words": "取公积金",
        "valid_to": "2026-04-01",
    }  # fmt: skip
    return Written.check(usual | given)


CALLER = "欧阳小明"
FACTS: dict[str, Form] = {
    "edit": written(), "send_back": Reason(reason="请写明依据"), "correct": RIGHT, "withdraw": RIGHT,
    "remind": Reminded(until=NOW.date()),
}  # fmt: skip


async def an_article(state: str = "published", **given: Any) -> Article:
    article = await actions.draft(written(**given), region=CITY, by=EDITOR, at=NOW)
    if state in {"submitted", "published", "expired", "wdrawn"}:
        await actions.submit(article, Nothing(), **way(article, EDITOR))
    if state in {"published", "expired", "wdrawn"}:
        await actions.publish(article, Nothing(), **way(article, MANAGER))
    if state == "expired":
        await actions.expire(article, Nothing(), **way(article, MACHINE, LATE))
    if state == "wdrawn":
        await actions.withdraw(article, RIGHT, **way(article, MANAGER))
    return article


@pytest.mark.usefixtures("database")
async def test_every_state_and_move_and_role_is_in_the_table_or_refused() -> None:
    moves, ruled, allowed = [name for name, move in Article.moves.items() if move.sources], 0, set()
    for state in ArticleState:
        article = await an_article(state.value)
        for name, actor in product(moves, ACTORS):
            move = Article.moves[name]
            assert move.permission is not None
            refusal = await attempt(article, name, actor)
            if not any(CITY.startswith(scope) for scope in actor.powers.get(move.permission, ())):
                assert type(refusal) is NotAllowed, (state, name, actor.name)
            elif state not in move.sources:
                assert type(refusal) is WrongState, (state, name, actor.name)
            elif refusal is not None:
                assert move.guards, (state, name, actor.name, refusal)
                ruled += 1
            else:
                allowed.add(name)
    assert allowed == {*moves} - {"expire", "remind"}, "those two need their day: tested apart"
    assert ruled == 2


async def attempt(article: Article, name: str, actor: Actor) -> Refusal | None:
    return await attempted(article, name, FACTS.get(name, Nothing()), **way(article, actor))


@pytest.mark.usefixtures("database")
async def test_who_wrote_it_does_not_approve_it_and_is_free_again_for_the_next_edition() -> None:
    article = await an_article("draft")
    await actions.submit(article, Nothing(), **way(article, BOTH))
    with pytest.raises(OwnWork):
        await actions.publish(article, Nothing(), **way(article, BOTH))
    await actions.publish(article, Nothing(), **way(article, MANAGER))

    await actions.correct(article, RIGHT, **way(article, f.officer(41, "另一位编辑", "knowledge_editor")))
    await actions.submit(article, Nothing(), **way(article, f.officer(41, "另一位编辑", "knowledge_editor")))
    await actions.publish(article, Nothing(), **way(article, BOTH))
    assert article.edition == 2


@pytest.mark.usefixtures("database")
async def test_an_edition_stays_in_use_while_it_is_corrected_and_readable_after() -> None:
    article = await an_article()
    await actions.correct(article, RIGHT, **way(article, EDITOR))
    await actions.edit(article, written(body="现在也可以在手机上申请提取了。"), **way(article, EDITOR))
    used = await queries.in_use(OPERATOR, article.no, NOW)
    assert used is not None
    assert used.number == 1
    assert "封存满半年" in used.body

    await actions.submit(article, Nothing(), **way(article, EDITOR))
    await actions.publish(article, Nothing(), **way(article, MANAGER))
    used = await queries.in_use(OPERATOR, article.no, NOW)
    assert used is not None
    assert used.number == 2
    assert "封存满半年" in (await queries.edition(OPERATOR, article.no, 1)).body
    with pytest.raises(NotFound):
        await queries.edition(f.CITIZEN, article.no, 1)


@pytest.mark.usefixtures("database")
async def test_an_answer_pins_its_edition_and_what_proves_wrong_says_who_heard_it() -> None:
    article, ticket = await an_article(), await a_ticket(type="consult", address=None)
    said = Answer(answer=Sealed("封存满半年可以提取。"), article=article.no)
    await tickets.answer_directly(ticket, said, **way(ticket, OPERATOR))
    facts = [entry.facts for entry in await entries(ticket) if entry.move == "answer_directly"]
    assert facts[0]["article"] == f"{article.no}@1"
    assert await queries.unanswered() == []

    await actions.correct(article, WRONG, **way(article, EDITOR))
    assert await queries.in_use(OPERATOR, article.no, NOW) is None, "what is wrong isn't answered from any more"
    (wrong,) = await queries.wrong_editions()
    assert await queries.answered_from(wrong.no, wrong.number) == [ticket.no]
    another = await a_ticket(type="consult", address=None)
    with pytest.raises(FormRejected):
        await tickets.answer_directly(another, said, **way(another, OPERATOR))
    await another.refresh_from_db()
    assert another.state == "reg"


@pytest.mark.usefixtures("database")
async def test_a_free_answer_and_a_miss_join_the_queue_once_and_a_confidential_question_never_does() -> None:
    free = Answer(answer=Sealed("请到大厅二楼办理。"))
    asked_for: tuple[dict[str, Any], ...] = ({}, {}, {"secrecy": "confidential", "title": "保密的问题在这里"})
    for given in asked_for:
        ticket = await a_ticket(type="consult", address=None, **given)
        await tickets.answer_directly(ticket, free, **way(ticket, OPERATOR))
    await actions.miss("养犬  证", at=NOW)
    asked = await queries.unanswered()
    assert [(row.query, row.times) for row in asked] == [("小区停水两天", 2), ("养犬 证", 1)]

    await actions.settle("unanswered", asked[0].id, at=NOW)
    assert [row.query for row in await queries.unanswered()] == ["养犬 证"]
    await actions.miss("小区停水两天", at=NOW)
    assert len(await queries.unanswered()) == 2


@pytest.mark.usefixtures("database")
async def test_a_question_is_kept_without_numbers_and_the_callers_name_and_not_for_ever() -> None:
    title = f"{CALLER}问公积金，电话13900002206，座机81234567，证件110101199003070011"
    ticket = await a_ticket(type="consult", address=None, title=title, caller_name=CALLER)
    await tickets.answer_directly(ticket, Answer(answer=Sealed("到大厅办理。")), **way(ticket, OPERATOR))
    (row,) = await queries.unanswered()
    for named in ("13900002206", "81234567", "19900307", CALLER):
        assert named not in row.query
    assert "问公积金" in row.query
    edition_of = await queries.in_use(OPERATOR, (await an_article()).no, NOW)
    assert edition_of is not None
    told = await actions.tell(edition_of, Opinion(verdict="wrong", text="请回 13900002206"), by=OPERATOR, at=NOW)
    assert "13900002206" not in told.text

    for kept, clear in ((queries.unanswered, keeping.clear_unanswered), (queries.feedback, keeping.clear_feedback)):
        assert await clear(NOW, 10) == 0
        assert len(await kept()) == 1
        assert await clear(NOW + timedelta(days=1), 10) == 1
        assert await kept() == []


@pytest.mark.usefixtures("database")
async def test_what_is_soon_over_is_marked_once_and_what_is_over_leaves_the_desk() -> None:
    article = await an_article()
    assert await jobs.sweep(NOW) == 0
    assert [await jobs.sweep(NOW + timedelta(days=20)) for _ in "ab"] == [1, 0]
    assert await queries.in_use(OPERATOR, article.no, NOW + timedelta(days=30)) is not None
    assert await queries.in_use(OPERATOR, article.no, LATE) is None
    assert await jobs.sweep(LATE) == 1
    await article.refresh_from_db()
    assert article.state == "expired"


@pytest.mark.usefixtures("database")
async def test_owner_editor_and_approver_hear_of_what_waits_for_them() -> None:
    people = {"editor": ("knowledge_editor", CITY), "approver": ("manager", CITY), "owner": ("leader", f.HOUSING_PATH)}
    for name, (role, scope) in people.items():
        account = await Account.create(username=name, name=name, kind="staff", password_hash="", created_at=NOW)
        await Grant.create(account=account, role=role, scope=scope)
    article = await an_article()
    assert await jobs.sweep(NOW + timedelta(days=20)) == 1
    for event in [one for one in await Event.filter(subject=article.ref) if one.topic in consumers.SAID]:
        for _ in "twice":
            await consumers.tell(event)
    names = {account.id: account.username for account in await Account.all()}
    told: dict[str, list[tuple[str, str]]] = {name: [] for name in people}
    for message in await Message.filter(account_id__in=list(names)).order_by("id"):
        told.setdefault(names[message.account_id], []).append((message.title.partition("：")[0], message.url))
    desk = f"/hotline/articles/{article.no}"
    assert told == {
        "editor": [("知识即将到期，请核对", desk)],
        "approver": [("知识待审定", desk)],
        "owner": [("知识即将到期，请核对", f"{desk}/editions/1")],
    }


@pytest.mark.usefixtures("database")
async def test_feedback_names_the_edition_and_an_error_must_be_said() -> None:
    article = await an_article()
    edition = await queries.in_use(OPERATOR, article.no, NOW)
    assert edition is not None
    with pytest.raises(FormRejected):
        await actions.tell(edition, Opinion(verdict="wrong"), by=OPERATOR, at=NOW)
    await actions.tell(edition, Opinion(verdict="helpful"), by=OPERATOR, at=NOW)
    await actions.tell(edition, Opinion(verdict="wrong", text="窗口已搬迁"), by=OPERATOR, at=NOW)
    assert [(row.verdict.value, row.edition) for row in await queries.feedback()] == [("wrong", 1), ("helpful", 1)]


async def test_a_program_finds_by_text_initials_and_number_only_what_it_may_see(signed_in: Client) -> None:
    far = NOW.date().replace(year=2099).isoformat()
    public = await an_article(valid_to=far)
    staff = await an_article(
        valid_to=far,
        visibility="staff",
        title="公积金中心值班电话的内部说明",
        words="",
        body="值班电话由班长掌握，不对外提供。",
    )
    desk, citizen = signed_in(OPERATOR), signed_in(f.CITIZEN)

    async def found(browser: Any, q: str) -> list[str]:
        answer = await browser.get("/api/v1/knowledge", params={"q": q})
        return [item["no"] for item in answer.json()["items"]]

    for q in ("公积金", "gjj", ""):
        assert {*await found(desk, q)} == {public.no, staff.no}, q
        assert await found(citizen, q) == [public.no], q
    for q in ("tqgjj", "qgjj", public.no, "封存满半年"):
        assert await found(desk, q) == [public.no], q
    assert await found(desk, "zzzz") == []
    assert (await citizen.get(f"/api/v1/knowledge/{staff.no}")).status_code == 404
    assert (await desk.get(f"/api/v1/knowledge/{staff.no}")).json()["edition"] == 1
    assert (await citizen.post("/api/v1/knowledge/misses", json={"q": "养犬证"})).status_code == 403
    assert (await desk.post("/api/v1/knowledge/misses", json=Missed(q="养犬证").model_dump())).status_code == 201


@pytest.mark.usefixtures("database")
async def test_search_shows_everyone_what_is_published_beside_the_released_answers_and_forgets_what_is_wrong() -> None:
    public, inside = await an_article(), await an_article(visibility="staff", title="班组内部的电话说明")
    drafted = await an_article("draft", title="还没有审定的条目")
    refs = [searchable.whole(one.ref) for one in (public, inside, drafted)]
    assert [ref async for ref in searchable.every()] == [f"faq:{public.no}", f"faq:{inside.no}"]
    (shown,) = await searchable.documents([*refs, "faq:12345-20260302-000001-1"])
    assert (shown.no, shown.public, shown.agency) == (public.no, True, "住建局")
    assert await searchable.named(f.NOBODY, "公积金", 5) == [public.no]
    assert await searchable.named(f.NOBODY, "审定", 5) == []

    await actions.correct(public, WRONG, **way(public, EDITOR))
    assert await searchable.documents(refs) == []
    assert searchable.whole("assignment:12345-1/1") == "faq:12345-1", "tickets as before"
