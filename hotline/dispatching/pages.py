"""派单目录: the rules by their condition, one rule with its versions and its measure, and the simulator."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.categories import queries as categories
from hotline.dispatching import actions, proving, queries
from hotline.dispatching.forms import Propose
from hotline.dispatching.models import MEASURED_MIN, PRECISION_PERCENT_MIN
from hotline.dispatching.states import RuleState
from hotline.permissions import P
from kernel.errors import FormRejected
from kernel.lifecycle import asked_moves
from kernel.pages import act_on, act_once, check_token, needs, render
from kernel.people import queries as people
from kernel.settings import settings

RULES_MAX = 300
VIEWS = {"in_force": "施行中", "proposed": "待批准", "retired": "已废止"}
TONES = {RuleState.PROPOSED: "wait", RuleState.IN_FORCE: "ok", RuleState.RETIRED: "done"}
MANAGES = (P.RULE_PROPOSE, P.RULE_APPROVE)


@needs(*MANAGES)
async def index(request: Request) -> Response:
    return await _index(request)


@needs(P.RULE_PROPOSE)
async def propose(request: Request) -> Response:
    """The same condition again is a new version: it takes the older one's place when it is approved."""
    facts = await Propose.read(request, again=_index)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        await actions.propose(facts, no=no, region=settings().region_path, by=request.user, at=at)
        return request.url_for("hotline:rule", no=no).path

    return await act_once(request, effect)


@needs(*MANAGES)
async def show(request: Request) -> Response:
    """With what last month's tickets would have done under it: nothing is changed by looking."""
    rule, at = await queries.one(request.user, request.path_params["no"]), datetime.now(UTC)
    offers = {move.name: str(refusal) if refusal else "" for move, refusal in await asked_moves(rule, request.user, at)}
    trial = await proving.tried(rule.category, rule.area, rule.agency, at)
    return render(
        request, "hotline/dispatching/show.html", rule=rule, offers=offers, trial=trial, proven=rule.proven(at),
        versions=await queries.versions(request.user, rule), typed_move=_typed_move(request), **await _words(),
    )  # fmt: skip


@needs(*MANAGES)
async def act(request: Request) -> Response:
    rule = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("hotline:rule", no=rule.no).path
    return await act_on(request, rule, actions.VERBS, to=to, again=show)


async def _index(request: Request) -> Response:
    """The form is filled in and tried before anything is proposed: `?category=&area=&agency=`."""
    params, at = request.query_params, datetime.now(UTC)
    view = params.get("show", "in_force")
    if view not in VIEWS:
        raise FormRejected({"show": "没有这个筛选。"})
    asked = {name: params.get(name, "")[:20].strip() for name in ("category", "area", "agency")}
    trial = await proving.tried(asked["category"], asked["area"], asked["agency"], at) if _fits(asked) else None
    rows = await queries.listed(request.user, [view], RULES_MAX)
    return render(
        request, "hotline/dispatching/index.html", rules=rows, views=VIEWS, view=view, asked=asked, trial=trial,
        at=at, may_propose=request.user.may_anywhere(P.RULE_PROPOSE), full=len(rows) == RULES_MAX, **await _words(),
    )  # fmt: skip


def _fits(asked: Mapping[str, str]) -> bool:
    digits = asked["category"].isascii() and asked["category"].isdecimal()
    return digits and bool(asked["agency"]) and (not asked["area"] or asked["area"].isdecimal())


async def _words() -> dict[str, Any]:
    agencies = await people.agencies()
    tree = [one for one in await categories.tree() if one.active]
    return {
        "codes": [(one.code, one.path_name) for one in tree],  # nobody knows them by heart
        "areas": [(one.code, one.name) for one in await categories.areas()],
        "names": await categories.names(), "units": {org.code: org.name for org in agencies}, "tones": TONES,
        "agency_options": [(org.code, org.name) for org in agencies if org.level > 1],
        "least": MEASURED_MIN, "percent": PRECISION_PERCENT_MIN, "auto": settings().auto_dispatch,
    }  # fmt: skip


def _typed_move(request: Request) -> str:
    return str(getattr(request.state, "typed", {}).get("_move", ""))


routes = [
    Route("/rules", index, methods=["GET"], name="rules"),
    Route("/rules", propose, methods=["POST"], name="propose_rule"),
    Route("/rules/{no}", show, methods=["GET"], name="rule"),
    Route("/rules/{no}/{move}", act, methods=["POST"], name="act_rule"),
]
