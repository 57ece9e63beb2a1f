"""不予受理 by two people (T05): the operator proposes while the caller is on the line, the shift lead decides."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient

from hotline import consumers
from hotline.desks import actions as desks
from hotline.desks.forms import NewCall
from hotline.refusals import queries as refusals
from hotline.refusals.models import Refusing
from hotline.refusals.wording import WORDS_MAX, noted, words_of
from hotline.tickets import actions, forms, queries, searchable
from hotline.tickets.forms import NOTE_MAX, Ground
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.clocks.models import Clock
from kernel.inbox.models import Message
from kernel.journal import Sealed
from kernel.models import Event
from kernel.people.models import Account, AccountKind, Grant
from kernel.permissions import Actor
from tests import factories as f
from tests.conftest import Client
from tests.hotline.test_desk import TYPED, batch_lines, newest, register, token
from tests.hotline.test_life_of_a_ticket import nothing_differs

pytestmark = pytest.mark.usefixtures("database")
WORDS = "对判决不服的，请依法上诉或申请再审。"
DOUBT = {"ground": "legal_channel", "words": WORDS}


async def a_doubted(*, by: Actor = f.OPERATOR, at: datetime = f.NOW, **given: str) -> Ticket:
    call = NewCall.check(TYPED | DOUBT | given)
    ticket, _ = await desks.take(call, no=await actions.draw_number(at), region=f.CITY, by=by, at=at)
    return ticket


async def waiting(lead: AsyncClient) -> list[str]:
    page = (await lead.get("/hotline/refusing")).text
    rows = re.findall(r"<tr data-row.*?</tr>", page, re.DOTALL)
    assert f'<span class="n">{len(rows)}</span></h1>' in page
    return [no for row in rows for no in re.findall(r"no=([\d-]+)#one", row)]


async def decide(lead: AsyncClient, ticket: Ticket, move: str) -> str:
    """Press the button as it stands there: what the form holds is sent as it is."""
    page = (await lead.get(f"/hotline/refusing?no={ticket.no}")).text
    form = re.findall(rf"<form[^>]*/{ticket.no}/{move}\".*?</form>", page, re.DOTALL)[0]
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    sent |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)<', form))
    if move == "refuse":
        [sent["ground"]] = re.findall(r'<option value="(\w+)" selected', form)
    answer = await lead.post(f"/hotline/tickets/{ticket.no}/{move}", data=sent)
    return str(answer.headers.get("location", answer.text))


async def test_what_an_operator_proposes_to_refuse_waits_registered_while_its_dispatch_clock_runs(
    signed_in: Client,
) -> None:
    shown = await register(signed_in(f.OPERATOR), **TYPED | DOUBT)
    ticket = await newest()
    assert ticket.state == "reg", "as complete as it is, nobody dispatches it by itself"
    assert "等值班长决定" in shown.text
    assert (await Clock.get(subject=ticket.ref, step="dispatch")).running
    *_, note = await journal.entries(ticket)
    assert (note.move, note.facts["internal"], note.actor_id) == ("note", True, f.OPERATOR.id)
    assert WORDS not in str(note.facts)
    told = await journal.unsealed(ticket.ref, "text")
    assert told == noted(Ground.LEGAL_CHANNEL, WORDS)
    await nothing_differs()


async def test_neither_caller_nor_index_learns_that_a_refusal_is_proposed(signed_in: Client) -> None:
    shown = await register(signed_in(f.OPERATOR), **TYPED | DOUBT)
    ticket, [code] = await newest(), re.findall(r'code-line">([A-Z2-7-]+)<', shown.text)
    stranger = signed_in(f.NOBODY)
    sent = await token(stranger, "/hotline/track") | {"no": ticket.no, "code": code}
    page = await stranger.post("/hotline/track", data=sent)
    told = await stranger.get(f"/api/v1/track/{ticket.no}", headers={"X-Query-Code": code})
    assert (page.status_code, told.status_code) in {(200, 200), (303, 200)}
    for text in (page.text, told.text):
        assert "不予受理" not in text
        assert WORDS not in text
    [document] = await searchable.documents([ticket.ref])
    assert WORDS not in document.body


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"ground": "legal_channel"}, "请写明告知诉求人的内容"),
        ({"words": WORDS}, "请选择不予受理的理由"),
        ({"then": "refusing"}, "请选择不予受理的理由"),
        ({"ground": "because", "words": WORDS}, "请从列出的选项中选择不予受理的理由"),
        (DOUBT | {"words": "不行"}, "告知诉求人的内容至少 4 个字"),
        (DOUBT | {"type": "consult", "answer": "请到法院咨询。"}, "请清空其中一项"),
        (DOUBT | {"into": "12345-20260101-000001-0"}, "请清空其中一项"),
    ],
)
async def test_a_half_told_proposal_registers_nothing_and_keeps_every_word(
    signed_in: Client, sent: dict[str, str], says: str
) -> None:
    refused = await register(signed_in(f.OPERATOR), **TYPED | sent)
    assert (refused.status_code, says in refused.text) == (422, True)
    assert TYPED["content"] in refused.text
    assert f">{sent['words']}</textarea>" in refused.text if "words" in sent else True
    assert await queries.following(0, 10) == []


async def test_who_is_in_danger_is_handed_over_whatever_was_doubted_before(signed_in: Client) -> None:
    await register(signed_in(f.OPERATOR), **TYPED | DOUBT | {"then": "120"})
    assert (await newest()).state == "xfer"
    assert await Refusing.all() == []


async def test_the_shift_lead_has_an_inbox_of_proposals_by_their_deadline(signed_in: Client) -> None:
    later = await a_doubted(at=f.NOW + timedelta(hours=1))
    first = await a_doubted()
    await f.a_ticket_in("reg")
    lead = signed_in(f.SHIFT_LEAD)
    assert await waiting(lead) == [first.no, later.no]
    page = (await lead.get(f"/hotline/refusing?no={first.no}")).text
    assert f">{WORDS}</textarea>" in page
    assert '<option value="legal_channel" selected>' in page
    for other in (f.OPERATOR, f.DISPATCHER, f.MANAGER):
        assert (await signed_in(other).get("/hotline/refusing")).status_code == 403
    seen = (await signed_in(f.DISPATCHER).get(f"/hotline/tickets/{first.no}")).text
    assert "待值班长决定" in seen, "who might dispatch it meanwhile reads what is doubted"
    assert WORDS in seen


async def test_shift_leads_are_told_of_a_proposal_and_of_no_other_note() -> None:
    for number, role in ((f.SHIFT_LEAD.id, "shift_lead"), (f.OPERATOR.id, "operator")):
        await Account.create(id=number, username=role, name=role, kind=AccountKind.STAFF, created_at=f.NOW)
        await Grant.create(account_id=number, role=role, scope=f.CITY)
    ticket = await a_doubted()
    await actions.note(ticket, forms.Note(text=Sealed("来电人又打来一次。")), **f.way(ticket, f.OPERATOR))
    for event in await Event.filter(subject=ticket.ref, topic="ticket.note"):
        await consumers.tell(event)
    told = await Message.all().values_list("account_id", "title")
    assert told == [(f.SHIFT_LEAD.id, f"拟不予受理，待决定：{TYPED['title']}")]


async def test_the_shift_lead_agrees_with_one_button_and_a_review_does_not_bring_the_proposal_back(
    signed_in: Client,
) -> None:
    ticket, lead = await a_doubted(), signed_in(f.SHIFT_LEAD)
    assert await decide(lead, ticket, "refuse") == "/hotline/refusing"
    await ticket.refresh_from_db()
    assert (ticket.state, ticket.ground) == ("refused", "legal_channel")
    assert await journal.unsealed(ticket.ref, "text") == WORDS
    assert await waiting(lead) == []
    await actions.uphold(ticket, f.WHY, **f.way(ticket, f.MANAGER, datetime.now(UTC)))
    assert ticket.state == "reg"
    assert await waiting(lead) == []
    await nothing_differs()


async def test_the_shift_lead_disagrees_and_the_ticket_waits_for_dispatch(signed_in: Client) -> None:
    ticket, lead = await a_doubted(), signed_in(f.SHIFT_LEAD)
    due = ticket.due_at
    assert await decide(lead, ticket, "queue") == "/hotline/refusing"
    await ticket.refresh_from_db()
    assert (ticket.state, ticket.due_at) == ("pdisp", due)
    assert await waiting(lead) == []
    *_, moved = await journal.entries(ticket)
    assert (moved.move, moved.actor_id) == ("queue", f.SHIFT_LEAD.id)


async def test_who_disagrees_about_a_matter_without_a_place_is_asked_for_it(signed_in: Client) -> None:
    ticket, lead = await a_doubted(address=""), signed_in(f.SHIFT_LEAD)
    assert "地点还没有写明" in await decide(lead, ticket, "queue")
    await actions.queue(ticket, forms.Elements(address=Sealed("滨江大道 8 号")), **f.way(ticket, f.SHIFT_LEAD))
    assert await waiting(lead) == []


async def test_a_dispatcher_may_dispatch_meanwhile_by_choice_and_never_in_a_batch(signed_in: Client) -> None:
    ticket = await a_doubted(advised="SW")
    assert 'name="row"' not in await batch_lines(signed_in, ticket)
    await actions.dispatch(ticket, f.DISPATCH, **f.way(ticket, f.DISPATCHER))
    assert ticket.state == "disp"
    assert await waiting(signed_in(f.SHIFT_LEAD)) == []


async def test_who_decides_on_refusals_does_not_propose_one(signed_in: Client) -> None:
    shown = await register(signed_in(f.SHIFT_LEAD), **TYPED | DOUBT | {"then": "refusing"})
    ticket = await newest()
    assert (ticket.state, ticket.ground) == ("refused", "legal_channel")
    assert "不予受理" in shown.text
    assert "等值班长决定" not in shown.text
    assert await Refusing.all() == []


async def test_a_proposal_is_kept_in_the_draft_until_it_is_registered(signed_in: Client) -> None:
    operator = signed_in(f.OPERATOR)
    kept = await operator.post("/api/v1/drafts", json={"place": "new", "fields": TYPED | DOUBT})
    assert kept.status_code == 200
    page = (await operator.get("/hotline/new")).text
    assert f">{WORDS}</textarea>" in page
    assert '<option value="legal_channel" selected>' in page


@pytest.mark.parametrize("ground", list(Ground))
def test_every_ground_fits_into_the_note_with_the_longest_words(ground: Ground) -> None:
    words = "请" * WORDS_MAX
    assert len(noted(ground, words)) <= NOTE_MAX
    assert words_of(noted(ground, words + "\n二")) == words + "\n二"


async def test_proposals_are_cleared_after_a_year_and_the_story_stays() -> None:
    ticket = await a_doubted()
    assert await refusals.clear(f.NOW, 10) == 0
    assert await refusals.clear(f.NOW + timedelta(seconds=1), 10) == 1
    assert await journal.unsealed(ticket.ref, "text") == noted(Ground.LEGAL_CHANNEL, WORDS)
