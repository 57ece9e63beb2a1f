"""群体事件: the list, one of them with its tickets, and what is done to it. Thin: find, read, act, redirect."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.clusters import actions, queries, showing
from hotline.clusters.forms import Gather
from hotline.permissions import P
from kernel.errors import FormRejected
from kernel.pages import act_on, act_once, check_token, needs, render
from kernel.settings import settings

WORDS_MAX = 100


@needs(P.CLUSTER_MANAGE)
async def index(request: Request) -> Response:
    """With `?q=` the tickets that might be one matter, to be ticked."""
    return await _index(request)


@needs(P.CLUSTER_MANAGE)
async def begin(request: Request) -> Response:
    facts = await Gather.read(request, again=_index)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        await actions.begin(facts, no=no, region=settings().region_path, by=request.user, at=at)
        return request.url_for("hotline:cluster", no=no).path

    return await act_once(request, effect)


@needs(P.CLUSTER_MANAGE)
async def show(request: Request) -> Response:
    shown = await showing.whole(request.user, request.path_params["no"], _words(request), datetime.now(UTC))
    return render(request, "hotline/clusters/show.html", **shown)


@needs(P.CLUSTER_MANAGE)
async def act(request: Request) -> Response:
    cluster = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("hotline:cluster", no=cluster.no).path
    return await act_on(request, cluster, actions.VERBS, to=to, again=show)


async def _index(request: Request) -> Response:
    view, words, at = request.query_params.get("show", "live"), _words(request), datetime.now(UTC)
    if view not in showing.VIEWS:
        raise FormRejected({"show": "没有这个筛选。"})
    shown = await showing.listing(request.user, view, at)
    found = await showing.candidates(request.user, words) if words else []
    return render(request, "hotline/clusters/index.html", **shown, words=words, candidates=found)


def _words(request: Request) -> str:
    return request.query_params.get("q", "")[:WORDS_MAX].strip()


routes = [
    Route("/clusters", index, methods=["GET"], name="clusters"),
    Route("/clusters", begin, methods=["POST"], name="begin_cluster"),
    Route("/clusters/{no}", show, methods=["GET"], name="cluster"),
    Route("/clusters/{no}/{move}", act, methods=["POST"], name="act_cluster"),
]
