"""Automatic checks of a reply (自动审核检查): each says what it saw; only what has none of them may pass by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hotline.suggestions.likeness import couples
from hotline.tickets import forms
from hotline.tickets.forms import Outcome, Secrecy, Urgency
from hotline.tickets.rules import NotNow
from kernel import journal
from kernel.lifecycle import Step, guard
from kernel.models import Entry
from kernel.permissions import Actor
from kernel.secrets import masking
from kernel.settings import settings

if TYPE_CHECKING:
    from hotline.tickets.models import Assignment, Ticket

REFUSING = frozenset({Outcome.UNSOLVED_OBJECTIVE, Outcome.UNTRUE, Outcome.UNREASONABLE})
STOCK = (
    "您好", "你好", "尊敬的市民", "尊敬的诉求人", "感谢您的来电", "感谢您的关注", "感谢您的理解",
    "感谢您对我们工作的支持", "感谢您的支持", "您反映的问题", "您反映的情况", "您的诉求", "我们高度重视",
    "我单位高度重视", "高度重视", "已收悉", "收悉", "已知悉", "已经转交相关部门", "已转交相关部门", "已转相关部门",
    "相关部门", "正在处理中", "正在处理", "正在办理", "将尽快处理", "尽快处理", "尽快解决", "会尽快", "将进一步",
    "加强管理", "加强监管", "加大力度", "请您耐心等待", "敬请谅解", "请谅解", "祝您生活愉快", "特此回复",
    "特此答复", "已按规定办理", "按规定办理", "按程序办理", "已处理", "已办理", "已回复", "已联系诉求人",
    "诉求人表示理解",
)  # fmt: skip
SUBSTANCE_MIN = 8  # signs that are left when the stock phrases are taken out
OLDER_MAX, COPIED, COPIED_MIN = 50, 0.9, 20
NOT_WORDS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Noticed:
    """`code` empty, contact, law, copy or personal; `text` for the reviewer."""

    code: str
    text: str


async def noticed(ticket: Ticket) -> list[Noticed]:
    """Of the lead's newest reply; without one, nothing."""
    leads = ticket.assignments.filter(role="lead", outcome__not_isnull=True).order_by("-id")
    share = await leads.first()
    body = await journal.unsealed(share.ref, "body") if share else None
    if share is None or body is None:
        return []
    replied = await Entry.filter(subject=share.ref, move="reply").order_by("-seq").first()
    contacts = await Entry.filter(subject=share.ref, move="contact")
    found = [
        empty(body),
        without_contact(ticket, [bool(entry.facts.get("reached")) for entry in contacts]),
        without_law(share.outcome, str(replied.facts.get("laws") or "") if replied else ""),
        await copied(ticket, share, body),
        personal(body, await journal.unsealed(ticket.ref, "caller_name") or ""),
    ]
    return [one for one in found if one is not None]


def empty(body: str) -> Noticed | None:
    """空话: nothing is left when the stock phrases are gone."""
    rest = NOT_WORDS.sub("", body)
    for phrase in sorted(STOCK, key=len, reverse=True):
        rest = rest.replace(phrase, "")
    if len(rest) >= SUBSTANCE_MIN:
        return None
    return Noticed("empty", "答复只有套话，没有写明做了什么、结果如何。")


def without_contact(ticket: Ticket, reached: list[bool]) -> Noticed | None:
    if not ticket.to_be_contacted or any(reached):
        return None
    tried = f"联系过 {len(reached)} 次，都没有联系上" if reached else "没有联系诉求人的记录"
    return Noticed("contact", f"{tried}。")


def without_law(outcome: Outcome | None, laws: str) -> Noticed | None:
    """A title in 《》 is a citation, a word like “有关规定” is none."""
    if outcome not in REFUSING or ("《" in laws and "》" in laws):
        return None
    return Noticed("law", f"“{outcome.label}”没有写明法律、文件的名称。" if outcome else "")


async def copied(ticket: Ticket, share: Assignment, body: str) -> Noticed | None:
    """The same agency's older replies to other matters; the same matter may have the same answer."""
    mine = bigrams(body)
    if len(mine) < COPIED_MIN:
        return None
    same_agency = type(share).filter(agency_id=share.agency_id, outcome__not_isnull=True, id__lt=share.id)
    older = await same_agency.order_by("-id").limit(OLDER_MAX).select_related("ticket")
    texts = await journal.unsealed_all([one.ref for one in older], ("body",))
    for one in older:
        theirs = bigrams(texts.get((one.ref, "body"), ""))
        alike = len(mine & theirs) / len(mine | theirs)
        if alike >= COPIED and one.ticket.title != ticket.title:
            return Noticed("copy", f"与工单 {one.ticket.no} 的答复几乎相同（{alike:.0%}），请核对是否照抄。")
    return None


def personal(body: str, caller: str) -> Noticed | None:
    kinds = {"id": "身份证号", "mobile": "手机号", "phone": "电话号码", "card": "银行卡号", "plate": "车牌号"}
    found = [kinds.get(one.kind, one.kind) for one in masking.findings(body)]
    if len(caller) > 1 and caller in body:
        found.append("诉求人姓名")
    return Noticed("personal", f"答复含{'、'.join(dict.fromkeys(found))}，请确认可以写进去。") if found else None


def bigrams(text: str) -> frozenset[str]:
    return frozenset(couples(NOT_WORDS.sub("", text)))


@guard("系统只通过指定性质、一般、普通、首次办理、没有检查发现的答复")
async def a_machine_passes_what_is_in_order(step: Step, by: Actor, at: datetime) -> None:
    """T27: for low-risk types that the city has named (`SUNHALL_AUTO_REVIEW`); a machine returns nothing."""
    assert isinstance(step.facts, forms.Review)
    if by.kind != "system":
        return
    ticket: Ticket = step.thing
    plain = ticket.urgency is Urgency.NORMAL and ticket.secrecy is Secrecy.PLAIN
    low = ticket.type.value in settings().auto_review and plain and not ticket.grave and not ticket.supervised
    if not (low and step.facts.passed) or await noticed(ticket):
        raise NotNow(reason="这份答复由审核员审核。")
