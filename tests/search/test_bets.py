"""A hand on the answers: for one question, with a reason and an end, by two people, and never on what isn't public."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from itertools import product

import pytest

from kernel.citytime import day_of
from kernel.errors import FormRejected, NotAllowed, OwnWork, Refusal, WrongState
from kernel.inbox.models import Message
from kernel.lifecycle import Nothing
from kernel.models import Entry, Event
from kernel.permissions import ANONYMOUS, Actor
from search.answering import Answer, answer
from search.bets import actions, consumers
from search.bets.forms import Effect, Match, Placed, Reason
from search.bets.models import Bet
from search.bets.rules import Over
from search.bets.states import BetState
from search.engine import Sort
from search.inquiry import Asked
from tests import factories as f
from tests.attempts import attempted
from tests.conftest import Client
from tests.hotline.test_knowledge_pages import send
from tests.officers import hire
from tests.search.memos import Shelf
from tests.search.people import ALL, CITIZEN
from tests.search.test_indexing import changed
from tests.search.test_vocabulary import AT, EDITOR, SECOND

LAST = day_of(AT) + timedelta(days=30)
NO = Reason(reason="不再需要了")


def a_form(
    ref: str = "memo:m9",
    *,
    query: str = "停水",
    match: Match = Match.EXACT,
    effect: Effect = Effect.PIN,
) -> Placed:
    return Placed(query=query, match=match, effect=effect, document=ref, reason="停水期间先看这一条", last_day=LAST)


async def a_bet(state: str = "live", form: Placed | None = None) -> Bet:
    bet = await actions.propose(form or a_form(), no=await actions.draw_number(AT), by=EDITOR, at=AT)
    if state in ("live", "ended"):
        await actions.publish(bet, Nothing(), **f.way(bet, SECOND, AT))
    if state == "ended":
        await actions.stop(bet, NO, **f.way(bet, EDITOR, AT))
    if state == "refused":
        await actions.refuse(bet, NO, **f.way(bet, SECOND, AT))
    if state == "wdrawn":
        await actions.withdraw(bet, NO, **f.way(bet, EDITOR, AT))
    return bet


async def some_memos(shelf: Shelf) -> None:
    """Four public notes of water, and one of light that only a person would put first."""
    for number in range(4):
        await changed(shelf, f"m{number}", "内部", answer="停水通知", path="/37/")
    await changed(shelf, "m9", "内部", answer="应急供水点", path="/37/")


async def ask(q: str = "停水", by: Actor = ANONYMOUS, **given: object) -> Answer:
    return await answer(Asked(q=q, **given), by=by, at=AT)  # type: ignore[arg-type]


async def nos(q: str = "停水", by: Actor = ANONYMOUS, **given: object) -> list[str]:
    return [item.document.no for item in (await ask(q, by, **given)).items]


async def attempt(bet: Bet, name: str, actor: Actor) -> Refusal | None:
    facts = Nothing() if name == "publish" else NO
    return await attempted(bet, name, facts, **f.way(bet, actor, AT))


@pytest.mark.usefixtures("database")
async def test_every_state_and_move_and_role_is_in_the_table_or_refused(shelf: Shelf) -> None:
    await some_memos(shelf)
    asked_for = [name for name, move in Bet.moves.items() if move.permission and move.sources]
    allowed = 0
    for state in BetState:
        bet = await a_bet(state.value)
        for name, actor in product(asked_for, (EDITOR, SECOND, f.MANAGER, f.CITIZEN, f.NOBODY)):
            move = Bet.moves[name]
            expected: type[Refusal] | None = WrongState if state not in move.sources else None
            if move.permission not in actor.powers:
                expected = NotAllowed
            elif expected is None and actor is EDITOR and name in {"publish", "refuse"}:
                expected = OwnWork
            refusal = await attempt(bet, name, actor)
            assert (type(refusal) if refusal else None) is expected, (state, name, actor.name, refusal)
            allowed += refusal is None
    assert allowed == 6, "the second publishes or refuses; either withdraws or stops"


@pytest.mark.usefixtures("database")
async def test_a_pinned_one_is_above_the_ranking_once_and_on_the_first_page_only(shelf: Shelf) -> None:
    await some_memos(shelf)
    await a_bet("proposed")
    assert "m9" not in await nos(), "one person alone moves nothing"
    bet = await Bet.get()
    await actions.publish(bet, Nothing(), **f.way(bet, SECOND, AT))
    found = await ask(limit=3)
    assert (found.items[0].document.no, found.items[0].placed, found.total) == ("m9", True, 5)
    assert [sum(value.count for value in found.facets[name]) for name in ("kind", "agency")] == [5, 5]
    rest = await answer(Asked(q="停水", limit=3), by=ANONYMOUS, at=AT, at_cursor=found.next or "")
    seen = [item.document.no for item in (*found.items, *rest.items)]
    assert sorted(seen) == ["m0", "m1", "m2", "m3", "m9"]
    assert "m9" not in await nos(sort=Sort.NEWEST), "an order by date is one by date"
    assert await Entry.filter(subject=bet.ref).count() == 2


@pytest.mark.usefixtures("database")
async def test_one_that_is_kept_out_is_out_of_answers_and_counts_for_that_question_alone(shelf: Shelf) -> None:
    await some_memos(shelf)
    await a_bet(form=a_form("memo:m1", effect=Effect.HIDE))
    found = await ask()
    assert {item.document.no for item in found.items} == {"m0", "m2", "m3"}
    assert found.total == found.facets["kind"][0].count == 3
    assert "m1" in await nos("停水通知")
    await a_bet(form=a_form("memo:m1"))
    assert "m1" not in await nos(), "out is stronger than on top"


@pytest.mark.usefixtures("database")
async def test_exactly_these_words_or_all_of_them(shelf: Shelf) -> None:
    await some_memos(shelf)
    await a_bet()
    assert [(await nos(q))[0] == "m9" for q in ("停水", "停　水？", "停水通知")] == [True, False, False]
    assert (await nos("“停水”！"))[0] == "m9"
    await a_bet(form=a_form(query="通知 停水", match=Match.ALL))
    assert (await nos("江北停水的通知"))[0] == "m9"
    assert "m9" not in await nos("路灯通知")


@pytest.mark.usefixtures("database")
async def test_it_ends_with_its_day_or_by_a_word(shelf: Shelf) -> None:
    await some_memos(shelf)
    bet = await a_bet()
    after = AT + timedelta(days=31)
    found = await answer(Asked(q="停水"), by=ANONYMOUS, at=after)
    assert "m9" not in [item.document.no for item in found.items]
    await actions.stop(bet, NO, **f.way(bet, EDITOR, AT))
    assert "m9" not in await nos()
    late = await a_bet("proposed")
    with pytest.raises(Over):
        await actions.publish(late, Nothing(), **f.way(late, SECOND, after))


@pytest.mark.usefixtures("database")
async def test_what_is_not_public_is_neither_taken_nor_shown_when_it_stops_being_so(shelf: Shelf) -> None:
    await some_memos(shelf)
    await changed(shelf, "p1", "停水的内部记录", owner=CITIZEN.id)
    for ref in ("memo:p1", "memo:gone", "ticket:1"):
        with pytest.raises(FormRejected) as refused:
            await a_bet("proposed", a_form(ref))
        assert "没有这样的公开文档" in refused.value.fields["document"], "the same words for both"
    await a_bet()
    shelf.memos["m9"] = replace(shelf.memos["m9"], answer="")
    assert "m9" not in await nos()
    assert "m9" not in await nos(by=ALL), "nor for who could read the rest of it: bets are of the public part"


@pytest.mark.usefixtures("database")
async def test_what_is_restricted_is_never_kept_out(shelf: Shelf) -> None:
    await changed(shelf, "m9", "停水记录", owner=CITIZEN.id, answer="停水答复")
    await a_bet(form=a_form(effect=Effect.HIDE))
    assert await nos(by=CITIZEN) == ["m9"]
    assert await nos() == []


@pytest.mark.usefixtures("database")
async def test_who_may_publish_is_told_that_one_waits(shelf: Shelf) -> None:
    await some_memos(shelf)
    second = await hire("second", "search_editor")
    bet = await a_bet("proposed")
    await consumers.tell(await Event.get(topic="search_bet.propose", subject=bet.ref))
    assert [message.url for message in await Message.filter(account_id=second.id)] == [f"/admin/bets/{bet.no}"]


@pytest.mark.usefixtures("database")
async def test_why_it_stands_here_is_told_to_who_keeps_the_search_and_to_nobody_else(shelf: Shelf) -> None:
    await some_memos(shelf)
    await a_bet()
    await changed(shelf, "m5", "内部", answer="断水公告", path="/37/", uses=30)
    found = await ask(by=EDITOR)
    whys = {item.document.no: {line.name: line.text for line in item.why} for item in found.items}
    pinned, told, named = whys["m9"], whys["m0"], whys["m5"]
    assert "停水期间先看这一条" in pinned["人工置顶"]
    assert "文本" in told["得分"]
    assert told["权重"].startswith("1，")
    assert named["同义"] == "没有“停水”，有 断水"
    assert "近 30 天办结 30 件" in named["办结量"]
    assert told["类别"].endswith("（便签）")
    for by in (ANONYMOUS, ALL, CITIZEN):
        assert not any(item.why for item in (await ask(by=by)).items)


async def test_the_pages_place_and_publish_without_script(shelf: Shelf, signed_in: Client) -> None:
    await some_memos(shelf)
    editor, second, citizen = signed_in(EDITOR), signed_in(SECOND), signed_in(f.NOBODY)
    new = "/admin/bets/new"
    typed = {"query": "停水", "match": "exact", "effect": "pin", "document": "memo:m9", "place": "1"}
    typed |= {"reason": "停水期间先看这一条", "last_day": "2999-12-31"}
    assert (await signed_in(f.MANAGER).get("/admin/bets")).status_code == 403
    wrong = await send(editor, new, new, **typed | {"document": "memo:gone", "last_day": "2020-01-01"})
    assert wrong.status_code == 422
    assert "停水期间先看这一条" in unescape(wrong.text), "what was typed stays"
    address = (await send(editor, new, new, **typed)).headers["location"]
    assert (await send(editor, address, f"{address}/publish")).status_code == 403
    assert (await send(second, address, f"{address}/publish")).status_code == 303
    assert "应急供水点" in (await editor.get("/admin/bets")).text
    shown = unescape((await citizen.get("/search", params={"q": "停水"})).text)
    assert "由人工置顶" in shown
    assert "为什么排在这里" not in shown
    shown = unescape((await editor.get("/search", params={"q": "停水"})).text)
    assert "为什么排在这里" in shown
    assert 'value="停水"' in (await editor.get(re.findall(r'href="(/admin/bets/new[^"]*)"', shown)[0])).text
