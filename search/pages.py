"""The search page: one address says everything, so it can be shared, bookmarked and read without script."""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.pages import public, render
from search import answering
from search.engine import Sort
from search.forms import Ask, ask

SORTS = ((Sort.BEST, "相关"), (Sort.NEWEST, "最新"))


@public
async def show(request: Request) -> Response:
    """GET /search"""
    request.state.again, request.state.typed = _asked_wrongly, request.query_params
    wanted = await ask(request, lenient=True)
    found = await answering.answer(wanted.asked(), by=request.user, at_cursor=wanted.cursor) if wanted.q else None
    response = render(
        request, "search/results/show.html", wanted=wanted, found=found, sorts=SORTS, address=_addresses(wanted)
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def _asked_wrongly(request: Request) -> Response:
    """The question again, as it was typed, with what is wrong with it."""
    wanted = Ask.model_construct(q=request.query_params.get("q", "")[:500])
    return render(
        request, "search/results/show.html", wanted=wanted, found=None, sorts=SORTS, address=_addresses(wanted)
    )


def _addresses(wanted: Ask) -> Callable[..., str]:
    """`address(kind="ticket")`: this page with one thing changed, from its first page on."""
    sort = wanted.sort.value if wanted.sort is not Sort.BEST else ""
    given = {"q": wanted.q, "kind": wanted.kind, "agency": wanted.agency, "region": wanted.region, "sort": sort}

    def address(**changed: str) -> str:
        return "/search?" + urlencode({name: value for name, value in (given | changed).items() if value})

    return address


routes = [Route("/search", show, name="search")]
