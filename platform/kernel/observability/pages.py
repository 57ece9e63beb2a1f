"""/healthz: this process lives. /readyz: it can serve. /metrics: how it goes, to loopback or who has the token."""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tortoise.connection import get_connection

from kernel import outbox
from kernel.clocks import alarms
from kernel.database import home
from kernel.errors import NotFound
from kernel.observability.requests import Requests
from kernel.pages import public
from kernel.settings import settings
from kernel.upkeep import queries as upkeep

Look = Callable[[], Awaitable[bool | str]]  # a word where "ok" would say too much
LOOK_S = 2.0
STATES = {True: "ok", False: "away"}
_looks: dict[str, Look] = {}
_gauges: dict[str, Callable[[], Awaitable[dict[str, int]]]] = {}


def ready_when(name: str, look: Look) -> None:
    """A part whose state /readyz tells; only the database decides whether this process can serve."""
    _looks[name] = look


def measured(name: str, counts: Callable[[], Awaitable[dict[str, int]]]) -> None:
    """Figures of a module, read when the metrics are: `search` → sunhall_search{what="…"}."""
    _gauges[name] = counts


@public
async def healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


@public
async def readyz(request: Request) -> Response:
    """200 or 503; which part is away is told to loopback and to the token only."""
    states = {name: await _answers(look) for name, look in {"database": _database, **_looks}.items()}
    ready = states["database"]
    told: dict[str, object] = {"ready": ready}
    if _trusted(request):
        told["parts"] = {name: fine if isinstance(fine, str) else STATES[fine] for name, fine in states.items()}
    return JSONResponse(told, status_code=200 if ready else 503)


@public
async def metrics(request: Request) -> Response:
    if not _trusted(request):
        raise NotFound(what="该页面")
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

    registry, at = CollectorRegistry(), datetime.now(UTC)
    registry.register(Requests())
    found = {
        "outbox": await outbox.counts(at=at),
        "clocks": await alarms.open_count(at),
        "upkeep": await upkeep.figures(),
    }
    for name, counts in _gauges.items():
        found[name] = await counts()
    for name, figures in found.items():
        gauge = Gauge(f"sunhall_{name}", f"sunhall {name}", ["what"], registry=registry)
        for what, figure in figures.items():
            gauge.labels(what).set(figure)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _database() -> bool:
    if getattr(home(), "unsynced", False):
        return False  # it still reads, but what it wrote last may not be on the disk: start it anew
    await get_connection("default").execute_query("SELECT 1")
    return True


async def _answers(look: Look) -> bool | str:
    try:
        async with asyncio.timeout(LOOK_S):
            return await look()
    except Exception:
        return False


def _trusted(request: Request) -> bool:
    token = settings().metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(sent.encode(), token.get_secret_value().encode()):
        return True
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


routes = [
    Route("/healthz", healthz, name="kernel:healthz"),
    Route("/readyz", readyz, name="kernel:readyz"),
    Route("/metrics", metrics, name="kernel:metrics"),
]
