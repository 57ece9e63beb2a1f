"""我的事项: what a citizen or company has under way with the hotline."""

from datetime import datetime

from hotline.tickets import queries
from hotline.tickets.states import OPEN, TicketState
from kernel.calendar import current
from kernel.clocks import queries as clock_queries
from kernel.clocks.words import remaining
from kernel.module import Affair
from kernel.permissions import Actor

NOTES = {
    TicketState.REG: "已收到，话务员正在核对",
    TicketState.PDISP: "等待派给承办单位",
    TicketState.DISP: "已派给承办单位，等待签收",
    TicketState.HAND: "承办单位办理中",
    TicketState.REVIEW: "承办单位已答复，热线正在审核",
    TicketState.VISIT: "已答复，等待回访",
    TicketState.DIRECT: "已直接答复",
    TicketState.CLOSED: "已办结",
    TicketState.ARCH: "已归档",
    TicketState.WDRAWN: "您已撤回",
    TicketState.DISPUTE: "承办单位提出异议，热线正在裁决由谁办",
    TicketState.LONG: "一时办不了，已列入跟踪，到期回复您",
    TicketState.MERGED: "已并入同一件事，一起办理，分别答复",
    TicketState.REFUSED: "不予受理，可以申请一次复核",
    TicketState.XFER: "已转应急或外部平台处理",
}


async def of_person(actor: Actor, at: datetime) -> list[Affair]:
    """Newest first, each with the clock that runs for the caller (对诉求人的总时限)."""
    tickets, calendar = await queries.of_owner(actor), await current()
    clocks = await clock_queries.totals([ticket.ref for ticket in tickets])
    return [
        Affair(
            title=ticket.title,
            url=f"/hotline/tickets/{ticket.no}",
            no=ticket.no,
            state=ticket.state.label,
            note=NOTES[ticket.state],
            clock=remaining(clocks[ticket.ref], calendar, at)
            if ticket.ref in clocks and ticket.state in OPEN
            else None,
            at=ticket.registered_at,
        )
        for ticket in tickets
    ]
