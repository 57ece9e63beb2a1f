"""A ticket is found exactly when its page may be opened, by everyone, in every state."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.tickets import actions, forms
from hotline.tickets.models import Ticket
from hotline.tickets.states import TicketState
from kernel.people.models import Organisation
from kernel.permissions import Actor, Clearance
from kernel.settings import settings
from search.answering import answer
from search.indexing import indexing, reindex
from search.inquiry import Asked
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket_in, told, way

ELSEWHERE = "/360000/369900/369905/"
STATES = [state.value for state in TicketState if state is not TicketState.DIRECT]  # passed through within one move
NEXT_DOOR = f.officer(30, "邻区话务员", "operator", f"{ELSEWHERE}rx/", ELSEWHERE)
LOW_OPERATOR = replace(f.OPERATOR, name="话务员，无密级", clearance=Clearance.PLAIN)
LOW_LIAISON = replace(f.LIAISON, name="联络员，无密级", clearance=Clearance.PLAIN)
READERS = (
    f.OPERATOR, f.DISPATCHER, f.LIAISON, f.LEADER, f.HOUSING, f.REVIEWER, f.VISITOR, f.MANAGER, f.CITIZEN, f.NEIGHBOUR,
    f.STRANGER, f.NOBODY, NEXT_DOOR, LOW_OPERATOR, LOW_LIAISON,
)  # fmt: skip


@pytest.fixture
async def city(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """Tickets in every state: a citizen's, with two agencies, and one of another district; all of them indexed."""
    monkeypatch.setattr(settings(), "home", tmp_path / "home")
    await Organisation.create(code="NB", name="邻区热线", short_name="邻区", path=f"{ELSEWHERE}rx/")
    tickets = [await a_ticket_in(state, by=f.CITIZEN, channel="web") for state in STATES]
    tickets += [await a_ticket_in(state, type="consult") for state in ("pdisp", "closed")]
    secret = await a_ticket_in("hand", secrecy="confidential")
    far, _ = await actions.register(
        told(address="东湖村"), no=await actions.draw_number(NOW), region=ELSEWHERE, by=NEXT_DOOR, at=NOW
    )
    await reindex(lambda done, total: None)
    yield [ticket.no for ticket in (*tickets, secret, far)]
    await indexing().engine.release()


async def found_by(actor: Actor, words: str, kind: str = "ticket") -> set[str]:
    page = await answer(Asked(q=words, limit=20, kind=kind), by=actor)
    found = {item.document.no for item in page.items}
    while page.next:
        page = await answer(Asked(q=words, limit=20, kind=kind), by=actor, at_cursor=page.next)
        found |= {item.document.no for item in page.items}
    return found


async def test_found_is_what_can_be_opened_and_nothing_else(city: list[str], signed_in: Client) -> None:
    cells = 0
    for reader in READERS:
        browser = signed_in(reader)
        opened = {no for no in city if (await browser.get(f"/hotline/tickets/{no}")).status_code == 200}
        assert await found_by(reader, "小区停水两天") == opened, reader.name
        assert await found_by(reader, "江北区云谷路") <= opened, f"{reader.name}: by the address"
        assert await found_by(reader, "抢修完毕") <= opened, f"{reader.name}: by the reply"
        cells += len(city)
    print(f"{len(city)} tickets x {len(READERS)} readers = {cells} cells")
    assert cells == len(city) * len(READERS)


async def test_everyone_finds_the_released_answers_and_no_word_of_the_callers(city: list[str]) -> None:
    public = await found_by(f.NOBODY, "小区停水两天", "faq")
    assert public, "nothing was released: the test would prove nothing"
    for ticket in await Ticket.filter(no__in=public):
        assert ticket.state in (TicketState.CLOSED, TicketState.ARCH)
    for reader in READERS:
        assert await found_by(reader, "小区停水两天", "faq") == public
    assert await found_by(f.NOBODY, "云谷路 66 号", "faq") == set()
    assert await found_by(f.NOBODY, "张三", "faq") == set()


async def test_what_is_recalled_is_gone_from_the_agencys_search_before_the_index_hears_of_it(city: list[str]) -> None:
    ticket = await Ticket.filter(no__in=city, state=TicketState.DISP).first()
    assert ticket is not None
    assert ticket.no in await found_by(f.LIAISON, "小区停水两天")

    await actions.recall(ticket, forms.Recall(reason="派错单位，请重派"), **way(ticket, f.DISPATCHER))

    assert ticket.no not in await found_by(f.LIAISON, "小区停水两天")
