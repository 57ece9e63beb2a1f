"""Who may learn the caller's number at which stage: every stage and every role."""

import pytest

from hotline.tickets import disclosure
from hotline.tickets.disclosure import HIDDEN
from tests import factories as f
from tests.factories import a_ticket_in

STAGES = ("reg", "pdisp", "a_new", "a_signed", "a_replied", "a_fix", "a_done", "closed", "arch", "a_recall", "wdrawn")
SIGNED = {"a_signed", "a_replied", "a_fix", "a_done", "closed", "arch"}
DESKS = (f.OPERATOR, f.SHIFT_LEAD, f.VISITOR)
AGENCY = (f.LIAISON, f.HANDLER, f.LEADER)
NEVER = (f.DISPATCHER, f.REVIEWER, f.SUPERVISOR, f.ADJUDICATOR, f.MANAGER, f.HOUSING, f.STRANGER, f.NEIGHBOUR)


@pytest.mark.parametrize("secrecy", ["plain", "anonymous", "confidential"])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.usefixtures("database")
async def test_the_number_opens_for_the_desks_and_after_signing_for_the_agency_that_has_it(
    stage: str, secrecy: str
) -> None:
    ticket = await a_ticket_in(stage, secrecy=secrecy)
    wanted = {actor.name: True for actor in DESKS} | {actor.name: False for actor in NEVER}
    wanted |= {actor.name: stage in SIGNED and secrecy == "plain" for actor in AGENCY}
    actors = (*DESKS, *AGENCY, *NEVER)
    assert {actor.name: await disclosure.may_reveal(ticket, actor) for actor in actors} == wanted
    for actor in AGENCY:
        shown = await disclosure.caller(ticket, actor)
        assert shown.phone == ("139****2206" if secrecy == "plain" else HIDDEN)
        assert "13900002206" not in (shown.phone, shown.name)
