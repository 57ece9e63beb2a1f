"""开放状态: the system administrator's switch."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.clockguard import actions as clock_actions
from kernel.clockguard import queries as clocks
from kernel.maintenance import actions
from kernel.maintenance.forms import BelieveClock, SetMode
from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from kernel.pages import check_token, needs, render, see_other
from kernel.people.permissions import P


@needs(P.HALL_CLOSE)
async def show(request: Request) -> Response:
    suspicion = await clocks.open_suspicion(anew=True)
    return render(
        request, "kernel/maintenance/show.html", standing=await standing(anew=True), modes=list(Mode),
        suspicion=suspicion, jumped=clocks.since_words(suspicion) if suspicion else "",
    )  # fmt: skip


@needs(P.HALL_CLOSE)
async def change(request: Request) -> Response:
    form = await SetMode.read(request, again=show)
    check_token(request)
    await actions.set_mode(form.mode, form.reason, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:opening")


@needs(P.HALL_CLOSE)
async def believe(request: Request) -> Response:
    """The administrator has compared this machine's clock with another."""
    form = await BelieveClock.read(request, again=show)
    check_token(request)
    suspicion = await clocks.open_suspicion(anew=True)
    if suspicion is not None and suspicion.id == form.suspicion:
        await clock_actions.believe(suspicion, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:opening")


routes = [
    Route("/admin/opening", show, methods=["GET"], name="kernel:opening"),
    Route("/admin/opening", change, methods=["POST"], name="kernel:opening_post"),
    Route("/admin/opening/clock", believe, methods=["POST"], name="kernel:clock_post"),
]
