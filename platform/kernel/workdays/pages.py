"""工作日历: a year at a glance for whoever keeps deadlines; a notice is written down here and confirmed here."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.calendar.actions import YEARS
from kernel.citytime import CITY
from kernel.pages import act_on, act_once, check_token, needs, render
from kernel.workdays import actions, queries, showing
from kernel.workdays.forms import Typed
from kernel.workdays.permissions import P


@needs(*queries.READERS)
async def index(request: Request) -> Response:
    shown = await showing.whole(request.user, _year(request))
    return render(request, "kernel/workdays/index.html", **shown)


@needs(P.WORKDAY_PROPOSE)
async def new(request: Request) -> Response:
    year, local = _year(request), request.query_params.get("local") == "true"
    document, days = await showing.usual(year, local=local)
    return render(request, "kernel/workdays/new.html", year=year, local=local, document=document, days=days)


@needs(P.WORKDAY_PROPOSE)
async def propose(request: Request) -> Response:
    form = await Typed.read(request, again=new)
    check_token(request)
    notice, at = form.notice(), datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        proposal = await actions.propose(notice, no=no, by=request.user, at=at)
        return request.url_for("kernel:calendar_notice", no=proposal.no).path

    return await act_once(request, effect)


@needs(*queries.READERS)
async def show(request: Request) -> Response:
    """What would move is computed for whoever decides, from the clocks of now."""
    shown = await showing.notice(request.user, request.path_params["no"], datetime.now(UTC))
    return render(request, "kernel/workdays/show.html", **shown)


@needs(P.WORKDAY_PROPOSE, P.WORKDAY_CONFIRM)
async def act(request: Request) -> Response:
    proposal = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("kernel:calendar_notice", no=proposal.no).path
    return await act_on(request, proposal, actions.VERBS, to=to, again=show)


def _year(request: Request) -> int:
    asked = request.query_params.get("year", "")
    if asked.isdecimal() and len(asked) == 4 and int(asked) in YEARS:
        return int(asked)
    return datetime.now(UTC).astimezone(CITY).year


routes = [
    Route("/admin/calendar", index, methods=["GET"], name="kernel:calendar"),
    Route("/admin/calendar/new", new, methods=["GET"], name="kernel:calendar_new"),
    Route("/admin/calendar/new", propose, methods=["POST"], name="kernel:calendar_propose"),
    Route("/admin/calendar/notices/{no}", show, methods=["GET"], name="kernel:calendar_notice"),
    Route("/admin/calendar/notices/{no}/{move}", act, methods=["POST"], name="kernel:calendar_act"),
]
