"""What an exchange says is taken in; what an operator says of a call is written beside it."""

from datetime import datetime

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from hotline.calls import queries
from hotline.calls.forms import Ending, Push
from hotline.calls.forms import Handover as Note
from hotline.calls.models import MEASURED, Call, CallTicket, Handover
from hotline.tickets.phones import signalled
from hotline.tickets.rules import phone_index
from kernel import outbox, secrets
from kernel.database import transaction
from kernel.errors import NotFound
from kernel.people.queries import by_username
from kernel.permissions import Actor

MOMENT = {"newCall": "offered_at", "answer": "answered_at", "hangup": "hangup_at"}


async def take(push: Push, *, said_at: datetime) -> Call:
    """One event of a call. Repeated or out of order, the earliest word of each event counts, and none undoes another:
    an `answer` after the `hangup` makes the call an answered one, but it doesn't ring again."""
    moment = MOMENT[push.event]
    agent = await by_username(push.user) if push.user else None
    async with transaction():
        call, is_new = await _known(push, said_at)
        ours = queries.of_exchange(call.cti_id)
        is_news = await ours.filter(queries.before(moment, said_at)).update(**{moment: said_at})
        if is_news or (is_new and push.event == "newCall"):
            await outbox.publish(f"call.{push.event}", f"call:{call.id}", 0, said_at)
        if push.event == "hangup" and push.cause:
            await ours.filter(cause="").update(cause=push.cause)
        if push.event == "hangup" and push.rating is not None:
            await ours.filter(level=None).update(level=push.rating)
        if agent and agent.active and push.event != "hangup":
            # who answers has it; a later ring at another seat doesn't take it away
            free = ours if push.event == "answer" else ours.filter(answered_at=None)
            await free.update(agent_id=agent.id)
        if call.phone_index and not call.inbound and push.event == "answer":
            settled = await queries.missed_of(call.phone_index, said_at).values_list("id", flat=True)
            await queries.those(settled).update(called_back_at=said_at, outcome=Ending.CALLED_BACK)
            await _measure(queries.those(settled))
        await _measure(ours)
    return await ours.get()


async def _measure(calls: QuerySet[Call]) -> None:
    for call in await calls.all():  # a copy: what is asked here stays with this transaction
        call.measure()
        await call.save(update_fields=[*MEASURED])


async def _known(push: Push, said_at: datetime) -> tuple[Call, bool]:
    """The call's row, and whether it is a new one; two pushes that come at once make one."""
    phone = push.other_side
    call = Call(cti_id=push.call_id, inbound=push.direction == "in", offered_at=said_at, queue=push.queue)
    call.dnis = (signalled(push.to) or push.to)[:40] if call.inbound else ""
    if phone:
        call.phone, call.phone_index = secrets.seal(phone, **call.sealed["phone"](call)), phone_index(phone)
    if known := await queries.of_exchange(push.call_id).first():
        return known, False
    try:
        async with transaction():
            await call.save()
    except IntegrityError:
        return await queries.of_exchange(push.call_id).get(), False
    return call, True


async def dispose(call: Call, outcome: Ending, *, by: Actor, at: datetime, reason: str = "") -> None:
    """来电结果: silence, a prank, a wrong number, served; of a missed one that it was called back, as were the others
    of that number."""
    if call.phone_index and call.inbound and call.answered_at is None and call.hangup_at is not None:
        waiting = queries.missed_of(call.phone_index, at).filter(outcome=None).exclude(id=call.id)
        others = await waiting.values_list("id", flat=True)
        back = {"called_back_at": at} if outcome is Ending.CALLED_BACK else {}
        await queries.those(others).update(outcome=outcome, agent_id=by.id, wrapped_at=at, **back)
        await _measure(queries.those(others))
    call.outcome, call.agent_id = outcome, call.agent_id or by.id
    call.reason = secrets.seal(reason, **call.sealed["reason"](call)) if reason else None
    if outcome is Ending.CALLED_BACK and call.called_back_at is None:
        call.called_back_at = at
    call.wrapped_at = at
    call.measure()
    await call.save(update_fields=["outcome", "agent_id", "called_back_at", "reason", "wrapped_at", *MEASURED])


async def became(call: int, ticket: str, *, at: datetime) -> None:
    """In the transaction that registers the ticket; with the last of them the work after the call (话后) is done."""
    await CallTicket.create(call_id=call, ticket=ticket, at=at)
    await queries.those([call]).update(wrapped_at=at)
    await _measure(queries.those([call]))


async def hand_over(facts: Note, *, by: Actor, at: datetime) -> Handover:
    """The note keeps how many calls waited then; what waits now is on the list."""
    row = Handover(by_id=by.id, by_name=by.name, at=at, open_calls=len(await queries.missed(at)))
    row.note = secrets.seal(facts.note, **row.sealed["note"](row))
    await row.save()
    return row


async def confirm(handover: int, *, by: Actor, at: datetime) -> None:
    """By another person, once. Raises NotFound for one's own and for one that somebody has confirmed."""
    theirs = queries.to_confirm(handover).exclude(by_id=by.id)
    if not await theirs.update(confirmed_by_id=by.id, confirmed_by_name=by.name, confirmed_at=at):
        raise NotFound(what="等您确认的交接记录")
