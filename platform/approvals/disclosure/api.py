"""Policy documents for programs."""

from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from approvals.disclosure import actions, forms, queries, showing
from approvals.disclosure.forms import Theme
from approvals.disclosure.models import Policy
from approvals.disclosure.states import PUBLISHED
from approvals.disclosure.text import Block, blocks
from approvals.permissions import P
from kernel import errors
from kernel.api import act_on, answer_once, journal_json, limit_of, listing, local, number_in_path, thing_json
from kernel.errors import Malformed
from kernel.openapi import OBJECT, TEXT, described, list_of, thing
from kernel.pages import needs, public
from kernel.permissions import Actor
from kernel.settings import settings

MAYBE = {"type": ["string", "null"]}
ABOUT = {
    "title": TEXT, "number": MAYBE, "agency": MAYBE, "theme": TEXT, "issued": MAYBE, "effective_from": MAYBE,
    "published_at": MAYBE, "changed_by": MAYBE, "changed_on": MAYBE, "ended_by": MAYBE, "ended_on": MAYBE, "url": TEXT,
}  # fmt: skip
PLACE_CHARS_MAX = 24
QUERY = {
    "agency": (TEXT | {"maxLength": forms.AGENCY_CHARS_MAX}, "发文机关，照文件所写"),
    "year": (TEXT | {"pattern": "^[0-9]{4}$"}, "成文年份"),
    "theme": (TEXT | {"enum": [theme.value for theme in Theme]}, "主题"),
    "state": (TEXT | {"enum": sorted(state.value for state in PUBLISHED)}, "效力"),
    "limit": ({"type": "integer", "minimum": 1, "maximum": 100}, "每页条数"),
    "cursor": (TEXT | {"maxLength": PLACE_CHARS_MAX}, "上一页的 next"),
}
WHOLE = thing(**ABOUT, body=TEXT, blocks={"type": "array", "items": OBJECT})


@described(summary="公布的政策文件，新的在前", query=QUERY, answer=list_of(OBJECT | {"properties": ABOUT}))
@public
async def index(request: Request) -> Response:
    limit = limit_of(request)
    found = await queries.after(showing.wanted_of(request.query_params), _place(request), limit + 1)
    following = f"{found[limit - 1].day}-{found[limit - 1].id}" if len(found) > limit else None
    return JSONResponse(listing([about_json(one) for one in found[:limit]], following))


@described(summary="起草一份政策文件", body=forms.Written, status=201, refusals=(errors.KeyReused,), answer=WHOLE)
@needs(P.POLICY_EDIT)
async def create(request: Request) -> Response:
    """A second person publishes it."""
    facts, at = await forms.Written.read_json(request), datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> JSONResponse:
        policy = await actions.draft(facts, region=settings().region_path, by=request.user, at=at, no=no)
        return JSONResponse(await policy_json(request.user, policy, at), status_code=201)

    return await answer_once(request, effect)


@described(summary="查看一份政策文件和它的正文", answer=WHOLE)
@public
async def show(request: Request) -> Response:
    """Published for everyone, drafts for who writes or publishes them."""
    policy = await queries.one(request.user, number_in_path(request))
    return JSONResponse(await policy_json(request.user, policy, datetime.now(UTC)))


@described(
    summary="一份政策文件的日志链", answer={"type": "array", "items": {"$ref": "#/components/schemas/Entry"}}
)  # fmt: skip
@needs(*queries.WRITERS)
async def journal(request: Request) -> Response:
    return JSONResponse(await journal_json(await queries.one(request.user, number_in_path(request))))


@described(
    summary="起草、发布、修改、废止的各个步骤", answer=WHOLE, moves_of=("policy",), refusals=(errors.WrongState,)
)  # fmt: skip
@needs(*queries.WRITERS)
async def act(request: Request) -> Response:
    policy, at = await queries.one(request.user, number_in_path(request)), datetime.now(UTC)
    return await act_on(request, policy, actions.VERBS, lambda: policy_json(request.user, policy, at), at=at)


def about_json(policy: Policy) -> dict[str, object]:
    return {
        "kind": policy.kind, "no": policy.no, "state": policy.state.value, "state_label": policy.state.label,
        "title": policy.title, "number": policy.number or None, "agency": policy.agency or None,
        "theme": policy.theme.value, "issued": _day(policy.issued or policy.posted),
        "effective_from": _day(policy.effective_from), "published_at": _moment(policy.published_at),
        "changed_by": policy.changed_by or None, "changed_on": _day(policy.changed_on),
        "ended_by": policy.ended_by or None, "ended_on": _day(policy.ended_on), "url": f"/policies/{policy.no}",
    }  # fmt: skip


async def policy_json(actor: Actor, policy: Policy, at: datetime) -> dict[str, object]:
    """`body` in the hall's own markup, and the same cut into blocks."""
    told: dict[str, object] = about_json(policy) | await thing_json(policy, actor, at, [])
    return told | {"body": policy.body, "blocks": [_block_json(block) for block in blocks(policy.body)]}


def _block_json(block: Block) -> dict[str, Any]:
    told = {"kind": block.kind, "text": block.text, "lead": block.lead, "level": block.level, "url": block.url}
    told |= {"items": list(block.items), "rows": [list(row) for row in block.rows]}
    return {name: value for name, value in told.items() if value or name == "kind"}


def _place(request: Request) -> tuple[int, int] | None:
    """(day, id) of the last line of the page before. Raises Malformed."""
    day, _, last = request.query_params.get("cursor", "")[:PLACE_CHARS_MAX].partition("-")
    if not day and not last:
        return None
    if not all(part.isascii() and part.isdecimal() and len(part) <= 9 for part in (day, last)):
        raise Malformed(what="翻页位置无效，请从第一页开始")
    return int(day), int(last)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _moment(at: datetime | None) -> str | None:
    return local(at) if at else None


routes = [
    Route("/policies", index, methods=["GET"]),
    Route("/policies", create, methods=["POST"]),
    Route("/policies/{no}", show, methods=["GET"]),
    Route("/policies/{no}/journal", journal, methods=["GET"]),
    Route("/policies/{no}/moves/{move}", act, methods=["POST"]),
]
