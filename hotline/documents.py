"""The documents of the hotline."""

from datetime import date

from hotline.tickets import queries
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.citytime import CITY
from kernel.notices.wording import NoticeTemplate, Slot

REPLY = NoticeTemplate(
    code="hotline_reply",
    version=1,
    series="复",
    title="答复告知书",
    to="{caller}",
    body=(
        "您于{asked_on}反映的“{matter}”（工单{no}）收悉。",
        "经{agency}办理，现将结果告知如下：",
        "{answer}",
        "联系人：{contact}。您可以凭工单编号和查询码在网上查看全部办理经过。",
    ),
    slots=(
        Slot("caller", "诉求人", 60),
        Slot("asked_on", "反映日期", 30),
        Slot("matter", "诉求标题", 100),
        Slot("no", "工单编号", 48),
        Slot("agency", "承办单位", 60),
        Slot("answer", "答复内容", 1500),
        Slot("contact", "联系人和电话", 60),
    ),
    legal_basis="《国务院办公厅关于进一步优化地方政务服务便民热线的指导意见》（国办发〔2020〕53号）",
    remedy="对答复有异议的，可以拨打 12345 补充新的情况；属于信访、复议、诉讼或仲裁事项的，请依照相应的法定途径提出。",
    valid_from=date(2026, 1, 1),
    kind="ticket",
    states=("closed", "arch"),
)


async def known(ticket: Ticket) -> dict[str, str]:
    """What the form of a document needn't ask; who the caller is stays for the clerk, whose look is on record."""
    shares = await queries.shares_for_caller(ticket)
    seals = [ticket.ref, *(share.ref for share in shares)]
    told = await journal.unsealed_all(seals, ("answer", "body"), but=queries.SUPPLIED)
    said = [text for _, text in sorted(told.items())]
    asked = ticket.registered_at.astimezone(CITY)
    return {
        "asked_on": f"{asked.year}年{asked.month}月{asked.day}日", "matter": ticket.title, "no": ticket.no,
        "agency": shares[-1].agency.name if shares else "12345热线", "answer": said[-1] if said else "",
    }  # fmt: skip
