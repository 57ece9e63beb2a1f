"""Queues: find, show beside it the one that is chosen, act through the ticket's own handler."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.categories import queries as categories
from hotline.desks import queues
from hotline.desks.forms import NewCall
from hotline.permissions import P
from hotline.suggestions import suggest
from hotline.suggestions.forms import Wanted
from hotline.tickets import actions, queries
from hotline.tickets.forms import CONTENT_MAX, TITLE_MAX, Channel, Secrecy, Type, Urgency, phone
from hotline.tickets.models import Ticket
from hotline.tickets.states import TicketState
from kernel.errors import FormRejected
from kernel.forms import typed_form
from kernel.journal import Sealed
from kernel.pages import check_token, needs, render, told_once
from kernel.settings import settings

S = TicketState


@needs(P.TICKET_REGISTER)
async def new(request: Request) -> Response:
    """接听: the caller's other tickets on the left, what is said in the middle, proposals at the right."""
    return await _desk(request)


@needs(P.TICKET_REGISTER)
async def register(request: Request) -> Response:
    """One post. With `then=propose`, or a proposal picked, it is only looked at, so proposals work without script and
    before everything is filled in; registered, the desk is free for the next call and says number and query code
    (查询码) to be read out."""
    sent = await typed_form(request, again=_desk)
    if sent.get("then") == "propose" or sent.get("pick"):
        check_token(request)
        return await _desk(request)
    form = await NewCall.read(request, again=_desk)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        ticket, code = await actions.register(
            form.facts(), no=no, region=settings().region_path, by=request.user, at=at
        )
        return f"{ticket.no} {code}"

    no, code = (await told_once(request, effect)).split()
    request.state.typed = {}
    return await _desk(request, done=await queries.one(request.user, no), code=code)


async def _desk(request: Request, *, done: Ticket | None = None, code: str = "") -> Response:
    typed, at = getattr(request.state, "typed", {}), datetime.now(UTC)
    ani = _number(str(typed.get("caller_phone", "")) or request.query_params.get("phone", ""))
    return render(
        request,
        "hotline/desks/new.html",
        ani=ani,
        known=await queues.of_phone(ani, at) if ani else [],
        proposals=await _proposals(request, typed),
        leaves=await categories.leaves(),
        channel_options=[(one.value, one.label) for one in Channel],
        type_options=[(one.value, one.label) for one in Type],
        urgency_options=[(one.value, one.label) for one in Urgency],
        secrecy_options=[(one.value, one.label) for one in Secrecy],
        done=done,
        code=code,
    )


async def _proposals(request: Request, typed: Mapping[str, Any]) -> dict[str, Any] | None:
    if not typed.get("title") and not typed.get("content"):
        return None
    title, content = str(typed.get("title", ""))[:TITLE_MAX], str(typed.get("content", ""))[:CONTENT_MAX]
    return await suggest.for_text(Wanted(title=Sealed(title), content=Sealed(content)), by=request.user)


@needs(P.TICKET_DISPATCH)
async def dispatch(request: Request) -> Response:
    return await _tickets(request, "dispatch", "待派单", {S.REG, S.PDISP})


@needs(P.TICKET_REVIEW)
async def review(request: Request) -> Response:
    return await _tickets(request, "review", "待审核", {S.REVIEW})


@needs(P.TICKET_VISIT)
async def visit(request: Request) -> Response:
    return await _tickets(request, "visit", "待回访", {S.VISIT})


@needs(P.ASSIGNMENT_READ)
async def agency(request: Request) -> Response:
    """承办: an agency's own, by what is to be done next."""
    at = datetime.now(UTC)
    chosen = request.query_params.get("show", "open")
    if chosen not in queues.AGENCY_VIEWS:
        raise FormRejected({"show": "没有这个筛选。"})
    shown = await queues.agency(request.user, chosen, request.query_params.get("no", ""), at)
    return render(request, "hotline/desks/queue.html", queue_title="承办", desk="agency", **shown)


async def _tickets(request: Request, name: str, title: str, states: set[TicketState]) -> Response:
    at, params = datetime.now(UTC), request.query_params
    chosen = params.get("show", "all")
    if chosen not in queues.VIEWS:
        raise FormRejected({"show": "没有这个筛选。"})
    shown = await queues.tickets(request.user, states, chosen, params.get("no", ""), at)
    return render(request, "hotline/desks/queue.html", queue_title=title, desk=name, **shown)


def _number(asked: str) -> str:
    """What telephony or the operator gave; anything that isn't a number is left to the form to refuse."""
    try:
        return str(phone(asked[:40]) or "")
    except ValueError:
        return ""


routes = [
    Route("/new", new, methods=["GET"], name="new"),
    Route("/new", register, methods=["POST"], name="register"),
    Route("/dispatch", dispatch, name="dispatch"),
    Route("/review", review, name="review"),
    Route("/visit", visit, name="visit"),
    Route("/agency", agency, name="agency"),
]
