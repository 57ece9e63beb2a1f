"""How rules are said to people."""

from kernel.clocks.limits import parse_span

UNITS = {"min": "分钟", "h": "小时", "wh": "个工作小时", "wd": "个工作日", "d": "天"}
STEPS = {
    "dispatch": "派单", "sign": "签收", "first_contact": "首次联系", "handle": "办理", "redo": "重办", "review": "审核",
    "visit": "回访", "reply": "书面说明", "appeal": "申诉裁定", "total": "对诉求人总时限",
}  # fmt: skip
RUNGS = {"warn": "临期", "due": "到期", "late_1": "到期后第一响", "late_2": "到期后第二响"}


def said_span(span: str) -> str:
    amount, unit = parse_span(span)
    return f"{amount}{UNITS[unit]}"


def said_step(step: str) -> str:
    """A step that a module hasn't named here is shown by its code."""
    return STEPS.get(step, step)
