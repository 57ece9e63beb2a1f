"""The hall's own words: written down by one, published by another, in force with the next question everywhere."""

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import product

import pytest

from kernel.errors import FormRejected, NotAllowed, OwnWork, Refusal, WrongState
from kernel.inbox.models import Message
from kernel.lifecycle import Nothing
from kernel.models import Event
from kernel.people.permissions import ROLES as KERNEL_ROLES
from kernel.permissions import Actor, merged, powers
from search import queries as index
from search.permissions import ROLES
from search.vocabulary import actions, consumers, queries
from search.vocabulary.entries import shipped
from search.vocabulary.forms import Reason, Written
from search.vocabulary.models import VocabularyEdition
from search.vocabulary.states import EditionState
from tests import factories as f
from tests.attempts import attempted
from tests.conftest import Client
from tests.hotline.test_knowledge_pages import send
from tests.officers import hire
from tests.search.memos import Shelf
from tests.search.people import ALL
from tests.search.test_indexing import changed, nos

AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
TABLE = merged(KERNEL_ROLES, ROLES)
EDITOR = replace(f.STRANGER, id=80, name="检索管理员", powers=powers([("search_editor", "/")], TABLE), home=f.CENTRE)
SECOND = replace(EDITOR, id=81, name="另一位检索管理员")
ADMIN = replace(EDITOR, id=82, name="系统管理员", powers=powers([("system_admin", "/")], TABLE))
LINES = "# 群众的说法\n同义 小黄本 > 房产证"
NO = Reason(reason="词意不符")


async def an_edition(state: str = "published", lines: str = LINES, *, by: Actor = EDITOR) -> VocabularyEdition:
    no = await actions.draw_number(AT)
    edition = await actions.propose(Written(note="群众的说法", lines=lines), no=no, by=by, at=AT)
    if state == "published":
        await actions.publish(edition, Nothing(), **f.way(edition, SECOND, AT))
    if state == "refused":
        await actions.refuse(edition, NO, **f.way(edition, SECOND, AT))
    if state == "wdrawn":
        await actions.withdraw(edition, NO, **f.way(edition, EDITOR, AT))
    return edition


async def attempt(edition: VocabularyEdition, name: str, actor: Actor) -> Refusal | None:
    facts = NO if name in {"refuse", "withdraw"} else Nothing()
    return await attempted(edition, name, facts, **f.way(edition, actor, AT))


@pytest.mark.usefixtures("database")
async def test_every_state_and_move_and_role_is_in_the_table_or_refused() -> None:
    asked_for = [name for name, move in VocabularyEdition.moves.items() if move.permission and move.sources]
    allowed = 0
    for turn, state in enumerate(EditionState):
        edition = await an_edition(state.value, f"{LINES}\n同义 词{turn} = 语{turn}")
        for name, actor in product(asked_for, (EDITOR, SECOND, ADMIN, f.MANAGER, f.CITIZEN, f.NOBODY)):
            move = VocabularyEdition.moves[name]
            expected: type[Refusal] | None = WrongState if state not in move.sources else None
            if move.permission not in actor.powers:
                expected = NotAllowed
            elif expected is None and actor is EDITOR and name != "withdraw":
                expected = OwnWork
            refusal = await attempt(edition, name, actor)
            assert (type(refusal) if refusal else None) is expected, (state, name, actor.name, refusal)
            allowed += refusal is None
    assert allowed == 7, "three may withdraw; two may publish or refuse"


@pytest.mark.usefixtures("database")
async def test_a_synonym_works_with_the_next_question_after_a_second_person_has_published_it(shelf: Shelf) -> None:
    for number in range(3):
        await changed(shelf, f"m{number}", f"房产证补发{number}")
    edition = await an_edition("proposed")
    assert await nos("小黄本") == []
    await actions.publish(edition, Nothing(), **f.way(edition, SECOND, AT))
    assert len(await nos("小黄本")) == 3
    await an_edition(lines="同义 小红本 > 房产证")
    assert (await queries.in_force()).alternatives.get("小黄本") is None, "the newest version is all of the hall's own"
    assert (await queries.in_force()).alternatives["公积金"], "beside what is shipped"


@pytest.mark.usefixtures("database")
async def test_a_shipped_line_is_retired_by_the_hall(shelf: Shelf) -> None:
    assert await queries.in_force() == shipped()
    await an_edition(lines="停用 同义 公积金 = 住房公积金")
    assert "公积金" not in (await queries.in_force()).alternatives


@pytest.mark.usefixtures("database")
async def test_what_says_nothing_new_or_cannot_be_read_is_refused() -> None:
    await an_edition()
    for lines, why in ((LINES + "\n# 只多一句注", "没有可以发布的改动"), ("同义 甲", "第 1 行")):
        with pytest.raises(FormRejected) as refused:
            await an_edition("proposed", lines)
        assert why in refused.value.fields["lines"]


@pytest.mark.usefixtures("database")
async def test_other_readings_ask_for_a_new_index_and_other_synonyms_do_not(shelf: Shelf) -> None:
    await an_edition()
    assert await index.asked_rebuild() is None
    await an_edition(lines=LINES + "\n读音 长兴 zhang xing")
    assert await index.asked_rebuild() is not None
    await changed(shelf, "m1", "长兴路停水")
    assert await nos("zhangxinglu") == ["m1"]
    assert await nos("changxinglu") == []


@pytest.mark.usefixtures("database")
async def test_who_may_publish_is_told_that_a_version_waits() -> None:
    second, other = await hire("second", "search_editor"), await hire("other", "operator")
    edition = await an_edition("proposed")
    await consumers.tell(await Event.get(topic="search_vocabulary.propose", subject=edition.ref))
    assert [m.account_id for m in await Message.filter(account_id__in=[second.id, other.id])] == [second.id]


async def test_the_pages_write_try_and_publish_without_script(shelf: Shelf, signed_in: Client) -> None:
    await changed(shelf, "m1", "房产证补发")
    editor, second, stranger = (
        signed_in(EDITOR),
        signed_in(replace(SECOND, powers={**EDITOR.powers, **ALL.powers})),
        f.MANAGER,
    )
    new = "/admin/vocabulary/new"
    assert (await signed_in(stranger).get("/admin/vocabulary")).status_code == 403
    wrong = await send(editor, new, new, note="群众的说法", lines="同义 小黄本")
    assert wrong.status_code == 422
    assert "第 1 行" in unescape(wrong.text)
    assert "同义 小黄本" in unescape(wrong.text), "what was typed stays"

    unsaid = await send(second, new, new, note="", lines=LINES, _do="try", _q=" ")
    assert (unsaid.status_code, "请写一句问话" in unescape(unsaid.text)) == (422, True)
    assert "小黄本" in unescape(unsaid.text), "what was typed stays"
    tried = await send(second, new, new, note="", lines=LINES, _do="try", _q="小黄本怎么办")
    assert tried.status_code == 200
    told = unescape(tried.text)
    assert "“小黄本”也找 房产证（0.8）" in told
    assert told.count("<li>房产证补发</li>") == 1, "after, not before"
    assert await VocabularyEdition.all().count() == 0

    address = (await send(editor, new, new, note="群众的说法", lines=LINES)).headers["location"]
    shown = unescape((await second.get(address, params={"q": "小黄本"})).text)
    assert "<b>同义 小黄本 > 房产证</b>" in shown
    assert "<li>房产证补发</li>" in shown
    assert (await send(editor, address, f"{address}/publish")).status_code == 403
    assert (await send(second, address, f"{address}/publish")).status_code == 303
    assert "小黄本" in (await editor.get("/admin/vocabulary")).text
    assert await nos("小黄本") == ["m1"]
