"""Alerts for programs."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.clusters import actions as clusters
from hotline.permissions import P
from hotline.surges import actions, queries, showing
from hotline.surges.models import Surge
from hotline.tickets import queries as tickets
from hotline.tickets.api import row_json
from kernel import errors
from kernel.api import act_on, journal_json, local, number_in_path, thing_json
from kernel.openapi import TEXT, described, list_of, thing
from kernel.pages import needs
from kernel.permissions import Actor
from kernel.settings import settings

NUMBER, PERHAPS = {"type": "integer"}, {"type": ["string", "null"]}
SHAPE = thing(
    says=TEXT, reason=TEXT, reason_label=TEXT, category=TEXT, area=TEXT, words=TEXT, many=NUMBER, window_min=NUMBER,
    expected_milli=NUMBER, tail=TEXT, begun_at=TEXT, reasons={"type": "array", "items": TEXT},
    tickets={"type": "array"}, judged=PERHAPS, cluster=PERHAPS,
)  # fmt: skip


@described(summary="突增预警列表", answer=list_of(SHAPE))
@needs(P.SURGE_READ)
async def index(request: Request) -> Response:
    at = datetime.now(UTC)
    rows = await queries.visible_to(request.user).order_by("-id").limit(settings().page_items_max)
    lines = await showing.said_of(rows)
    return JSONResponse(
        {"items": [await surge_json(request.user, line.surge, at, line.says) for line in lines], "next": None}
    )


@described(summary="查看一个突增预警", answer=SHAPE)
@needs(P.SURGE_READ)
async def show(request: Request) -> Response:
    at, surge = datetime.now(UTC), await queries.one(request.user, number_in_path(request))
    return JSONResponse(await surge_json(request.user, surge, at))


@described(summary="突增预警的日志链", answer={"type": "array", "items": {"$ref": "#/components/schemas/Entry"}})
@needs(P.SURGE_READ)
async def journal(request: Request) -> Response:
    return JSONResponse(await journal_json(await queries.one(request.user, number_in_path(request))))


@described(
    summary="办理一步", answer=SHAPE, moves_of=("surge",),
    refusals=(errors.WrongState, errors.StaleVersion, errors.KeyReused),
)  # fmt: skip
@needs(P.SURGE_READ)
async def act(request: Request) -> Response:
    actor, at = request.user, datetime.now(UTC)
    surge = await queries.one(actor, number_in_path(request))
    if request.path_params["move"] == "gather":
        await clusters.reserve_number(at)
    return await act_on(request, surge, actions.VERBS, lambda: surge_json(actor, surge, at), at=at)


async def surge_json(actor: Actor, surge: Surge, at: datetime, says: str = "") -> dict[str, object]:
    """Of its sample the tickets that this caller may see."""
    seen = await tickets.visible_to(actor, surge.tickets).order_by("-id")
    told = {
        "says": says or await showing.headline(surge), "reason": surge.reason.value, "reason_label": surge.reason.label,
        "category": surge.category, "area": surge.area, "words": surge.words, "many": surge.many,
        "window_min": surge.window_min, "expected_milli": surge.expected_milli, "tail": surge.tail,
        "begun_at": local(surge.begun_at), "reasons": await showing.reasons(surge),
        "tickets": [row_json(one) for one in seen], "judged": surge.judged.value if surge.judged else None,
        "cluster": surge.cluster,
    }  # fmt: skip
    return await thing_json(surge, actor, at, []) | told


routes = [
    Route("/surges", index, methods=["GET"]),
    Route("/surges/{no}", show),
    Route("/surges/{no}/journal", journal),
    Route("/surges/{no}/moves/{move}", act, methods=["POST"]),
]
