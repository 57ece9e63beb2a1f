"""A policy as one person sees it: the list, one version with what may be done to it, the difference of two, a trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hotline.permissions import P
from hotline.policies import cells, limits, queries
from hotline.policies.models import Policy, Replay
from hotline.policies.presets import PRESETS, document_of
from hotline.policies.states import PolicyState
from hotline.tickets import queries as tickets
from hotline.tickets.story import STEPS
from kernel.citytime import CITY, day_of
from kernel.clocks import arithmetic
from kernel.happenings import Happening
from kernel.offers import offers
from kernel.people import queries as people
from kernel.permissions import Actor
from oversight.snapshots.series import last_closed

S = PolicyState
FORWARD = ("publish", "submit", "edit")
TONES = {S.DRAFT: "wait", S.SUBMITTED: "soon", S.PUBLISHED: "ok", S.WDRAWN: "done"}
TEXTS = {"reason": "理由", "effective_from": "生效日期", "base": "起草自"}


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that two versions don't agree on, in words."""

    row: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One step and class of a trial."""

    step: str
    column: str
    judged: int
    late_then: int
    late_now: int


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """In the order of the sheet."""
    old, new = cells.flat(before), cells.flat(after)
    return [
        Change(row.label, row.columns[column], cells.words(cell, old.get(cell)), cells.words(cell, new.get(cell)))
        for row in cells.ROWS
        for column, cell in zip(row.columns, row.cells(), strict=True)
        if old.get(cell) != new.get(cell)
    ]


async def listing(actor: Actor, at: datetime) -> dict[str, Any]:
    rows = await queries.listed(actor)
    begun, today = await limits.in_force(at), day_of(at)
    standing = {row.no: _standing(row, begun, today) for row in rows}
    rows.sort(key=lambda row: row.no != begun)
    return {
        "rows": rows, "standing": standing, "tones": TONES, "begun": begun,
        "may_draft": actor.may_anywhere(P.POLICY_DRAFT), "presets": PRESETS,
    }  # fmt: skip


def _standing(policy: Policy, begun: str, today: date) -> str:
    if policy.state is not S.PUBLISHED:
        return str(policy.state.label)
    assert policy.effective_from is not None, "published from a day on"
    if policy.no == begun:
        return "在用"
    return "待生效" if policy.effective_from > today else "已被替代"


async def bases(actor: Actor) -> list[tuple[str, str]]:
    """What one may start from: versions of this hall, then presets that aren't among them."""
    own = [row for row in await queries.listed(actor) if row.state is not S.WDRAWN]
    mine = [(row.no, f"{row.no}：{row.title}") for row in own]
    return mine + [(no, f"预设 {no}：{title}") for no, title in PRESETS.items() if no not in {row.no for row in own}]


async def whole(actor: Actor, no: str, against: str, at: datetime) -> dict[str, Any]:
    """One version, held against another: that in force, or the one it was started from, unless asked otherwise."""
    policy, begun = await queries.one(actor, no), await limits.in_force(at)
    others = [one for one in await bases(actor) if one[0] != no]
    usual = policy.base if no == begun or policy.state is S.WDRAWN else begun
    other = against if against in dict(others) else usual
    held = await queries.numbered(other)
    document = held.document if held is not None else document_of(other) if other in PRESETS else policy.document
    found = cells.flat(policy.document)
    said = {cell: cells.words(cell, found.get(cell)) for cell in cells.ROW_OF}
    first, last = last_closed("month", at)
    return {
        "policy": policy, "tones": TONES, "sheet": cells.SHEET, "said": said,
        "offers": await offers(policy, actor, at, forward=FORWARD), "happenings": await _story(policy),
        "others": others, "other": other, "changes": changes(document, policy.document) if other != no else [],
        "standing": _standing(policy, begun, day_of(at)), "replays": await queries.replays(policy),
        "first": first, "last": last, "today": day_of(at),
    }  # fmt: skip


async def _story(policy: Policy) -> list[Happening]:
    entries = await queries.story(policy)
    names = await people.names({entry.actor_id for entry in entries})
    return [
        Happening(
            entry.at, policy.moves[entry.move].label, names.get(entry.actor_id, "系统"),
            tuple((label, str(entry.facts[name])) for name, label in TEXTS.items() if entry.facts.get(name)),
        )
        for entry in entries
    ]  # fmt: skip


async def tried(actor: Actor, policy: Policy, replay: Replay) -> dict[str, Any]:
    """What a trial has found so far; of the tickets that change, those that this person may see."""
    lines = []
    for name, (judged, then, now) in replay.tally.items():
        step, _, column = name.partition("|")
        lines.append(Line(step, column, judged, then, now))
    order = [*STEPS]
    lines.sort(
        key=lambda line: (order.index(line.step) if line.step in order else 99, [*cells.CLASSES].index(line.column))
    )
    nos = {row[0] for row in replay.changed}
    seen = {ticket.no: ticket for ticket in await tickets.visible_to(actor, nos)} if nos else {}
    rows = [
        (seen[no], STEPS.get(step, step), _day(then), _day(now) if now else "不计时", turn == "late")
        for no, step, then, now, turn in replay.changed
        if no in seen
    ]
    return {
        "policy": policy, "replay": replay, "lines": lines, "steps": STEPS, "classes": cells.CLASSES, "rows": rows,
        "judged": sum(line.judged for line in lines), "then": sum(line.late_then for line in lines),
        "after": sum(line.late_now for line in lines), "same": replay.document == policy.document,
    }  # fmt: skip


def _day(bound: str) -> str:
    """A bound in days is said as its last day, one in hours with its minute."""
    at = datetime.fromisoformat(bound).astimezone(CITY)
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    return f"{arithmetic.last_day(at)} 24:00" if midnight else f"{at:%Y-%m-%d %H:%M}"
