"""类似的办结工单: how the like was answered before, with the words that make it alike, for who may open it only."""

import pytest

from hotline.suggestions.alike import alike, likeness, pairs
from hotline.tickets import actions
from hotline.tickets.forms import Reply
from hotline.tickets.models import Ticket
from kernel.journal import Sealed
from kernel.permissions import Actor
from tests import factories as f
from tests.conftest import Client
from tests.factories import LIFE, a_dispatched_ticket, share_of, walk, way
from tests.hotline.test_suggestions import HOUSING_HANDLER, NIGHT, TAP, a_closed_ticket, hall

__all__ = ["hall"]
ASKED = ("高层龙头没有水", "我家在高层，龙头从昨天起没有水。")
WATER = Reply(body=Sealed("二次供水水泵已修好，高层恢复供水，联系人 13900002206。"), outcome="solved")


async def answered(title: str, reply: Reply = WATER, category: str = TAP, **given: str) -> str:
    """A closed ticket whose agency answered so; its number."""
    ticket = await a_dispatched_ticket(title=title, content=f"{title}，请来看看。", category=category, **given)
    await walk(ticket, LIFE[1:3])
    share = await share_of(ticket)
    await actions.reply(share, reply, **way(share, f.HANDLER))
    await walk(ticket, LIFE[4:])
    return ticket.no


async def found(actor: Actor, under: tuple[str, ...] = (TAP,)) -> list[str]:
    return [one.no for one in await alike(actor, *ASKED, under)]


def test_a_pair_is_two_letters_and_the_rarer_it_is_the_more_it_says() -> None:
    assert set(pairs("没水，ＡＢ!1")) == {"没水", "ab"}

    def alike_all(pair: str) -> float:
        return 1.0

    near, words = likeness(pairs("高层没有水"), pairs("高层没有水压"), alike_all)
    far, _ = likeness(pairs("高层没有水"), pairs("广场太吵"), alike_all)
    assert near > 0.8
    assert far == 0.0
    assert set(words) == {"高层", "层没", "没有", "有水"}
    rare, _ = likeness(pairs("高层没有"), pairs("高层停电"), lambda pair: 3.0 if pair == "高层" else 1.0)
    usual, _ = likeness(pairs("高层没有"), pairs("高层停电"), lambda pair: 1.0 if pair == "高层" else 3.0)
    assert rare > usual
    assert likeness(pairs(""), pairs("高层"), alike_all) == (0.0, ())


@pytest.mark.usefixtures("hall")
async def test_the_likest_stands_first_with_its_answer_agency_and_words() -> None:
    likest, other = await answered("高层龙头没有水出来"), await answered("龙头的水发黄")
    told = await alike(f.OPERATOR, *ASKED, [TAP])
    first = told[0]
    assert (first.no, other in [one.no for one in told[:1]]) == (likest, False)
    assert (first.agency, first.title) == ("水务局", "高层龙头没有水出来")
    assert first.answer.startswith("二次供水水泵已修好")
    assert "13900002206" not in first.answer, "nobody's number is carried to another page"
    assert first.words
    assert all(word in ASKED[0] + ASKED[1] for word in first.words)


@pytest.mark.usefixtures("hall")
async def test_only_closed_ones_of_the_category_and_never_itself_or_what_is_confidential() -> None:
    closed = await answered("高层龙头没有水出来")
    await answered("高层龙头没有水来了", secrecy="confidential")
    await a_dispatched_ticket(title="高层龙头没有水呢", category=TAP)
    await a_closed_ticket("高层龙头没有水吵人", NIGHT, "ZJ")
    assert await found(f.OPERATOR) == [closed]
    assert await found(f.OPERATOR, ()) == []
    ticket = await Ticket.get(no=closed)
    assert await alike(f.OPERATOR, *ASKED, [TAP], but=ticket.id) == []


@pytest.mark.usefixtures("hall")
async def test_an_agency_sees_its_own_a_stranger_and_a_citizen_see_none() -> None:
    closed = await answered("高层龙头没有水出来")
    assert await found(f.HANDLER) == [closed]
    for stranger in (HOUSING_HANDLER, f.CITIZEN, f.STRANGER, f.NOBODY):
        assert await found(stranger) == []


@pytest.mark.usefixtures("hall")
async def test_page_pane_and_operators_desk_show_it_and_the_caller_does_not_see_it(signed_in: Client) -> None:
    closed = await answered("高层龙头没有水出来")
    ticket = await f.a_ticket(title=ASKED[0], content=ASKED[1], category=TAP, by=f.CITIZEN, channel="web")
    link = f'href="/hotline/tickets/{closed}"'
    dispatcher = signed_in(f.DISPATCHER)
    page = (await dispatcher.get(f"/hotline/tickets/{ticket.no}")).text
    pane = (await dispatcher.get(f"/hotline/dispatch?no={ticket.no}")).text
    for shown in (page, pane):
        part = shown.partition("类似的办结工单")[2].partition("</ul>")[0]
        assert link in part
        assert "二次供水水泵已修好" in part
        assert "相同：" in part
    mine = (await signed_in(f.CITIZEN).get(f"/hotline/tickets/{ticket.no}")).text
    assert "类似的办结工单" not in mine
    asked = {"title": ASKED[0], "content": f"{ASKED[1]}供水"}
    told = (await signed_in(f.OPERATOR).post("/api/v1/suggest", json=asked)).json()
    assert [one["no"] for one in told["answered"]] == [closed]
