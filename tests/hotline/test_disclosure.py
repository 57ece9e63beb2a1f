"""Who may learn the caller's number at which stage: every stage and every role."""

import pytest

from hotline.tickets import disclosure
from hotline.tickets.disclosure import HIDDEN
from kernel.models import View
from kernel.watch import queries as watch
from kernel.watch.forms import Leak
from tests import factories as f
from tests.conftest import Client
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


# ---- 谁看过


@pytest.mark.parametrize("path", ["/hotline/tickets/{no}", "/api/v1/tickets/{no}", "/hotline/agency"])
async def test_whoever_opens_a_confidential_ticket_is_on_record_and_found_after_a_leak(
    signed_in: Client, path: str
) -> None:
    secret, plain = await a_ticket_in("a_signed", secrecy="confidential"), await a_ticket_in("a_signed")
    handler, address = signed_in(f.HANDLER), path.format(no=secret.no)
    for _ in range(2):
        assert (await handler.get(address)).status_code == 200
    await handler.get(f"/hotline/tickets/{plain.no}")
    (look,) = await View.all()
    assert (look.subject, look.field, look.actor_id) == (secret.ref, "content", f.HANDLER.id), "once in ten minutes"
    (found,) = await watch.leaked(Leak(passage=secret.no))
    assert found.id == look.id


async def test_their_own_words_are_shown_to_callers_without_a_record(signed_in: Client) -> None:
    secret = await a_ticket_in("a_signed", by=f.CITIZEN, channel="web", secrecy="confidential")
    assert (await signed_in(f.CITIZEN).get(f"/hotline/tickets/{secret.no}")).status_code == 200
    assert not await View.all()


async def test_a_head_is_told_that_only_looks_of_their_own_people_are_listed(signed_in: Client) -> None:
    secret = await a_ticket_in("a_signed", secrecy="confidential")
    await signed_in(f.OPERATOR).get(f"/hotline/tickets/{secret.no}")
    seen = f"/seen/ticket/{secret.no}"
    assert "本单位没有人看过" in (await signed_in(f.LEADER).get(seen)).text
