"""突增预警: the list, one of them with its reasons and its sample, and what is done about it."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.clusters import actions as clusters
from hotline.permissions import P
from hotline.surges import actions, queries, showing
from kernel.errors import FormRejected
from kernel.pages import act_on, needs, render


@needs(P.SURGE_READ)
async def index(request: Request) -> Response:
    view = request.query_params.get("show", "live")
    if view not in showing.VIEWS:
        raise FormRejected({"show": "没有这个筛选。"})
    lines = await showing.lines(request.user, view)
    full = len(lines) == showing.LISTED_MAX
    return render(request, "hotline/surges/index.html", lines=lines, view=view, views=showing.VIEWS, full=full)


@needs(P.SURGE_READ)
async def show(request: Request) -> Response:
    shown = await showing.whole(request.user, request.path_params["no"], datetime.now(UTC))
    return render(request, "hotline/surges/show.html", **shown)


@needs(P.SURGE_READ)
async def act(request: Request) -> Response:
    surge = await queries.one(request.user, request.path_params["no"])
    if request.path_params["move"] == "gather":
        await clusters.reserve_number(datetime.now(UTC))
    to = request.url_for("hotline:surge", no=surge.no).path
    return await act_on(request, surge, actions.VERBS, to=to, again=show)


routes = [
    Route("/surges", index, methods=["GET"], name="surges"),
    Route("/surges/{no}", show, methods=["GET"], name="surge"),
    Route("/surges/{no}/{move}", act, methods=["POST"], name="act_surge"),
]
