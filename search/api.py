"""The same answers for programs."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.pages import public
from search import answering
from search.answering import Answer, Item
from search.forms import ask
from search.highlights import plain


@public
async def search(request: Request) -> Response:
    """GET /api/v1/search"""
    wanted = ask(request.query_params, lenient=False)
    found = await answering.answer(wanted.asked(), by=request.user, at_cursor=wanted.cursor)
    total = {"count": {"value": found.total, "exact": not found.about}} if wanted.count else {}
    answer = JSONResponse(_answer_json(found) | total)
    answer.headers["Cache-Control"] = "public, max-age=10" if request.user.anonymous else "private, no-store"
    return answer


@public
async def suggestions(request: Request) -> Response:
    """GET /api/v1/suggestions"""
    wanted = ask(request.query_params, lenient=False)
    found = await answering.suggestions(wanted.q)
    items = [{"kind": d.kind, "no": d.no, "title": d.title, "url": d.url} for d in found]
    return JSONResponse({"items": items, "next": None}, headers={"Cache-Control": "public, max-age=60"})


def _answer_json(found: Answer) -> dict[str, object]:
    facets = {
        name: [{"value": v.value, "label": v.label, "count": v.count} for v in values]
        for name, values in found.facets.items()
    }
    return {
        "items": [_item_json(item) for item in found.items],
        "facets": facets,
        "degraded": found.degraded,
        "took_ms": found.took_ms,
        "next": found.next,
    }


def _item_json(item: Item) -> dict[str, object]:
    """`highlights` cuts title and snippet into [text, hit] pieces: no markup to trust."""
    document = item.document
    return {
        "kind": document.kind,
        "no": document.no,
        "url": document.url,
        "title": document.title,
        "snippet": plain(item.snippet),
        "highlights": {"title": item.title, "snippet": item.snippet},
        "agency": document.agency or None,
        "published_at": document.published.isoformat() if document.published else None,
        "action": {"label": document.action[0], "url": document.action[1]} if document.action else None,
        "state_label": document.state[1] if document.state else None,
        "exact": item.pinned,
        "restricted": item.restricted,
    }


routes = [Route("/search", search, name="api_search"), Route("/suggestions", suggestions, name="api_suggestions")]
