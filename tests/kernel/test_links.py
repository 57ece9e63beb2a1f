"""Links: each end is seen by who may see it, and nobody else learns that it is there."""

import pytest

from kernel.errors import NotAllowed, NotFound
from kernel.links import actions, queries
from kernel.links.models import LinkRow, LinkType
from tests.factories import CITIZEN, DISPATCHER, HANDLER, NOBODY, NOW, REVIEWER, a_dispatched_ticket, a_ticket


@pytest.mark.usefixtures("database")
async def test_both_ends_tell_the_link_in_their_own_words_and_twice_is_once() -> None:
    first, second = await a_ticket(), await a_ticket()
    for _ in range(2):
        await actions.tie(second.ref, LinkType.DUPLICATE_OF, first.ref, by=DISPATCHER, at=NOW)
    assert await LinkRow.all().count() == 1
    assert [(tie.words, tie.no) for tie in await queries.of(second.ref, REVIEWER)] == [("重复于", first.no)]
    assert [(tie.words, tie.no) for tie in await queries.of(first.ref, REVIEWER)] == [("有重复件", second.no)]


@pytest.mark.usefixtures("database")
async def test_an_end_that_somebody_may_not_see_is_not_there_for_them() -> None:
    theirs, hidden = await a_dispatched_ticket(), await a_ticket()
    await actions.tie(hidden.ref, LinkType.FOLLOWS, theirs.ref, by=DISPATCHER, at=NOW)
    assert await queries.of(theirs.ref, HANDLER) == []
    for ref in (hidden.ref, "ticket:none", "nothing:1", ""):
        with pytest.raises(NotFound):
            await queries.of(ref, HANDLER)
    with pytest.raises(NotFound):
        await actions.tie(theirs.ref, LinkType.CORRECTS, hidden.ref, by=HANDLER, at=NOW)
    with pytest.raises(NotFound):
        await actions.cut((await LinkRow.get()).id, by=HANDLER, at=NOW)


@pytest.mark.usefixtures("database")
async def test_links_make_no_circle_and_outsiders_make_none() -> None:
    one, two, three = await a_ticket(), await a_ticket(), await a_ticket()
    await actions.tie(one.ref, LinkType.DUPLICATE_OF, two.ref, by=DISPATCHER, at=NOW)
    await actions.tie(two.ref, LinkType.DUPLICATE_OF, three.ref, by=DISPATCHER, at=NOW)
    for end in (one, two, three):
        with pytest.raises(actions.ToItself):
            await actions.tie(three.ref, LinkType.DUPLICATE_OF, end.ref, by=DISPATCHER, at=NOW)
    for person in (CITIZEN, NOBODY):
        with pytest.raises(NotAllowed):
            await actions.tie(one.ref, LinkType.FOLLOWS, two.ref, by=person, at=NOW)


@pytest.mark.usefixtures("database")
async def test_a_cut_link_is_gone_from_pages_and_stays_on_record() -> None:
    first, second = await a_ticket(), await a_ticket()
    row = await actions.tie(second.ref, LinkType.FOLLOWS, first.ref, by=DISPATCHER, at=NOW)
    await actions.cut(row.id, by=DISPATCHER, at=NOW)
    assert await queries.of(first.ref, DISPATCHER) == []
    assert (await LinkRow.get(id=row.id)).cut_by == DISPATCHER.id
