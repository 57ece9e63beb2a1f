"""运行状况, 设置, 保存期限: what the keepers look at; changing is done by a few, and is on record."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import outbox
from kernel.pages import check_token, needs, render, see_other
from kernel.people.permissions import P
from kernel.upkeep import actions, queries
from kernel.upkeep.forms import SetPeriod


@needs(P.HALL_WATCH)
async def running(request: Request) -> Response:
    """What is wrong now with what mends it, how each job went, room on the disks."""
    at = datetime.now(UTC)
    standing, mended = await queries.alarms()
    return render(
        request, "kernel/upkeep/running.html", alarms=standing, mended=mended, runs=await queries.job_runs(),
        late=await queries.worker_is_late(at), disks=queries.disks(), counts=await outbox.counts(at=at),
    )  # fmt: skip


@needs(P.HALL_WATCH)
async def settings(request: Request) -> Response:
    return render(request, "kernel/upkeep/settings.html", settings=queries.in_force())


@needs(P.HALL_WATCH)
async def retention(request: Request) -> Response:
    return render(
        request, "kernel/upkeep/retention.html", kept=queries.everything(), periods=await queries.periods(),
        may_set=request.user.may_anywhere(P.RETENTION_SET),
    )  # fmt: skip


@needs(P.RETENTION_SET)
async def set_period(request: Request) -> Response:
    form = await SetPeriod.read(request, again=retention)
    check_token(request)
    await actions.set_period(form.name, form.days, form.basis, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:retention")


routes = [
    Route("/admin/running", running, methods=["GET"], name="kernel:running"),
    Route("/admin/settings", settings, methods=["GET"], name="kernel:settings"),
    Route("/admin/retention", retention, methods=["GET"], name="kernel:retention"),
    Route("/admin/retention", set_period, methods=["POST"], name="kernel:retention_post"),
]
