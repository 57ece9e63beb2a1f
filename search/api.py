"""The same answers for programs."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.openapi import described, list_of
from kernel.pages import public
from search import answering
from search.answering import Answer, Item
from search.asking import TERMS_MAX
from search.cursor import CURSOR_MAX
from search.engine import Sort
from search.forms import LIMIT_MAX, QUERY_SIGNS_MAX, ask, reader
from search.highlights import plain

TEXT, FLAG, NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "integer"}
MAYBE = {"type": ["string", "null"]}
OBJECT = {"type": "object"}
Q = (TEXT | {"maxLength": QUERY_SIGNS_MAX}, f"检索词，最多 {QUERY_SIGNS_MAX} 个字、{TERMS_MAX} 个词；编号写法不限")
QUERY = {
    "q": Q,
    "kind": (TEXT | {"maxLength": 20}, "类别的代码，如 ticket、faq、guide"),
    "agency": (TEXT | {"maxLength": 100}, "部门名称，取自 facets.agency"),
    "region": (TEXT | {"maxLength": 200}, "地区路径，如 /360000/369900/"),
    "sort": (
        TEXT | {"enum": [sort.value for sort in Sort], "default": Sort.BEST.value},
        "best 相关，newest 最新，deadline 快截止的在前，不列已截止的",
    ),
    "limit": (NUMBER | {"minimum": 1, "maximum": LIMIT_MAX, "default": 10}, "每页条数"),
    "cursor": (TEXT | {"maxLength": CURSOR_MAX}, "上一页的 next；只对同一人、同一问题有效"),
    "count": (FLAG | {"default": False}, "给出总数；exact 为假时是约数"),
}
SEGMENT = {"type": "array", "items": {"type": ["string", "boolean"]}, "minItems": 2, "maxItems": 2}  # text, is a hit
SEGMENTS = {"type": "array", "items": SEGMENT}
ACTION = {"type": ["object", "null"], "properties": {"label": TEXT, "url": TEXT}}
ITEM = OBJECT | {
    "required": ["kind", "no", "url", "title", "snippet", "highlights", "agency", "published_at", "action"],
    "properties": {"kind": TEXT, "no": TEXT, "url": TEXT, "title": TEXT, "snippet": TEXT}
    | {"highlights": OBJECT | {"properties": {"title": SEGMENTS, "snippet": SEGMENTS}}}
    | {"agency": MAYBE, "published_at": MAYBE, "deadline": MAYBE, "action": ACTION, "state_label": MAYBE}
    | {"exact": FLAG, "restricted": FLAG},
}
VALUE = OBJECT | {"properties": {"value": TEXT, "label": TEXT, "count": NUMBER}}
ANSWER = OBJECT | {
    "required": ["items", "facets", "degraded", "took_ms", "next"],
    "properties": {"items": {"type": "array", "items": ITEM}, "next": MAYBE, "degraded": FLAG, "took_ms": NUMBER}
    | {"did_you_mean": TEXT | {"description": "结果太少时，按公开标题的写法改过的检索词；没有就没有这一项"}}
    | {"facets": OBJECT | {"additionalProperties": {"type": "array", "items": VALUE}}}
    | {"count": OBJECT | {"properties": {"value": NUMBER, "exact": FLAG}}},
}
SUGGESTION = OBJECT | {"properties": {"kind": TEXT, "no": TEXT, "title": TEXT, "url": TEXT}}


@public
@described(summary="检索：指南、工单、问答等，只返回您可以查看的", query=QUERY, answer=ANSWER)
async def search(request: Request) -> Response:
    """GET /api/v1/search"""
    wanted = await ask(request, lenient=False)
    found = await answering.answer(wanted.asked(), by=await reader(request), at_cursor=wanted.cursor)
    total = {"count": {"value": found.total, "exact": not found.about}} if wanted.count else {}
    answer = JSONResponse(_answer_json(found) | total)
    answer.headers["Cache-Control"] = "public, max-age=10" if request.user.anonymous else "private, no-store"
    answer.headers["Vary"] = "Authorization, Cookie"
    return answer


@public
@described(summary="检索词的联想，只取自公开的标题", query={"q": Q}, answer=list_of(SUGGESTION))
async def suggestions(request: Request) -> Response:
    """GET /api/v1/suggestions"""
    wanted = await ask(request, lenient=False)
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
    } | ({"did_you_mean": found.did_you_mean} if found.did_you_mean else {})


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
        "deadline": document.deadline.isoformat() if document.deadline else None,
        "action": {"label": document.action[0], "url": document.action[1]} if document.action else None,
        "state_label": document.state[1] if document.state else None,
        "exact": item.pinned,
        "restricted": item.restricted,
    }


routes = [Route("/search", search, name="api_search"), Route("/suggestions", suggestions, name="api_suggestions")]
