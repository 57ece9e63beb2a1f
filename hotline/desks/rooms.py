"""The queues (不予受理、派单、审核、回访、承办): find, show beside it the one that is chosen, act through the ticket's
own handler; what is done with several at once is done here."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hotline.clusters import actions as clusters
from hotline.clusters.forms import Gather
from hotline.desks import actions, queues
from hotline.desks import queries as own
from hotline.desks.actions import Done
from hotline.desks.forms import Accepted, NewView, OneView, Selected, Shares
from hotline.permissions import P
from hotline.tickets import queries
from hotline.tickets.states import AssignmentState
from kernel.errors import FormRejected
from kernel.pages import act_once, check_token, needs, render
from kernel.settings import settings

WORDS_MAX = 100
RULERS = (P.ASSIGNMENT_RULE, P.ASSIGNMENT_ADJUDICATE)
DESK_RIGHTS = (P.TICKET_REFUSE, P.TICKET_DISPATCH, P.TICKET_REVIEW, P.TICKET_VISIT, P.ASSIGNMENT_READ, *RULERS)


@needs(P.TICKET_REFUSE)
async def refusing(request: Request) -> Response:
    """拟不予受理: what operators propose to refuse, for the shift lead to decide."""
    return await _tickets(request, "refusing")


@needs(P.TICKET_DISPATCH)
async def dispatch(request: Request) -> Response:
    return await _tickets(request, "dispatch")


@needs(P.TICKET_REVIEW)
async def review(request: Request) -> Response:
    return await _tickets(request, "review")


@needs(P.TICKET_VISIT)
async def visit(request: Request) -> Response:
    return await _tickets(request, "visit")


@needs(*RULERS)
async def ruling(request: Request) -> Response:
    """裁决: objections, with what was ruled about the same category before."""
    return await _ruling(request)


@needs(P.ASSIGNMENT_READ)
async def agency(request: Request) -> Response:
    """承办: an agency's own, by what is to be done next."""
    return await _agency(request)


@needs(P.TICKET_DISPATCH)
async def propose(request: Request) -> Response:
    """The selected ones with whom each would go to; nothing is done yet."""
    form = await Selected.read(request, again=dispatch)
    check_token(request)
    lines = await queues.proposed(request.user, form.tickets)
    return render(request, "hotline/desks/batch.html", lines=lines)


@needs(P.TICKET_DISPATCH)
async def accept(request: Request) -> Response:
    """派单建议逐件采纳: what was shown, each on its own."""
    form = await Accepted.read(request, again=dispatch)
    check_token(request)
    chosen = await queues.accepted(request.user, form.row)
    done = await actions.accept(chosen, by=request.user, at=datetime.now(UTC))
    return await _tickets(request, "dispatch", done=done)


@needs(P.CLUSTER_MANAGE)
async def gather(request: Request) -> Response:
    """建事件: one matter of many callers; each keeps their own reply and their own return visit."""
    form = await Gather.read(request, again=dispatch)
    check_token(request)
    at = datetime.now(UTC)
    no = await clusters.draw_number(at)

    async def effect() -> str:
        await clusters.begin(form, no=no, region=settings().region_path, by=request.user, at=at)
        return str(request.url_for("hotline:dispatch").path)

    return await act_once(request, effect)


@needs(P.ASSIGNMENT_SIGN)
async def sign(request: Request) -> Response:
    """批量签收"""
    form = await Shares.read(request, again=agency)
    check_token(request)
    waiting = queries.inbox_of(request.user, (AssignmentState.A_NEW,)).filter(no__in=list(form.no))
    done = await actions.sign_all(await waiting.order_by("id"), by=request.user, at=datetime.now(UTC))
    done += [Done(no, no, "已经签收或已收回。") for no in form.no if no not in {one.no for one in done}]
    return await _agency(request, done=done)


@needs(*DESK_RIGHTS)
async def keep_view(request: Request) -> Response:
    """存为常用筛选"""
    form = await NewView.read(request, again=_back)
    check_token(request)
    await actions.keep_view(form, by=request.user, at=datetime.now(UTC))
    return await _back(request)


@needs(*DESK_RIGHTS)
async def drop_view(request: Request) -> Response:
    form = await OneView.read(request, again=_back)
    check_token(request)
    await actions.drop_view(form.view, by=request.user)
    return await _back(request)


async def _back(request: Request) -> Response:
    """To the desk that the form stood on."""
    typed = getattr(request.state, "typed", {})
    desk = str(typed.get("desk") or typed.get("_desk") or "")
    if getattr(request.state, "problems", None) and desk in queues.QUEUES:
        return await _tickets(request, desk)
    if getattr(request.state, "problems", None) and desk == "ruling":
        return await _ruling(request)
    if getattr(request.state, "problems", None):
        return await _agency(request)
    name = desk if desk in {*queues.QUEUES, "ruling", "agency"} else "tickets"
    return RedirectResponse(request.url_for(f"hotline:{name}").path, status_code=303)


async def _tickets(request: Request, name: str, done: list[Done] | None = None) -> Response:
    title, _ = queues.QUEUES[name]
    chosen = _chosen(request, queues.views_of(name), "all")
    words = request.query_params.get("q", "")[:WORDS_MAX].strip()
    shown = await queues.tickets(request.user, name, chosen, request.query_params.get("no", ""), _now(), words)
    title = queues.views_of(name)[chosen] if chosen in queues.OWN_VIEWS else title
    return await _queue(request, name, title, shown, words, done)


async def _ruling(request: Request) -> Response:
    chosen = _chosen(request, queues.VIEWS, "all")
    words = request.query_params.get("q", "")[:WORDS_MAX].strip()
    shown = await queues.ruling(request.user, chosen, request.query_params.get("no", ""), _now(), words)
    return await _queue(request, "ruling", "待裁决", shown, words, None)


async def _agency(request: Request, done: list[Done] | None = None) -> Response:
    chosen = _chosen(request, queues.AGENCY_VIEWS, "open")
    words = request.query_params.get("q", "")[:WORDS_MAX].strip()
    shown = await queues.agency(request.user, chosen, request.query_params.get("no", ""), _now(), words)
    return await _queue(request, "agency", "承办", shown, words, done)


async def _queue(
    request: Request, desk: str, title: str, shown: dict[str, Any], words: str, done: list[Done] | None
) -> Response:
    may, undispatched = request.user.may_anywhere, desk == "dispatch" and shown["chosen"] not in queues.OWN_VIEWS
    return render(
        request, "hotline/desks/queue.html", queue_title=title, desk=desk, words=words, done=done or [],
        saved=await own.views(request.user, desk),
        batch={
            "sign": desk == "agency" and may(P.ASSIGNMENT_SIGN),
            "accept": undispatched,
            "gather": undispatched and may(P.CLUSTER_MANAGE),
        },
        **shown,
    )  # fmt: skip


def _chosen(request: Request, views: Any, usual: str) -> str:
    chosen = request.query_params.get("show", usual)
    if chosen not in views:
        raise FormRejected({"show": "没有这个筛选。"})
    return chosen


def _now() -> datetime:
    return datetime.now(UTC)


routes = [
    Route("/refusing", refusing, methods=["GET"], name="refusing"),
    Route("/dispatch", dispatch, methods=["GET"], name="dispatch"),
    Route("/dispatch/batch", propose, methods=["POST"], name="propose_batch"),
    Route("/dispatch/accept", accept, methods=["POST"], name="accept_batch"),
    Route("/dispatch/gather", gather, methods=["POST"], name="gather"),
    Route("/ruling", ruling, methods=["GET"], name="ruling"),
    Route("/review", review, methods=["GET"], name="review"),
    Route("/visit", visit, methods=["GET"], name="visit"),
    Route("/agency", agency, methods=["GET"], name="agency"),
    Route("/agency/sign", sign, methods=["POST"], name="sign_batch"),
    Route("/views", keep_view, methods=["POST"], name="keep_view"),
    Route("/views/drop", drop_view, methods=["POST"], name="drop_view"),
]
