"""Home, my affairs, and the few pages about the site itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tortoise.backends.base.client import BaseDBAsyncClient

from kernel import database
from kernel.clockguard.queries import open_suspicion
from kernel.inbox import queries as inbox
from kernel.module import Affair, Headline, Headlines, Link, installed
from kernel.pages import public, render, signed_in
from kernel.people.permissions import P
from kernel.permissions import Actor

TOPS = (
    Link(label="首页", url="/"),
    Link(label="12345", url="/hotline/"),
    Link(label="政务公开", url="/policies"),
    Link(label="搜索", url="/search"),
)
HOME_AFFAIRS, HOME_NEWS, NEWS_S = 5, 5, 20
IN_SIGHT = 8  # rooms in the bar of a desk of 1280; the others stand under one word
_news: WeakKeyDictionary[BaseDBAsyncClient, tuple[float, list[tuple[Headlines, list[Headline]]]]] = WeakKeyDictionary()


async def context(request: Request) -> Mapping[str, Any]:
    """What every page knows: the navigation of this person's roles, how much is unread, whether the hall rests."""
    user, path = request.user, request.url.path
    mine = (Link(label="我的", url="/me"),) if not user.anonymous else ()
    desks = desks_of(user)
    tops = [*TOPS, *mine, *(Link(label="工作台", url=desks[0].url) for _ in desks[:1])]
    return {
        "nav": [_entry(link, path) for link in tops],
        "desk_nav": [_entry(link, path) for link in desks[:IN_SIGHT]],
        "desk_more": [_entry(link, path) for link in desks[IN_SIGHT:]],
        "clock_suspect": user.may_anywhere(P.HALL_CLOSE) and await open_suspicion() is not None,
        "resting": request.scope.get("resting"),
        "unread": 0 if user.anonymous else await inbox.unread(user),
    }


def desks_of(user: Actor) -> list[Link]:
    """The rooms this person works in: those of the work first, those that run the hall last."""
    modules = reversed(installed())
    return [link for module in modules for link in module.navigation if link.desk and link.shown_to(user)]


@public
async def home(request: Request) -> Response:
    at = datetime.now(UTC)
    affairs = [] if request.user.anonymous else await affairs_of(request.user, at)
    news = await headlines()
    return render(request, "portal/home/home.html", affairs=affairs[:HOME_AFFAIRS], count=len(affairs), news=news)


@signed_in
async def mine(request: Request) -> Response:
    """我的: everything this person has under way, newest first; staff land at their desk."""
    if request.user.kind == "staff":
        desks = desks_of(request.user)
        return RedirectResponse(desks[0].url if desks else "/me/sessions", status_code=303)
    return render(request, "portal/home/mine.html", affairs=await affairs_of(request.user, datetime.now(UTC)))


@public
async def accessibility(request: Request) -> Response:
    return render(request, "portal/home/accessibility.html")


@public
async def ask_for_help(request: Request) -> Response:
    return render(request, "portal/home/help.html")


@public
async def api(request: Request) -> Response:
    return render(request, "portal/home/api.html")


async def affairs_of(actor: Actor, at: datetime) -> list[Affair]:
    found = [affair for module in installed() if module.affairs for affair in await module.affairs(actor, at)]
    return sorted(found, key=lambda affair: affair.at, reverse=True)


async def headlines() -> list[tuple[Headlines, list[Headline]]]:
    """The same for everybody, and asked by everybody: a process remembers them for a moment."""
    at, known = monotonic(), _news.get(database.home())
    if known is None or known[0] < at - NEWS_S:
        found = [module.headlines for module in installed() if module.headlines]
        known = (at, [(one, newest) for one in found if (newest := await one.newest(HOME_NEWS))])
        _news[database.home()] = known
    return known[1]


def _entry(link: Link, path: str) -> dict[str, object]:
    here = path == link.url or (link.url != "/" and path.startswith(link.url.rstrip("/") + "/"))
    return {"label": link.label, "url": link.url, "current": here}


routes = [
    Route("/", home, name="portal:home"),
    Route("/me", mine, name="portal:mine"),
    Route("/about/accessibility", accessibility, name="portal:accessibility"),
    Route("/help", ask_for_help, name="portal:help"),
    Route("/about/api", api, name="portal:api"),
]
