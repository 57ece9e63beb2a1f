"""The desk's panel and other programs look things up here."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.knowledge import actions, queries
from hotline.knowledge.forms import QUERY_CHARS_MAX, Missed
from hotline.knowledge.models import Edition
from hotline.permissions import P
from kernel.api import answer_once, limit_of, listing, local, number_in_path
from kernel.errors import NotFound
from kernel.openapi import OBJECT, TEXT, described, list_of
from kernel.pages import needs, public


@described(
    summary="查知识：标题、其他说法、编号、拼音首字母、正文",
    query={
        "q": (TEXT | {"maxLength": QUERY_CHARS_MAX}, "查询内容"),
        "limit": ({"type": "integer", "minimum": 1, "maximum": 100}, "条数"),
    },
    answer=list_of(OBJECT),
)  # fmt: skip
@public
async def index(request: Request) -> Response:
    """The public ones for all, the internal ones for who reads internal knowledge."""
    words = request.query_params.get("q", "")[:QUERY_CHARS_MAX]
    found = await queries.find(request.user, words, datetime.now(UTC), limit_of(request))
    return JSONResponse(listing([row_json(edition) for edition in found], None))


@described(summary="查看一条知识", answer=OBJECT)
@public
async def show(request: Request) -> Response:
    found = await queries.in_use(request.user, number_in_path(request), datetime.now(UTC))
    if found is None:
        raise NotFound(what="这条知识")
    return JSONResponse(row_json(found) | {"body": found.body, "valid_to": found.valid_to.isoformat()})


@described(summary="记下没有查到的问题", body=Missed, status=201, answer=OBJECT)
@needs(P.ARTICLE_READ)
async def miss(request: Request) -> Response:
    facts, at = await Missed.read_json(request), datetime.now(UTC)

    async def effect() -> JSONResponse:
        await actions.miss(facts.q, at=at)
        return JSONResponse({"q": facts.q}, status_code=201)

    return await answer_once(request, effect)


def row_json(edition: Edition) -> dict[str, object]:
    return {
        "no": edition.no,
        "edition": edition.number,
        "title": edition.title,
        "source": edition.source,
        "owner": edition.owner,
        "visibility": edition.visibility,
        "category": edition.category,
        "published_at": local(edition.published_at),
    }


routes = [
    Route("/knowledge", index, methods=["GET"]),
    Route("/knowledge/misses", miss, methods=["POST"]),
    Route("/knowledge/{no}", show, methods=["GET"]),
]
