"""Who is told of what in the inbox (消息). The event's id is the key, so a second delivery tells nobody twice."""

from hotline.permissions import P
from hotline.tickets import queries
from hotline.tickets.models import Assignment, Ticket
from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer

TO_AGENCY = {
    "assignment.assign": ("新工单待签收", P.ASSIGNMENT_SIGN),
    "assignment.fix": ("答复被退回，请补办", P.ASSIGNMENT_REPLY),
    "assignment.begin_redo": ("工单发回重办", P.ASSIGNMENT_REPLY),
    "assignment.go_on": ("诉求人已补充，恢复计时", P.ASSIGNMENT_REPLY),
    "assignment.take_back": ("工单已收回", P.ASSIGNMENT_SIGN),
    "assignment.alarm": ("承办时限提醒", P.ASSIGNMENT_REPLY),
}
TO_CENTRE = {"ticket.submit": ("答复待审核", P.TICKET_REVIEW), "ticket.redo": ("已发回重办", P.TICKET_VISIT)}
TO_CALLER = {
    "ticket.dispatch": "您的诉求已派给承办单位",
    "ticket.wait": "承办单位请您补充情况，请打开工单答复",
    "ticket.settle": "您的咨询已答复",
    "ticket.review": "承办单位的答复已审核",
    "ticket.close": "您的诉求已办结",
}
ALARM_FOR = {
    "reg": P.TICKET_DISPATCH, "pdisp": P.TICKET_DISPATCH, "disp": P.TICKET_DISPATCH, "hand": P.TICKET_DISPATCH,
    "review": P.TICKET_REVIEW, "visit": P.TICKET_VISIT,
}  # fmt: skip


async def tell(event: Event) -> None:
    kind, no = kind_of(event.subject)
    thing = await kind.load(no)
    if isinstance(thing, Assignment):
        await _tell_agency(event, thing)
    else:
        await _tell_centre(event, thing)
        await _tell_caller(event, thing)


async def _tell_agency(event: Event, share: Assignment) -> None:
    if event.topic in TO_AGENCY:
        title, permission = TO_AGENCY[event.topic]
        await share.fetch_related("ticket", "agency")
        await inbox.tell_holders(
            permission, share.agency.path, event=event, title=f"{title}：{share.ticket.title}", url=_url(share.ticket)
        )


async def _tell_centre(event: Event, ticket: Ticket) -> None:
    if event.topic in TO_CENTRE:
        title, permission = TO_CENTRE[event.topic]
        await inbox.tell_holders(
            permission, ticket.region_path, event=event, title=f"{title}：{ticket.title}", url=_url(ticket)
        )
    if event.topic == "ticket.alarm" and ticket.state in ALARM_FOR:
        permission = ALARM_FOR[ticket.state]
        title = f"时限提醒（{ticket.state.label}）：{ticket.title}"
        await inbox.tell_holders(permission, ticket.region_path, event=event, title=title, url=_url(ticket))
    if event.topic in {"ticket.urge", "ticket.note"}:
        await _tell_all_shares(event, ticket)


async def _tell_all_shares(event: Event, ticket: Ticket) -> None:
    """An urge goes to who handles it; a draft reply left as a note goes to the leader who signs."""
    permission = P.ASSIGNMENT_REPLY if event.topic == "ticket.urge" else P.ASSIGNMENT_SIGN_OFF
    title = "诉求人催办" if event.topic == "ticket.urge" else "工单有新备注"
    if event.topic == "ticket.note" and not ticket.grave:
        return
    for share in await queries.open_shares(ticket):
        await inbox.tell_holders(
            permission, share.agency.path, event=event, title=f"{title}：{ticket.title}", url=_url(ticket)
        )


async def _tell_caller(event: Event, ticket: Ticket) -> None:
    if event.topic in TO_CALLER and ticket.owner_id is not None:
        await inbox.tell([ticket.owner_id], event=event, title=TO_CALLER[event.topic], url=_url(ticket))


def _url(ticket: Ticket) -> str:
    return f"/hotline/tickets/{ticket.no}"


TOPICS = (*TO_AGENCY, *TO_CENTRE, *TO_CALLER, "ticket.alarm", "ticket.urge", "ticket.note")
TELL = Consumer(name="hotline.tell", topics=TOPICS, handle=tell)
