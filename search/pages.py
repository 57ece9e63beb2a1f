"""The search page: one address says everything, so it can be shared, bookmarked and read without script."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.pages import public, render
from search import answering, feed, regions
from search.answering import Answer, kind_label
from search.engine import Sort
from search.forms import Ask, ask

SORTS = ((Sort.BEST, "相关"), (Sort.NEWEST, "最新"), (Sort.DEADLINE, "快截止"))
WORDS_MAX, LONG_RUN = 4, 8
WORD = re.compile(r"[^\W_]+")


@public
async def show(request: Request) -> Response:
    """GET /search"""
    request.state.again, request.state.typed = _asked_wrongly, request.query_params
    wanted = await ask(request, lenient=True)
    found = await answering.answer(wanted.asked(), by=request.user, at_cursor=wanted.cursor) if wanted.q else None
    response = render(request, "search/results/show.html", **await _shown(wanted, found))
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def _asked_wrongly(request: Request) -> Response:
    """The question again, as it was typed, with what is wrong with it."""
    wanted = Ask.model_construct(q=request.query_params.get("q", "")[:500])
    return render(request, "search/results/show.html", **await _shown(wanted, None))


async def _shown(wanted: Ask, found: Answer | None) -> dict[str, Any]:
    """A deadline is offered to sort by only where something has one."""
    timed = wanted.sort is Sort.DEADLINE or bool(found and any(item.document.deadline for item in found.items))
    filing = "/hotline/file?" + urlencode({"about": wanted.q}) if found and not found.withheld else "/hotline/file"
    return {
        "wanted": wanted, "found": found, "address": _addresses(wanted), "chosen": await _chosen(wanted),
        "sorts": [one for one in SORTS if one[0] is not Sort.DEADLINE or timed],
        "fewer": fewer_words(wanted.q) if found and not found.items else [],
        "numbered": any(map(str.isdigit, wanted.q)), "feed": feed.address_of(wanted, "/search.rss") if wanted.q else "",
        "filing": filing,
    }  # fmt: skip


async def _chosen(wanted: Ask) -> list[tuple[str, str]]:
    """(dimension, how its choice is called) of every filter that is on: each is taken off by itself."""
    named = {
        "kind": kind_label(wanted.kind) if wanted.kind else "",
        "agency": wanted.agency,
        "region": (await regions.name_of(wanted.region) or "所选地区") if wanted.region else "",
    }
    return [(name, label) for name, label in named.items() if label]


def fewer_words(q: str) -> list[str]:
    """Broader questions: each word alone; of one long run, its halves."""
    words = list(dict.fromkeys(WORD.findall(q)))
    if len(words) > 1:
        return sorted(words, key=len, reverse=True)[:WORDS_MAX]
    if words and len(words[0]) >= LONG_RUN and not words[0].isascii():
        half = len(words[0]) // 2
        return [words[0][:half], words[0][half:]]
    return []


def _addresses(wanted: Ask) -> Callable[..., str]:
    """`address(kind="ticket")`: this page with one thing changed, from its first page on."""
    sort = wanted.sort.value if wanted.sort is not Sort.BEST else ""
    given = {"q": wanted.q, "kind": wanted.kind, "agency": wanted.agency, "region": wanted.region, "sort": sort}
    given["limit"] = str(wanted.limit) if "limit" in wanted.model_fields_set else ""

    def address(**changed: str) -> str:
        return "/search?" + urlencode({name: value for name, value in (given | changed).items() if value})

    return address


routes = [Route("/search", show, name="search"), *feed.routes]
