"""Access is decided under the lock, about the thing as it is then: row AC04."""

import pytest

from hotline.tickets import actions
from hotline.tickets.models import Assignment
from kernel.errors import Refusal
from kernel.lifecycle import Nothing
from kernel.people.models import Organisation
from tests import factories as f

pytestmark = pytest.mark.usefixtures("database")


async def test_ac04_who_read_a_thing_and_lost_it_meanwhile_moves_nothing() -> None:
    ticket = await f.a_dispatched_ticket()
    seen = await f.share_of(ticket)
    old = await Assignment.get(id=seen.id)
    await actions.recall(ticket, f.BACK, **f.way(ticket, f.DISPATCHER))
    with pytest.raises(Refusal) as refused:
        await actions.sign(old, Nothing(), **f.way(old, f.LIAISON))
    assert refused.value.status in (403, 409)
    assert (await f.share_of(ticket)).state.value == "a_recall"


async def test_ac04_a_thing_that_became_another_agencys_is_refused_to_who_had_it() -> None:
    ticket = await f.a_dispatched_ticket()
    seen = await f.share_of(ticket)
    housing = await Organisation.get(code="ZJ")
    await Assignment.filter(id=seen.id).update(agency_id=housing.id)
    with pytest.raises(Refusal) as refused:
        await actions.sign(seen, Nothing(), **f.way(seen, f.LIAISON))
    assert refused.value.status == 403
