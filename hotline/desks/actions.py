"""One step at the desk is often several verbs: each is the ticket's own, all of them stand or fall together."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from hotline.calls import actions as calls
from hotline.desks import forms, queries
from hotline.desks.models import Advice, View
from hotline.drafts import actions as drafts
from hotline.permissions import P
from hotline.refusals import actions as refusals
from hotline.refusals.wording import noted
from hotline.tickets import actions
from hotline.tickets import forms as facts
from hotline.tickets.models import Assignment, Ticket
from kernel.database import transaction
from kernel.errors import FormRejected, Refusal
from kernel.journal import Sealed, clear
from kernel.lifecycle import Nothing, Way
from kernel.people.queries import active_organisation
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one row of a batch; `problem` empty: it was done."""

    no: str
    title: str
    problem: str


async def take(form: forms.NewCall, *, no: str, region: str, by: Actor, at: datetime) -> tuple[Ticket, str]:
    """Registered; then handed over, answered, joined or doubted, as the form says. The draft is gone in the same
    transaction."""
    async with transaction():
        ticket, code = await actions.register(form.facts(), no=no, region=region, by=by, at=at)
        if form.then in forms.EMERGENCY:
            await actions.transfer(ticket, facts.Transfer.check({"to": form.then}), **_seen(ticket, by, at))
        elif form.answer:
            told = facts.Answer(answer=form.answer, article=form.article)
            await actions.answer_directly(ticket, told, **_seen(ticket, by, at))
        elif form.into:
            await actions.merge(ticket, facts.Merge(into=form.into), **_seen(ticket, by, at))
        elif form.ground and form.words:
            await _doubt(ticket, form.ground, form.words, by=by, at=at)
        if form.advised:
            await _advise(ticket, form.advised, by=by, at=at)
        if form.call:
            await calls.became(form.call, ticket.no, at=at)
        await drafts.erase(form.place, by=by)
    return ticket, code


async def accept(chosen: Sequence[tuple[Ticket, int, str, str]], *, by: Actor, at: datetime) -> list[Done]:
    """Each on its own: one that somebody else has dispatched meanwhile holds up none of the others."""
    done = []
    for ticket, version, agency, basis in chosen:
        told = facts.Dispatch(lead=agency, basis=basis)
        done.append(await _one(ticket.no, ticket.title, actions.dispatch(ticket, told, by=by, at=at, version=version)))
    return done


async def sign_all(shares: Sequence[Assignment], *, by: Actor, at: datetime) -> list[Done]:
    return [
        await _one(share.no, share.ticket.title, actions.sign(share, Nothing(), **_seen(share, by, at)))
        for share in shares
    ]


async def keep_view(form: forms.NewView, *, by: Actor, at: datetime) -> None:
    if len(await queries.views(by, form.desk)) >= queries.VIEWS_MAX:
        raise FormRejected({"label": f"每个工作台最多存 {queries.VIEWS_MAX} 个常用筛选，请先删去一个。"})
    query = {name: value for name, value in (("show", form.show), ("q", form.q)) if value}
    await View.update_or_create(
        account_id=by.id, desk=form.desk, label=form.label, defaults={"query": urlencode(query), "at": at}
    )


async def drop_view(view: int, *, by: Actor) -> None:
    await queries.views_of(by).filter(id=view).delete()


async def _doubt(ticket: Ticket, ground: facts.Ground, words: Sealed, *, by: Actor, at: datetime) -> None:
    """T05: who registers proposes, the shift lead decides; who is both does it in one step."""
    if await ticket.may(P.TICKET_REFUSE, by):
        await actions.refuse(ticket, facts.Refuse(ground=ground, text=words), **_seen(ticket, by, at))
        return
    note = facts.Note(text=Sealed(noted(ground, clear(words))), internal=True)
    await actions.note(ticket, note, **_seen(ticket, by, at))
    await refusals.propose(ticket.no, ground, seq=ticket.version, by=by, at=at)


async def _advise(ticket: Ticket, agency: str, *, by: Actor, at: datetime) -> None:
    if await active_organisation(agency) is None:
        raise FormRejected({"advised": "没有这个单位，或它已停用，请另选建议承办单位。"})
    await Advice.create(ticket=ticket.no, agency=agency, by_id=by.id, at=at)


async def _one(no: str, title: str, verb: Awaitable[object]) -> Done:
    try:
        await verb
    except Refusal as refusal:
        said = "".join(refusal.fields.values()) if isinstance(refusal, FormRejected) else str(refusal)
        return Done(no, title, said)
    return Done(no, title, "")


def _seen(thing: Ticket | Assignment, by: Actor, at: datetime) -> Way:
    return Way(by=by, at=at, version=thing.version)
