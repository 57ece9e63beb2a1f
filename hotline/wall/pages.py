"""今日大屏: a page that is whole by itself, and the stream that says when it has changed."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.permissions import P
from hotline.wall import figures, live, queries
from kernel.errors import NotAllowed
from kernel.pages import needs, render
from kernel.permissions import Actor
from kernel.settings import settings
from kernel.streams.answer import Live
from oversight.ladder.models import Level


@needs(P.KPI_READ)
async def show(request: Request) -> Response:
    """The place in the stream is read before the figures: what happens in between is told again, never lost."""
    _must_watch(request.user)
    after, at = await live.HAPPENED.newest(), datetime.now(UTC)
    day = await queries.of_day(request.user, at)
    return render(
        request, "hotline/wall/show.html", day=day, charts=figures.drawn(day), address=figures.address, after=after,
        levels=list(Level),
    )  # fmt: skip


@needs(P.KPI_READ)
async def stream(request: Request) -> Response:
    """Server-Sent Events; a watcher comes back with the number of the last one it has."""
    _must_watch(request.user)
    return Live(request, live.HAPPENED, still=may_watch)


def may_watch(actor: Actor) -> bool:
    """The wall is of the whole centre: whoever reads figures of a part only has the page of figures."""
    return actor.may(P.KPI_READ, settings().region_path)


def _must_watch(actor: Actor) -> None:
    if not may_watch(actor):
        raise NotAllowed(permission=P.KPI_READ.label)


routes = [
    Route("/wall", show, methods=["GET"], name="wall"),
    Route("/wall/live", stream, methods=["GET"], name="wall_live"),
]
