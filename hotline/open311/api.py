"""The routes of GeoReport v2: thin, each in JSON and XML, errors in the shape of the specification."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.categories import queries as categories
from hotline.clients import queries as clients
from hotline.open311 import queries, showing
from hotline.open311.forms import ATTRIBUTES, EXTRA_MAX, GENERAL, Sent, Update, asked
from hotline.open311.writing import known_format, refused, written
from hotline.tickets import actions
from hotline.tickets import queries as tickets
from hotline.tickets.api import limit_tracking
from hotline.tickets.rules import OUTSIDERS
from kernel.database import transaction
from kernel.edge import rates
from kernel.errors import FormRejected, NotAllowed, NotFound, Refusal
from kernel.forms import sent_form
from kernel.idempotency import Asked as AskedOnce
from kernel.idempotency import once
from kernel.lifecycle import Way
from kernel.pages import public
from kernel.people import sessions
from kernel.permissions import Actor
from kernel.settings import settings

Handler = Callable[[Request], Awaitable[Response]]


class BadKey(NotAllowed):
    text = "api_key 不存在或已失效；公开提交可以不填。"


def spoken(handler: Handler) -> Handler:
    """For this city only, in a format that there is; a refusal in the client's own tongue."""

    @wraps(handler)
    async def told(request: Request) -> Response:
        form = request.path_params["format"]
        try:
            known_format(form)
            asked_for = request.query_params.get("jurisdiction_id", "")
            if asked_for not in {"", showing.jurisdiction()}:
                raise NotFound(what="这个 jurisdiction_id")
            return await handler(request)
        except Refusal as refusal:
            return refused(refusal, form)

    return told


@public
@spoken
async def discovery(request: Request) -> Response:
    base = settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return written("discovery", showing.discovery(f"{base}/open311/v2"), request.path_params["format"])


@public
@spoken
async def services(request: Request) -> Response:
    return written("services", await showing.services(), request.path_params["format"])


@public
@spoken
async def definition(request: Request) -> Response:
    code = str(request.path_params["code"])
    await _service_name(code)
    return written("service_definition", showing.definition(code), request.path_params["format"])


@public
@spoken
async def index(request: Request) -> Response:
    found = await queries.requests(asked(request.query_params, datetime.now(UTC)))
    return written("service_requests", await showing.requests(found), request.path_params["format"])


@public
@spoken
async def show(request: Request) -> Response:
    """One request is a list of one."""
    found = await queries.one(str(request.path_params["no"])[:48])
    return written("service_requests", await showing.requests([found]), request.path_params["format"])


@public
@spoken
async def token(request: Request) -> Response:
    """Numbers are given at once, so a token is the number."""
    found = await queries.one(str(request.path_params["no"])[:48])
    told = [{"service_request_id": found.no, "token": found.no}]
    return written("service_requests", told, request.path_params["format"])


@public
@spoken
async def create(request: Request) -> Response:
    """Open to everyone within the limits of any public form; `api_key` says whose it is."""
    at = datetime.now(UTC)
    sent = await sent_form(request)
    known = {name: str(sent[name]) for name in Sent.model_fields if sent.get(name) and name != "media_url"}
    if "service_code" not in known:
        raise FormRejected({"service_code": "请给出 service_code。"})
    service = await _service_name(known["service_code"])
    given = {name[10:-1]: str(value) for name, value in sent.multi_items() if name.startswith("attribute[")}
    facts = Sent.check(known | {"media_url": _pictures(sent)}).facts(service, _attributes(given))
    by = await _who(request, str(sent.get("api_key", "")), at)
    await _limit(request, by, at)
    no = await actions.draw_number(at)

    async def effect() -> tuple[int, str]:
        async with transaction():
            ticket, code = await actions.register(facts, no=no, region=settings().region_path, by=by, at=at)
        notice = f"已受理。编号 {ticket.no}，查询码 {code}，请记下，凭此查进度、补充、催办和撤回。"
        return 200, json.dumps([{"service_request_id": ticket.no, "service_notice": notice}], ensure_ascii=False)

    return await _once(request, by, "service_requests", effect, at)


@public
@spoken
async def updates(request: Request) -> Response:
    found = await queries.updates(asked(request.query_params, datetime.now(UTC)))
    told = [showing.update(entry, ticket) for entry, ticket in found]
    return written("service_request_updates", told, request.path_params["format"])


@public
@spoken
async def add_update(request: Request) -> Response:
    """A note to a request that the key's owner may add to; without a key nobody's."""
    at = datetime.now(UTC)
    sent = await sent_form(request)
    known = {name: str(sent[name]) for name in Update.model_fields if sent.get(name) and name != "media_url"}
    facts = Update.check(known | {"media_url": _pictures(sent)})
    note = facts.note()
    by = await _who(request, str(sent.get("api_key", "")), at)
    if by.anonymous:
        raise BadKey(permission="")
    if by.kind == "service":
        await rates.hit(rates.SERVICE_CLIENT, str(by.id), at=at)
    else:
        await limit_tracking(request, facts.service_request_id, at)
    ticket = await tickets.one(by, facts.service_request_id)

    async def effect() -> tuple[int, str]:
        moved = await actions.note(ticket, note, **Way(by=by, at=at, version=ticket.version))
        told = [{"update_id": f"{moved.no}-{moved.version}", "service_request_id": moved.no}]
        return 200, json.dumps(told)

    return await _once(request, by, "service_request_updates", effect, at, key=facts.key)


async def _once(
    request: Request,
    by: Actor,
    root: str,
    effect: Callable[[], Awaitable[tuple[int, str]]],
    at: datetime,
    key: str = "",
) -> Response:
    """`Idempotency-Key` is honoured here, too, before the client's own number; the memory is JSON, whatever the answer
    is spelled in."""
    told = sorted((name, str(value)) for name, value in (await sent_form(request)).multi_items())
    key, route = request.headers.get("idempotency-key", key), f"POST {request.url.path}"[:120]
    status, text = await once(AskedOnce(by.id, route, key, repr(told).encode()), effect, at=at)
    return written(root, json.loads(text), request.path_params["format"], status)


async def _limit(request: Request, by: Actor, at: datetime) -> None:
    """A client with a token has room of its own, everybody else that of any public form."""
    if by.kind == "service":
        await rates.hit(rates.SERVICE_CLIENT, str(by.id), at=at)
    elif by.kind in OUTSIDERS:
        if not by.anonymous:
            await rates.hit(rates.TICKET_PERSON, str(by.id), at=at)
        await rates.hit(rates.TICKET_ADDRESS, rates.address_of(request), at=at)


async def _who(request: Request, key: str, at: datetime) -> Actor:
    """By `api_key`, in the form or the address; else whoever is signed in, or nobody."""
    key = key or request.query_params.get("api_key", "")
    if not key:
        actor: Actor = request.user
        return actor
    if client := await clients.behind(key[:200], request.client.host if request.client else "", at):
        return client
    session = await sessions.by_key(key[:200], at)
    if session is None:
        raise BadKey(permission="")
    return session.actor


def _pictures(sent: FormData) -> list[str]:
    return [str(url) for name in ("media_url", "media_url[]") for url in sent.getlist(name) if url]


def _attributes(given: dict[str, str]) -> dict[str, str]:
    """Ours hold one of their values; others are kept with the words, so nothing that was said is lost."""
    if len(given) > EXTRA_MAX:
        raise FormRejected({"attribute": f"attribute 最多 {EXTRA_MAX} 项。"})
    wrong = {}
    for code, label, _, values in ATTRIBUTES:
        if given.get(code) and values and given[code] not in {one.value for one in values}:
            wrong[f"attribute[{code}]"] = f"请从列出的选项中选择{label}。"
    if wrong:
        raise FormRejected(wrong)
    return {code[:40]: value[:200] for code, value in given.items() if value}


async def _service_name(code: str) -> str:
    """Raises NotFound: the specification's 404 for a code that isn't offered."""
    known = {leaf.code: leaf.name for leaf in await categories.leaves()} | {GENERAL: showing.GENERAL_NAME}
    if code not in known:
        raise NotFound(what="这个 service_code")
    return known[code]


routes = [
    Route("/discovery.{format}", discovery),
    Route("/services.{format}", services),
    Route("/services/{code}.{format}", definition),
    Route("/requests.{format}", index, methods=["GET"]),
    Route("/requests.{format}", create, methods=["POST"]),
    Route("/requests/{no}.{format}", show),
    Route("/tokens/{no}.{format}", token),
    Route("/servicerequestupdates.{format}", updates, methods=["GET"]),
    Route("/servicerequestupdates.{format}", add_update, methods=["POST"]),
]
