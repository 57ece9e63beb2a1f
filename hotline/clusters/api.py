"""Clusters for programs."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.clusters import actions, queries
from hotline.clusters.forms import Gather
from hotline.clusters.models import Cluster
from hotline.permissions import P
from hotline.tickets import queries as tickets
from hotline.tickets.api import row_json
from kernel import errors
from kernel.api import act_on, answer_once, journal_json, local, number_in_path, thing_json
from kernel.openapi import TEXT, described, list_of, thing
from kernel.pages import needs, signed_in
from kernel.permissions import Actor
from kernel.settings import settings

TICKETS = {"type": "array"}


@described(
    summary="把几件工单归为一个群体事件", body=Gather, status=201, refusals=(errors.KeyReused,),
    answer=thing(title=TEXT, tickets=TICKETS),
)  # fmt: skip
@needs(P.CLUSTER_MANAGE)
async def create(request: Request) -> Response:
    facts, at = await Gather.read_json(request), datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> JSONResponse:
        cluster = await actions.begin(facts, no=no, region=settings().region_path, by=request.user, at=at)
        return JSONResponse(await cluster_json(request.user, cluster, at), status_code=201)

    return await answer_once(request, effect)


@described(summary="群体事件列表", answer=list_of(thing(title=TEXT, tickets=TICKETS)))
@signed_in
async def index(request: Request) -> Response:
    at = datetime.now(UTC)
    rows = await queries.visible_to(request.user).order_by("-id").limit(settings().page_items_max)
    return JSONResponse({"items": [await cluster_json(request.user, one, at) for one in rows], "next": None})


@described(summary="查看一个群体事件", answer=thing(title=TEXT, tickets=TICKETS))
@signed_in
async def show(request: Request) -> Response:
    at, cluster = datetime.now(UTC), await queries.one(request.user, number_in_path(request))
    return JSONResponse(await cluster_json(request.user, cluster, at))


@described(summary="群体事件的日志链", answer={"type": "array", "items": {"$ref": "#/components/schemas/Entry"}})
@signed_in
async def journal(request: Request) -> Response:
    return JSONResponse(await journal_json(await queries.one(request.user, number_in_path(request))))


@described(
    summary="办理一步", answer=thing(title=TEXT, tickets=TICKETS), moves_of=("cluster",),
    refusals=(errors.WrongState, errors.StaleVersion, errors.KeyReused),
)  # fmt: skip
@signed_in
async def act(request: Request) -> Response:
    actor, at = request.user, datetime.now(UTC)
    cluster = await queries.one(actor, number_in_path(request))
    return await act_on(request, cluster, actions.VERBS, lambda: cluster_json(actor, cluster, at), at=at)


async def cluster_json(actor: Actor, cluster: Cluster, at: datetime) -> dict[str, object]:
    members = await tickets.of_cluster(cluster.no)
    seen = {one.no for one in await tickets.visible_to(actor, [one.no for one in members])}
    due = await queries.earliest(members)
    told = {"title": cluster.title, "due_at": local(due.due_at) if due else None}
    return (
        await thing_json(cluster, actor, at, [])
        | told
        | {"tickets": [row_json(one) for one in members if one.no in seen]}
    )


routes = [
    Route("/clusters", index, methods=["GET"]),
    Route("/clusters", create, methods=["POST"]),
    Route("/clusters/{no}", show),
    Route("/clusters/{no}/journal", journal),
    Route("/clusters/{no}/moves/{move}", act, methods=["POST"]),
]
