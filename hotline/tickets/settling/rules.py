"""Guards and cascades of the ticket beside the ordinary way: refused, handed over, merged, held, final, reopened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hotline.permissions import P
from hotline.tickets import forms
from hotline.tickets.forms import Along, Joined, Supervising
from hotline.tickets.rules import OUTSIDERS, NotNow
from kernel import journal, secrets
from kernel.citytime import CITY, day_of
from kernel.clocks.models import Clock
from kernel.errors import FormRejected, OwnWork
from kernel.forms import Form
from kernel.journal import Sealed
from kernel.lifecycle import Step, guard
from kernel.models import Entry
from kernel.permissions import Actor
from kernel.settings import settings

if TYPE_CHECKING:
    from hotline.tickets.models import Ticket

REVIEW_WITHIN, FOLLOW_UP_MAX = timedelta(days=15), timedelta(days=90)
REOPENED_BY_CALLER_MAX = 1
NOON, EVENING = 12, 18
PARTS_OF_DAY_MIN = 2
CHECKED_ONE_IN, FIRST_BYTE_VALUES, CHECK_TRIES_MAX = 10, 256, 3  # 10 % of the withdrawals
JOINABLE = {"reg", "pdisp", "disp", "hand", "dispute", "review", "visit", "closed", "long"}


# ---- what a move writes into the row


def refused(ticket: Ticket, facts: forms.Refuse, by: Actor, at: datetime) -> dict[str, Any]:
    return {"ground": facts.ground, "refused_at": at}


def upheld(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"ground": None, "refused_at": None, "review_asked_at": None}


def review_asked(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"review_asked_at": at}


def self_rated(ticket: Ticket, facts: forms.SelfRate, by: Actor, at: datetime) -> dict[str, Any]:
    return {"solved": facts.solved, "satisfied": facts.satisfied}


def withdrawn(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"closed_at": at, "check_withdrawal": ticket.can_be_reached and drawn(ticket.no)}


def drawn(no: str) -> bool:
    """Every tenth withdrawal, by a keyed digest of its number: nobody chooses, nobody foresees, anybody may recompute
    it who has the key."""
    return secrets.blind_index("withdrawal", no)[0] * CHECKED_ONE_IN < FIRST_BYTE_VALUES


def withdrawal_checked(ticket: Ticket, facts: forms.CheckWithdrawal, by: Actor, at: datetime) -> dict[str, Any]:
    if facts.reached:
        return {"check_withdrawal": False}
    tries = ticket.miss_count + 1
    return {"miss_count": tries, "check_withdrawal": tries < CHECK_TRIES_MAX}


def merged(ticket: Ticket, facts: forms.Merge, by: Actor, at: datetime) -> dict[str, Any]:
    return {"merged_into": facts.into}


def parted(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"merged_into": None}


def supervising(ticket: Ticket, facts: forms.Supervise, by: Actor, at: datetime) -> dict[str, Any]:
    return {"supervised": True}


def reviewed(ticket: Ticket, facts: forms.Review, by: Actor, at: datetime) -> dict[str, Any]:
    """A reply that passes is the answer to the supervision, too."""
    return {"supervised": False, "miss_count": 0} if facts.passed else {"fix_count": ticket.fix_count + 1}


def reopened(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    """The first result stays in the row beside the new one."""
    return kept_first(ticket) | {"reopen_count": ticket.reopen_count + 1, "closed_at": None}


def one_more_redo(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return kept_first(ticket) | {"redo_count": ticket.redo_count + 1, "miss_count": 0}


def kept_first(ticket: Ticket) -> dict[str, Any]:
    return {
        "first_solved": ticket.first_solved or ticket.solved,
        "first_satisfied": ticket.first_satisfied or ticket.satisfied,
        "solved": None,
        "satisfied": None,
    }


def held(ticket: Ticket, facts: forms.HoldLong, by: Actor, at: datetime) -> dict[str, Any]:
    return {"follow_up_days": max((day_of(facts.until) - day_of(at)).days, 1)}


def followed_up(ticket: Ticket, facts: forms.FollowUp, by: Actor, at: datetime) -> dict[str, Any]:
    return {"closed_at": at} if facts.solved else kept_first(ticket)


def finalised(ticket: Ticket, facts: forms.Finalise, by: Actor, at: datetime) -> dict[str, Any]:
    return {"finalised_at": at}


def bounced(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> dict[str, Any]:
    return {"bounce_count": ticket.bounce_count + 1}


# ---- guards


@guard("地点在本市")
async def place_is_in_the_city(step: Step, by: Actor, at: datetime) -> None:
    """The code's first four digits are the city's, as the last part of our own path in the tree says."""
    code = getattr(step.facts, "area_code", None)
    ours = settings().region_path.strip("/").rpartition("/")[2][:4]
    if code is not None and not code.startswith(ours):
        raise FormRejected(
            {"area_code": f"“{code}”不在{settings().city_name}，请核对地点；确在外地的，请诉求人拨打当地 12345。"}
        )


@guard("十五日内复核", early=True)
async def refused_not_long_ago(step: Step, by: Actor, at: datetime) -> None:
    ticket: Ticket = step.thing
    if ticket.refused_at is None or at > ticket.refused_at + REVIEW_WITHIN:
        raise NotNow(reason=f"不予受理后 {REVIEW_WITHIN.days} 日内才能复核恢复，请重新登记。")


@guard("对一次不予受理申请复核一次", early=True)
async def review_not_asked_yet(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.review_asked_at is not None:
        raise NotNow(reason="已经申请过复核，一件诉求只能申请一次，结果会告知您。")


@guard("诉求人申请了复核，还没有答复", early=True)
async def a_review_is_waited_for(step: Step, by: Actor, at: datetime) -> None:
    if not await _review_waits(step.thing):
        raise NotNow(reason="没有等待答复的复核申请。")


@guard("十五日内复核，或诉求人在十五日内申请了复核", early=True)
async def refused_not_long_ago_or_asked(step: Step, by: Actor, at: datetime) -> None:
    """Who asked in time isn't the loser of a review that takes its time."""
    if not await _review_waits(step.thing):
        await refused_not_long_ago.ask(step, by, at)


@guard("复核人没有参与不予受理的决定", early=True)
async def did_not_refuse(step: Step, by: Actor, at: datetime) -> None:
    decided = await Entry.filter(subject=step.thing.ref, move="refuse").order_by("-seq").first()
    if decided is not None and journal.selves(decided) & by.selves:
        raise OwnWork(thing=step.thing.label, move=step.move.label)


async def _review_waits(ticket: Ticket) -> bool:
    last = Entry.filter(subject=ticket.ref, move__in=["refuse", "ask_review", "stand_by"]).order_by("-seq")
    newest = await last.first()
    return newest is not None and newest.move == "ask_review"


@guard("诉求人还没有评价这次答复", early=True)
async def not_rated_yet(step: Step, by: Actor, at: datetime) -> None:
    if step.thing.satisfied is not None:
        raise NotNow(reason="这次答复已有评价，要改请在回访时说明。")


@guard("抽中核查的撤诉", early=True)
async def drawn_for_a_check(step: Step, by: Actor, at: datetime) -> None:
    if not step.thing.check_withdrawal:
        raise NotNow(reason="这件撤诉没有抽中核查，或已经核查完毕。")


@guard("对方还没有回执", early=True)
async def handover_is_open(step: Step, by: Actor, at: datetime) -> None:
    if not await Clock.filter(subject=step.thing.ref, step="handover", stopped_at=None).exists():
        raise NotNow(reason="移交已经有回执。")


@guard("并入的是另一件看得到的、未归档的工单")
async def target_can_take_it(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Merge)
    ticket: Ticket = step.thing
    target = await type(ticket).get_or_none(no=step.facts.into, restricted_until=None)
    if target is None or not await target.may(P.TICKET_READ, by):
        raise FormRejected({"into": f"没有编号为“{step.facts.into}”的工单，请核对编号。"})
    if target.id == ticket.id:
        raise FormRejected({"into": "不能并入自己，请填写另一件工单的编号。"})
    if target.state not in JOINABLE:
        raise FormRejected({"into": f"这件工单{target.state.label}，不能再并入，请另选。"})


@guard("没有别的工单并入本单", early=True)
async def nothing_joined_it(step: Step, by: Actor, at: datetime) -> None:
    ticket: Ticket = step.thing
    if await type(ticket).filter(merged_into=ticket.no, state="merged").exists():
        raise NotNow(reason="已有工单并入本单，请把本单留作主单，或先拆开那些工单。")


@guard("红牌由人签发，系统只能提出")
async def a_person_issues_red(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Supervise)
    if step.facts.kind is Supervising.RED and by.kind == "system":
        raise NotNow(reason="红牌由督办员确认签发。")


@guard("挂账的期限在九十日内")
async def followed_up_within_ninety_days(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.HoldLong)
    if not at < step.facts.until <= at + FOLLOW_UP_MAX + timedelta(days=1):
        raise FormRejected({"until": f"请填写以后 {FOLLOW_UP_MAX.days} 日内的跟踪日期。"})


@guard("诉求人在时限策略写明的日数内重开一次；最终答复的不重开", early=True)
async def reopened_in_time(step: Step, by: Actor, at: datetime) -> None:
    """The window runs from closing alone: no comment and no call starts it anew."""
    ticket: Ticket = step.thing
    if by.kind not in OUTSIDERS:
        if not await ticket.may(P.TICKET_REOPEN_ANY, by):
            raise NotNow(reason="重开由诉求人在办结后的限期内提出，或由热线主管决定。")
        return
    if ticket.finalised_at is not None:
        raise NotNow(reason="这件诉求已作最终答复，有新情况请重新提交。")
    days = (await ticket.caps()).reopen_days
    if ticket.closed_at is None or at > ticket.closed_at + timedelta(days=days):
        raise NotNow(reason=f"办结已超过 {days} 日，不能重开；有新情况请重新提交。")
    if await Entry.filter(subject=ticket.ref, move="reopen", actor_id=by.id).count() >= REOPENED_BY_CALLER_MAX:
        raise NotNow(reason="您已经重开过一次；仍不满意请联系热线，或重新提交。")


@guard("督办未结的不自动办结", early=True)
async def not_by_itself_under_supervision(step: Step, by: Actor, at: datetime) -> None:
    if by.kind == "system" and step.thing.supervised:
        raise NotNow(reason="督办中的工单不自动办结。")


@guard("系统只办结按计划联系不上的：三次、两天、不同时段", early=True)
async def the_plan_was_kept(step: Step, by: Actor, at: datetime) -> None:
    ticket: Ticket = step.thing
    if by.kind != "system":
        return
    since = await Entry.filter(subject=ticket.ref, move__in=["review", "answer_along"]).order_by("-seq").first()
    tries = await Entry.filter(subject=ticket.ref, move="visit", seq__gt=since.seq if since else 0)
    hours = [tried.at.astimezone(CITY).hour for tried in tries]
    parts = {0 if hour < NOON else 1 if hour < EVENING else 2 for hour in hours}
    if ticket.satisfied is not None or len(parts) < PARTS_OF_DAY_MIN:
        raise NotNow(reason="联系不上的回访须在上午、下午、晚上中的不同时段各试过，才能自动办结。")


# ---- cascades


async def close_when_content(ticket: Ticket, facts: forms.SelfRate, by: Actor, at: datetime) -> Sequence[Step]:
    """T28: who says that it is solved needs no visitor; under supervision a person looks first."""
    return [Step(ticket, "conclude")] if facts.content and not ticket.supervised else []


async def join(ticket: Ticket, facts: forms.Merge, by: Actor, at: datetime) -> Sequence[Step]:
    target = await type(ticket).get(no=facts.into)
    return [Step(target, "join", Joined(joined=ticket.no, since=ticket.registered_at))]


async def release_joined(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
    """What this ticket ends without an answer, those that joined it don't."""
    return [Step(one, "part") async for one in type(ticket).filter(merged_into=ticket.no, state="merged")]


async def answer_joined(ticket: Ticket, facts: Form, by: Actor, at: datetime) -> Sequence[Step]:
    """Each caller stays a person for the reply and for the return visit."""
    joined = await type(ticket).filter(merged_into=ticket.no, state="merged").order_by("id")
    if not joined:
        return []
    last = await ticket.assignments.filter(role="lead", outcome__not_isnull=True).order_by("-id").first()
    body = await journal.unsealed(last.ref if last else ticket.ref, "body")
    along = Along(body=Sealed(body or "见并入的工单。"), replied_with=ticket.ref)
    return [Step(one, "answer_along", along) for one in joined]
