"""What the hotline holds about a person, and what becomes of it when they ask for its deletion."""

from datetime import datetime, timedelta

from hotline.tickets import actions, queries
from hotline.tickets.forms import Restrict
from hotline.tickets.models import Ticket
from hotline.tickets.states import OPEN
from kernel import journal
from kernel.module import Left, PersonalData
from kernel.permissions import SYSTEM

ARCHIVED_FOR = timedelta(days=3653)  # 档案 10 年
CONTACT = ("caller_name", "caller_phone", "address")  # no more needed once the ticket has ended
LABELS = {
    "title": "标题", "content": "诉求内容", "caller_name": "姓名", "caller_phone": "电话", "address": "地址",
    "answer": "答复、补充", "body": "承办单位的答复", "text": "备注", "summary": "联系情况", "note": "回访记录",
    "reason": "撤诉原因", "question": "请补充的内容",
}  # fmt: skip


async def read(owner: int) -> list[dict[str, str]]:
    """Each ticket with all that its journal sealed about it."""
    found = []
    for ticket in await queries.owned(owner):
        row = {"编号": ticket.no, "状态": ticket.state.label, "登记时间": ticket.registered_at.isoformat()}
        if ticket.restricted_until:
            row["限制使用"] = f"保存到 {ticket.restricted_until:%Y-%m-%d}"
        texts = await queries.texts(ticket, *ticket.assignments)
        for (_, _, name), text in sorted(texts.items()):
            label = LABELS.get(name, name)
            row[label] = f"{row[label]}\n{text}" if label in row else text
        found.append(row)
    return found


async def erase(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    """Of what has ended the contact is destroyed, the file restricted while the archive duty runs (第四十七条)."""
    gone, kept = 0, []
    for ticket in await queries.owned(owner):
        if ticket.state in OPEN:
            kept.append(Left(f"工单 {ticket.no}", "还在办理，办结后可以再次请求删除"))
        elif ticket.restricted_until is None:
            gone += await _restrict(ticket, at)
            kept.append(Left(f"工单 {ticket.no}", "档案保存期内，限制使用", ticket.restricted_until))
        else:
            kept.append(Left(f"工单 {ticket.no}", "档案保存期内，限制使用", ticket.restricted_until))
    return gone, kept


async def _restrict(ticket: Ticket, at: datetime) -> int:
    until = (ticket.closed_at or ticket.registered_at) + ARCHIVED_FOR
    await actions.restrict(ticket, Restrict(until=until), by=SYSTEM, at=at, version=ticket.version)
    return await journal.erase(ticket.ref, CONTACT)


async def subjects_of(owner: int) -> list[str]:
    return [ticket.ref for ticket in await queries.owned(owner)]


TICKETS = PersonalData(
    name="tickets", label="12345 诉求",
    columns=(
        "kernel_sealed_text.ciphertext", "hotline_ticket.title", "hotline_ticket.phone_index", "hotline_cluster.title",
    ),
    purpose="受理、办理、回访诉求", basis="个人信息保护法 第十三条第一款第三项；政务服务便民热线管理规定",
    period="姓名、电话：办结后 2 年；工单：10 年", readers="热线中心；签收后的承办单位（保密、匿名的除外）",
    read=read, erase=erase,
)  # fmt: skip
