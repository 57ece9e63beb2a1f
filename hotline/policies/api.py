"""Time-limit policies for programs: the versions, one of them, drafting, a second person's publication, trials."""

from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.permissions import P
from hotline.policies import actions, forms, limits, queries, showing
from hotline.policies.models import Policy, Replay
from kernel import errors
from kernel.api import act_on, answer_once, journal_json, listing, local, number_in_path, thing_json
from kernel.errors import NotFound
from kernel.openapi import OBJECT, TEXT, described, list_of, thing
from kernel.pages import needs
from kernel.permissions import Actor
from kernel.settings import settings

MAYBE, NUMBER = {"type": ["string", "null"]}, {"type": "integer"}
ABOUT = {"title": TEXT, "base": TEXT, "effective_from": MAYBE, "published_at": MAYBE, "in_force": {"type": "boolean"}}
VERSION = thing(**ABOUT, document=OBJECT)
LINE = {
    "type": "object",
    "properties": {"step": TEXT, "class": TEXT, "judged": NUMBER, "late_then": NUMBER, "late_now": NUMBER},
}
CHANGED = {
    "type": "object",
    "properties": {"ticket": TEXT, "step": TEXT, "due_then": TEXT, "due_now": MAYBE, "late_now": {"type": "boolean"}},
}
TRIAL = {
    "type": "object",
    "required": ["number", "policy", "from", "to", "total", "done", "finished_at"],
    "properties": {
        "number": NUMBER, "policy": TEXT, "from": TEXT, "to": TEXT, "total": NUMBER, "done": NUMBER,
        "finished_at": MAYBE, "of_this_sheet": {"type": "boolean"}, "lines": {"type": "array", "items": LINE},
        "changed_count": NUMBER, "changed": {"type": "array", "items": CHANGED},
    },
}  # fmt: skip


@described(summary="时限策略的各个版本，新的在前", answer=list_of(thing(**ABOUT)))
@needs(*queries.READERS)
async def index(request: Request) -> Response:
    at = datetime.now(UTC)
    begun = await limits.in_force(at)
    rows = [await about_json(request.user, one, begun, at) for one in await queries.listed(request.user)]
    return JSONResponse(listing(rows, None))


@described(
    summary="起草一版时限策略：照抄一个版本或预设", body=forms.Started, status=201, refusals=(errors.KeyReused,),
    answer=VERSION,
)  # fmt: skip
@needs(P.POLICY_DRAFT)
async def create(request: Request) -> Response:
    """What is to be different is said next, with `edit`; a second person publishes."""
    facts, at = await forms.Started.read_json(request), datetime.now(UTC)

    async def effect() -> JSONResponse:
        policy = await actions.draft(facts, region=settings().region_path, by=request.user, at=at)
        return JSONResponse(await policy_json(request.user, policy, at), status_code=201)

    return await answer_once(request, effect)


@described(summary="查看一版时限策略和它的时限表", answer=VERSION)
@needs(*queries.READERS)
async def show(request: Request) -> Response:
    policy = await queries.one(request.user, number_in_path(request))
    return JSONResponse(await policy_json(request.user, policy, datetime.now(UTC)))


@described(
    summary="一版时限策略的日志链", answer={"type": "array", "items": {"$ref": "#/components/schemas/Entry"}}
)  # fmt: skip
@needs(*queries.READERS)
async def journal(request: Request) -> Response:
    return JSONResponse(await journal_json(await queries.one(request.user, number_in_path(request))))


@described(
    summary="办理一步", answer=VERSION, moves_of=("time_policy",),
    refusals=(errors.WrongState, errors.StaleVersion, errors.KeyReused),
)  # fmt: skip
@needs(*queries.READERS)
async def act(request: Request) -> Response:
    actor, at = request.user, datetime.now(UTC)
    policy = await queries.one(actor, number_in_path(request))

    async def shown() -> dict[str, object]:
        return await policy_json(actor, await queries.one(actor, policy.no), at)

    return await act_on(request, policy, actions.VERBS, shown, at=at)


@described(
    summary="试算：按这一版重算一段时间登记的工单，后台接着算，不改动任何时限", body=forms.Period, status=201,
    refusals=(errors.KeyReused,), answer=TRIAL,
)  # fmt: skip
@needs(*queries.READERS)
async def try_out(request: Request) -> Response:
    policy = await queries.one(request.user, number_in_path(request))
    facts, at = await forms.Period.read_json(request), datetime.now(UTC)

    async def effect() -> JSONResponse:
        replay = await actions.ask_trial(policy, facts, by=request.user, at=at)
        return JSONResponse(await trial_json(request.user, policy, replay), status_code=201)

    return await answer_once(request, effect)


@described(summary="一次试算的结果，没有算完的是已算的部分", answer=TRIAL)
@needs(*queries.READERS)
async def trial(request: Request) -> Response:
    policy = await queries.one(request.user, number_in_path(request))
    number = str(request.path_params["number"])
    if not (number.isascii() and number.isdecimal() and len(number) < 11):
        raise NotFound(what="这次试算")
    return JSONResponse(await trial_json(request.user, policy, await queries.replay(policy, int(number))))


async def about_json(actor: Actor, policy: Policy, begun: str, at: datetime) -> dict[str, object]:
    since: date | None = policy.effective_from
    return await thing_json(policy, actor, at, []) | {
        "title": policy.title,
        "base": policy.base,
        "effective_from": since.isoformat() if since else None,
        "published_at": local(policy.published_at) if policy.published_at else None,
        "in_force": policy.no == begun,
    }


async def policy_json(actor: Actor, policy: Policy, at: datetime) -> dict[str, object]:
    """With its sheet, as `edit` takes it."""
    return await about_json(actor, policy, await limits.in_force(at), at) | {"document": policy.document}


async def trial_json(actor: Actor, policy: Policy, replay: Replay) -> dict[str, Any]:
    """Of the tickets whose verdict changes, those that the reader may see."""
    shown = await showing.tried(actor, policy, replay)
    seen = {row[0].no for row in shown["rows"]}
    return {
        "number": replay.id, "policy": policy.no, "from": f"{replay.starts}", "to": f"{replay.ends}",
        "total": replay.total, "done": replay.done, "of_this_sheet": shown["same"],
        "finished_at": local(replay.finished_at) if replay.finished_at else None,
        "lines": [
            {"step": one.step, "class": one.column, "judged": one.judged, "late_then": one.late_then,
             "late_now": one.late_now}
            for one in shown["lines"]
        ],
        "changed_count": replay.changed_count,
        "changed": [
            {"ticket": no, "step": step, "due_then": then, "due_now": now or None, "late_now": turn == "late"}
            for no, step, then, now, turn in replay.changed
            if no in seen
        ],
    }  # fmt: skip


routes = [
    Route("/hotline/policies", index, methods=["GET"]),
    Route("/hotline/policies", create, methods=["POST"]),
    Route("/hotline/policies/{no}", show),
    Route("/hotline/policies/{no}/journal", journal),
    Route("/hotline/policies/{no}/moves/{move}", act, methods=["POST"]),
    Route("/hotline/policies/{no}/trials", try_out, methods=["POST"]),
    Route("/hotline/policies/{no}/trials/{number}", trial),
]
