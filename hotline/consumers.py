"""Who is told of what in the inbox (消息). The event's id is the key, so a second delivery tells nobody twice."""

from hotline.permissions import P
from hotline.refusals import queries as refusals
from hotline.tickets import queries
from hotline.tickets.models import Assignment, Ticket
from kernel import journal
from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.messages.templates import Sort
from kernel.models import Event
from kernel.outbox import Consumer

TO_AGENCY = {
    "assignment.assign": ("新工单待签收", P.ASSIGNMENT_SIGN),
    "assignment.fix": ("答复被退回，请补办", P.ASSIGNMENT_REPLY),
    "assignment.begin_redo": ("工单发回重办", P.ASSIGNMENT_REPLY),
    "assignment.accept_silently": ("异议期已过，视为接受", P.ASSIGNMENT_REPLY),
    "assignment.rule_objection": ("异议已有裁决", P.ASSIGNMENT_OBJECT),
    "assignment.rule_extension": ("延期申请已批复", P.ASSIGNMENT_EXTEND),
    "assignment.rule_longer": ("疑难件、法定时限申请已批复", P.ASSIGNMENT_EXTEND),
    "assignment.pause": ("已批准中止计时", P.ASSIGNMENT_REPLY),
    "assignment.resume": ("已恢复计时", P.ASSIGNMENT_REPLY),
    "assignment.go_on": ("诉求人已补充，恢复计时", P.ASSIGNMENT_REPLY),
    "assignment.take_back": ("工单已收回", P.ASSIGNMENT_SIGN),
    "assignment.alarm": ("承办时限提醒", P.ASSIGNMENT_REPLY),
    "assignment.shift": ("工作日历调整，办理期限改变", P.ASSIGNMENT_REPLY),
}
TO_CENTRE = {
    "ticket.submit": ("答复待审核", P.TICKET_REVIEW),
    "ticket.redo": ("已发回重办", P.TICKET_VISIT),
    "ticket.dispute": ("异议待裁决", P.ASSIGNMENT_RULE),
    "ticket.give_back": ("异议成立，待重新派单", P.TICKET_DISPATCH),
    "ticket.supervise": ("已督办", P.TICKET_DISPATCH),
    "ticket.ask_review": ("诉求人申请复核不予受理", P.TICKET_UPHOLD),
}
ASKED_OF_CENTRE = {
    "assignment.extend": ("延期申请待批", P.ASSIGNMENT_RULE_EXTENSION),
    "assignment.ask_longer": ("疑难件、法定时限申请待批", P.ASSIGNMENT_RULE_LAST),
}
TO_CALLER = {
    "ticket.dispatch": "您的诉求已派给承办单位",
    "ticket.wait": "承办单位请您补充情况，请打开工单答复",
    "ticket.settle": "您的咨询已答复",
    "ticket.merge": "您的诉求已与同一事项并案办理，答复后单独回访您",
    "ticket.lengthen": "您的诉求经批准延期办理",
    "ticket.prolong": "您的诉求经批准按更长的时限办理，请看新的期限",
    "ticket.refuse": "您的诉求不予受理，请看告知内容；十五日内可以申请复核一次",
    "ticket.uphold": "复核后恢复受理您的诉求",
    "ticket.stand_by": "您申请的复核已有答复",
    "ticket.transfer": "您的诉求已转应急或外部平台",
    "ticket.answer_along": "承办单位已统一答复",
    "ticket.hold_long": "您的诉求需要时间，已列入跟踪",
    "ticket.reopen": "您的诉求已重开",
    "ticket.review": "承办单位的答复已审核",
    "ticket.close": "您的诉求已办结",
    "ticket.shift": "工作日历调整，您的诉求的办理期限改变",
    "ticket.conclude": "您的诉求已办结",
}
ALARM_FOR = {
    "reg": P.TICKET_DISPATCH, "pdisp": P.TICKET_DISPATCH, "disp": P.TICKET_DISPATCH, "hand": P.TICKET_DISPATCH,
    "review": P.TICKET_REVIEW, "visit": P.TICKET_VISIT, "dispute": P.ASSIGNMENT_RULE, "xfer": P.TICKET_ANSWER_ANY,
    "long": P.TICKET_FOLLOW_UP,
}  # fmt: skip
SHIFTS_TOLD = {"handle", "redo", "total"}  # of many clocks that a calendar moves, those that people plan by
REMINDED = {"warn", "due"}  # what rings later is a matter of supervision and has cards of its own


async def tell(event: Event) -> None:
    if event.topic.endswith(".alarm") and (await journal.entry_of(event)).facts["rung"] not in REMINDED:
        return
    if event.topic.endswith(".shift") and (await journal.entry_of(event)).facts["step"] not in SHIFTS_TOLD:
        return
    kind, no = kind_of(event.subject)
    thing = await kind.load(no)
    if isinstance(thing, Assignment):
        await _tell_agency(event, thing)
        if event.topic in ASKED_OF_CENTRE:
            await _ask_centre(event, thing)
    else:
        await _tell_centre(event, thing)
        await _tell_caller(event, thing)


async def _tell_agency(event: Event, share: Assignment) -> None:
    if event.topic in TO_AGENCY:
        title, permission = TO_AGENCY[event.topic]
        await share.fetch_related("ticket", "agency")
        await inbox.tell_holders(
            permission,
            share.agency.path,
            event=event,
            title=f"{title}：{share.ticket.title}",
            url=_url(share.ticket),
            label=share.ticket.label_needed,
        )


async def _ask_centre(event: Event, share: Assignment) -> None:
    """What an agency asks for is decided in the centre."""
    title, permission = ASKED_OF_CENTRE[event.topic]
    await share.fetch_related("ticket")
    said, label = f"{title}：{share.ticket.title}", share.ticket.label_needed
    url = _url(share.ticket)
    await inbox.tell_holders(permission, share.region_path, event=event, title=said, url=url, label=label)


async def _tell_centre(event: Event, ticket: Ticket) -> None:
    if (asked := await _asked_by_what_it_says(event, ticket)) is not None:
        title, permission = f"{asked[0]}：{ticket.title}", asked[1]
        label, url = ticket.label_needed, _url(ticket)
        await inbox.tell_holders(permission, ticket.region_path, event=event, title=title, url=url, label=label)
    if event.topic in TO_CENTRE:
        title, permission = TO_CENTRE[event.topic]
        await inbox.tell_holders(
            permission,
            ticket.region_path,
            event=event,
            title=f"{title}：{ticket.title}",
            url=_url(ticket),
            label=ticket.label_needed,
        )
    if event.topic == "ticket.alarm" and ticket.state in ALARM_FOR:
        permission = ALARM_FOR[ticket.state]
        said = "移交还没有回执，请打电话确认" if ticket.state == "xfer" else f"时限提醒（{ticket.state.label}）"
        title = f"{said}：{ticket.title}"
        label = ticket.label_needed
        await inbox.tell_holders(
            permission, ticket.region_path, event=event, title=title, url=_url(ticket), label=label
        )
    if event.topic in {"ticket.urge", "ticket.note"}:
        await _tell_all_shares(event, ticket)


async def _asked_by_what_it_says(event: Event, ticket: Ticket) -> tuple[str, P] | None:
    """Not every rating, withdrawal or note is somebody's work."""
    if event.topic == "ticket.note" and ticket.state == "reg" and await refusals.is_proposal(ticket.no, event.seq):
        return "拟不予受理，待决定", P.TICKET_REFUSE
    if event.topic == "ticket.self_rate" and ticket.state == "visit":
        return "诉求人自评，待回访处理", P.TICKET_VISIT
    if event.topic == "ticket.withdraw" and ticket.check_withdrawal:
        return "撤诉抽查，请回访诉求人", P.TICKET_VISIT
    if event.topic == "ticket.check_withdrawal" and (await journal.entry_of(event)).facts.get("pressed"):
        return "诉求人受压撤诉，请核查", P.TICKET_SUPERVISE
    return None


async def _tell_all_shares(event: Event, ticket: Ticket) -> None:
    """An urge goes to who handles it; a draft reply left as a note goes to the leader who signs."""
    permission = P.ASSIGNMENT_REPLY if event.topic == "ticket.urge" else P.ASSIGNMENT_SIGN_OFF
    title = "诉求人催办" if event.topic == "ticket.urge" else "工单有新备注"
    if event.topic == "ticket.note" and not ticket.grave:
        return
    for share in await queries.open_shares(ticket):
        await inbox.tell_holders(
            permission,
            share.agency.path,
            event=event,
            title=f"{title}：{ticket.title}",
            url=_url(ticket),
            label=ticket.label_needed,
        )


async def _tell_caller(event: Event, ticket: Ticket) -> None:
    if event.topic in TO_CALLER and ticket.owner_id is not None:
        said = TO_CALLER[event.topic]
        await inbox.tell([ticket.owner_id], event=event, title=said, url=_url(ticket), sort=Sort.AFFAIRS)


def _url(ticket: Ticket) -> str:
    return f"/hotline/tickets/{ticket.no}"


SOMETIMES = ("ticket.self_rate", "ticket.withdraw", "ticket.check_withdrawal")
TOPICS = (
    *TO_AGENCY,
    *TO_CENTRE,
    *ASKED_OF_CENTRE,
    *TO_CALLER,
    *SOMETIMES,
    "ticket.alarm",
    "ticket.urge",
    "ticket.note",
)
TELL = Consumer(name="hotline.tell", topics=TOPICS, handle=tell)
