"""A policy document as one person sees it: the public list and text, the desk's list and what may be done."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from approvals.disclosure import queries
from approvals.disclosure.forms import AGENCY_CHARS_MAX, Theme
from approvals.disclosure.models import Policy
from approvals.disclosure.queries import Wanted
from approvals.disclosure.states import PUBLISHED, PolicyState
from approvals.disclosure.text import blocks
from approvals.permissions import P
from kernel.errors import FormRejected, NotFound
from kernel.happenings import Happening
from kernel.offers import offers
from kernel.people import queries as people
from kernel.permissions import Actor

PAGE_ITEMS, PAGES_MAX, CHOICES_MAX = 20, 500, 12
FORWARD = ("publish", "submit", "edit")  # the one filled button, in this order
TONES = {
    PolicyState.DRAFT: "wait", PolicyState.SUBMITTED: "soon", PolicyState.IN_FORCE: "ok", PolicyState.REVISED: "soon",
    PolicyState.REPEALED: "done", PolicyState.WDRAWN: "done",
}  # fmt: skip
DIMENSIONS = {"agency": "发文机关", "year": "年份", "theme": "主题", "state": "效力"}
VIEWS = {"": "全部"} | {state.value: state.label for state in PolicyState}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a dimension: how many documents it leaves, and the address with it, or without it once chosen."""

    value: str
    label: str
    count: int
    url: str
    chosen: bool


def wanted_of(params: Mapping[str, str]) -> Wanted:
    """From the address. Raises FormRejected for a value that no document could have."""
    agency, year = params.get("agency", "")[:AGENCY_CHARS_MAX], params.get("year", "")
    theme, state = params.get("theme", ""), params.get("state", "")
    if year and not (year.isascii() and year.isdecimal() and len(year) == 4):
        raise FormRejected({"year": "年份写四位数字，例如 2026。"})
    if theme and theme not in {*Theme}:
        raise FormRejected({"theme": "没有这个主题，请从列出的主题中选。"})
    if state and state not in PUBLISHED:
        raise FormRejected({"state": "没有这种效力，请选现行有效、已修改或已废止。"})
    return Wanted(agency=agency, year=int(year or 0), theme=theme, state=state)


async def listing(params: Mapping[str, str]) -> dict[str, Any]:
    """One page of the public list, with the filters as addresses."""
    wanted, asked = wanted_of(params), params.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= 3 else 1
    number = min(max(number, 1), PAGES_MAX)
    found = await queries.page(wanted, skip=(number - 1) * PAGE_ITEMS, limit=PAGE_ITEMS)
    total, counts = await queries.counted(wanted)
    address = _addresses(wanted)
    pages = -(-total // PAGE_ITEMS)
    return {
        "found": found, "total": total, "page": number, "pages": pages, "tones": TONES, "address": address,
        "before": address(page=str(number - 1)) if number > 1 else "",
        "after": address(page=str(number + 1)) if number < min(pages, PAGES_MAX) else "",
        "facets": {name: _choices(name, wanted, counts[name], address) for name in DIMENSIONS}, "named": DIMENSIONS,
    }  # fmt: skip


def _addresses(wanted: Wanted) -> Callable[..., str]:
    """`address(theme="city")`: the list with one thing changed, from its first page on."""
    given = {name: str(getattr(wanted, name) or "") for name in DIMENSIONS}

    def address(**changed: str) -> str:
        told = urlencode({name: value for name, value in (given | changed).items() if value})
        return f"/policies?{told}" if told else "/policies"

    return address


def _choices(name: str, wanted: Wanted, counts: Counter[str], address: Callable[..., str]) -> list[Choice]:
    """The chosen one first, then the most frequent; years newest first."""
    now = str(getattr(wanted, name) or "")
    ranked = sorted(counts.items(), key=lambda pair: (-int(pair[0]) if name == "year" else -pair[1], pair[0]))
    shown = [pair for pair in ranked if pair[0] != now][:CHOICES_MAX]
    chosen = [(now, counts.get(now, 0))] if now else []
    return [
        Choice(value, _label(name, value), count, address(**{name: "" if value == now else value}), value == now)
        for value, count in (*chosen, *shown)
    ]


def _label(name: str, value: str) -> str:
    if name == "year":
        return f"{value} 年"
    return Theme(value).label if name == "theme" else PolicyState(value).label if name == "state" else value


async def reading(no: str) -> dict[str, Any]:
    """One published text, with its contents and how it stands."""
    policy = await queries.published_one(no)
    shown = blocks(policy.body)
    basis = {"by": policy.ended_by, "on": policy.ended_on} if policy.state is PolicyState.REPEALED else {
        "by": policy.changed_by, "on": policy.changed_on
    }  # fmt: skip
    other = await queries.named(_number_in(str(basis["by"]))) if basis["by"] else None
    contents = [block for block in shown if block.in_contents]
    return {
        "policy": policy, "blocks": shown, "contents": contents if len(contents) > 2 else [], "tones": TONES,
        "basis": basis, "other": other if other and other.no != no else None,
    }  # fmt: skip


def _number_in(basis: str) -> str:
    from approvals.disclosure.extracting import NUMBER

    found = NUMBER.search(basis)
    return found[0] if found else ""


def view_of(params: Mapping[str, str]) -> str:
    view = params.get("state", "")
    if view not in VIEWS:
        raise FormRejected({"state": "没有这个筛选。"})
    return view


async def desk(actor: Actor, params: Mapping[str, str]) -> dict[str, Any]:
    view = view_of(params)
    return {
        "rows": await queries.listed(actor, view), "views": VIEWS, "view": view, "tones": TONES,
        "may_write": actor.may_anywhere(P.POLICY_EDIT),
    }  # fmt: skip


async def whole(actor: Actor, no: str, at: datetime) -> dict[str, Any]:
    """The document for who writes or publishes it: its text, what may be done now, what happened."""
    policy = await queries.one(actor, no)
    if not any(actor.may(permission, policy.region_path) for permission in queries.WRITERS):
        raise NotFound(what="这份文件")
    return {
        "policy": policy, "blocks": blocks(policy.body), "tones": TONES, "published": policy.state in PUBLISHED,
        "offers": await offers(policy, actor, at, forward=FORWARD), "happenings": await _story(policy),
    }  # fmt: skip


async def _story(policy: Policy) -> list[Happening]:
    entries = await queries.story(policy)
    names = await people.names({entry.actor_id for entry in entries})
    labels = {"reason": "理由", "changed_by": "修改依据", "ended_by": "废止依据", "source": "来源"}
    return [
        Happening(
            entry.at, policy.moves[entry.move].label, names.get(entry.actor_id, ""),
            tuple((label, str(entry.facts[name])) for name, label in labels.items() if entry.facts.get(name)),
        )
        for entry in entries
    ]  # fmt: skip
