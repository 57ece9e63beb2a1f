"""检索索引: whether it answers and is what the database says; building it anew, taking the one before back."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.edge import security
from kernel.pages import needs, posted, render, see_other
from kernel.people.permissions import P as K
from search import indexing, queries
from search.keeping.permissions import P


@needs(K.HALL_WATCH)
async def show(request: Request) -> Response:
    """GET /admin/search"""
    return render(
        request, "search/keeping/index.html", figures=await indexing.figures(), comparisons=await queries.comparisons(),
        rebuilds=await queries.rebuilds(), running=await queries.asked_rebuild(),
        may=request.user.may_anywhere(P.INDEX_REBUILD),
    )  # fmt: skip


@needs(P.INDEX_REBUILD)
async def rebuild(request: Request) -> Response:
    """POST /admin/search/rebuild: the process that writes the index does it, in seconds."""
    return await _asked(request, back=False)


@needs(P.INDEX_REBUILD)
async def step_back(request: Request) -> Response:
    """POST /admin/search/back"""
    return await _asked(request, back=True)


async def _asked(request: Request, *, back: bool) -> Response:
    """Pressed twice while it waits is once."""
    await posted(request)
    at = datetime.now(UTC)
    if await queries.asked_rebuild() is None:
        await queries.ask_for_rebuild(at, back=back, by=request.user.id)
        kind = "search_index_stepped_back" if back else "search_index_rebuilt"
        await security.log(kind, actor_id=request.user.id, at=at)
    return see_other(request, "search:index")


routes = [
    Route("/admin/search", show, methods=["GET"], name="search:index"),
    Route("/admin/search/rebuild", rebuild, methods=["POST"], name="search:index_rebuild"),
    Route("/admin/search/back", step_back, methods=["POST"], name="search:index_back"),
]
