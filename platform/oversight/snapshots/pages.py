"""简报: made, checked against what is behind each number, published; one edition as page, workbook and paper."""

import asyncio
import tempfile
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from kernel.errors import NotFound
from kernel.forms import Form
from kernel.lifecycle import asked_moves
from kernel.pages import act_on, act_once, check_token, needs, render
from kernel.people import queries as people
from oversight.permissions import P
from oversight.snapshots import actions, forms, printing, proof, queries, rules, series
from oversight.snapshots.models import Report
from oversight.snapshots.series import Series

SHOWN = 60
MEDIA = {"pdf": "application/pdf", "json": "application/json"}


@needs(P.REPORT_READ)
async def index(request: Request) -> Response:
    """The reports of one series, newest first, and the period that is to be made or checked next."""
    at, every = datetime.now(UTC), series.every()
    chosen = next((one for one in every if one.code == request.query_params.get("series")), every[0] if every else None)
    rows = await queries.newest(request.user, chosen.code, SHOWN) if chosen else []
    period = series.last_closed(chosen.every, at) if chosen else None
    made = next((one for one in rows if period and one.since == period[0]), None)
    return render(
        request, "oversight/snapshots/index.html", every=every, chosen=chosen, rows=rows, period=period, made=made,
        may_make=request.user.may_anywhere(P.REPORT_FREEZE),
    )  # fmt: skip


@needs(P.REPORT_FREEZE)
async def make(request: Request) -> Response:
    """By hand: the last closed period, or the one that a day lies in."""
    form = await forms.Wanted.read(request, again=index)
    check_token(request)
    at, chosen = datetime.now(UTC), series.of(form.series)

    async def effect() -> str:
        first, last = _period(chosen, form.day, at)
        if (there := await queries.of_period(chosen.code, first)) is None:
            body = await chosen.count(first, last, at)
            there = await actions.freeze(chosen.code, first, last, body, by=request.user, at=at)
        return request.url_for("oversight:report", no=there.no).path

    return await act_once(request, effect)


@needs(P.REPORT_READ)
async def show(request: Request) -> Response:
    """One edition, the newest unless another is asked for; only the newest can be checked."""
    at, report = datetime.now(UTC), await queries.one(request.user, request.path_params["no"])
    editions = await queries.editions(report)
    asked = request.query_params.get("edition", "")
    shown = next((one for one in editions if str(one.edition) == asked), editions[0])
    body = queries.said(shown)
    offers = [(move, refusal) for move, refusal in await asked_moves(report, request.user, at)]
    return render(
        request, "oversight/snapshots/show.html", report=report, series=series.label(report.series), shown=shown,
        body=body, editions=editions, charts=printing.charts(body), offers={m.name: r for m, r in offers},
        names=await people.names({one.by_id for one in editions}), sent=_sent(request),
        reasons=await queries.reasons(report), broken=proof.problems(shown),
    )  # fmt: skip


@needs(P.REPORT_FREEZE, P.REPORT_PUBLISH)
async def act(request: Request) -> Response:
    """A correction says why, a publication what was seen: the rest the hall knows itself."""
    report = await queries.one(request.user, request.path_params["no"])
    form: type[Form] = forms.Checked if request.path_params["move"] == "publish" else forms.Why
    to = request.url_for("oversight:report", no=report.no).path
    read = partial(form.read, again=show)
    return await act_on(request, report, actions.REPORT_VERBS, to=to, again=show, read=read)


@needs(P.REPORT_READ)
async def download(request: Request) -> Response:
    """The edition itself (JSON, to be proven by its fingerprint), or as workbook or paper. Of one that was changed
    behind the hall's back nothing is made that people would believe."""
    report = await queries.one(request.user, request.path_params["no"])
    snapshot = await queries.snapshot(report, request.path_params["edition"])
    ending, name = request.path_params["ending"], f"{report.no}-{snapshot.edition}"
    if ending != "json" and proof.problems(snapshot):
        raise rules.Forged(no=report.no, edition=snapshot.edition)
    if ending == "xlsx":
        return await _workbook(report, snapshot, name)
    if ending not in MEDIA:
        raise NotFound(what="这种格式")
    content = snapshot.body.encode() if ending == "json" else await printing.pdf(report, snapshot)
    return Response(
        content, media_type=MEDIA[ending], headers={"Content-Disposition": f'inline; filename="{name}.{ending}"'}
    )


async def _workbook(report: Report, snapshot: Any, name: str) -> Response:
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    await asyncio.to_thread(printing.workbook, path, report, snapshot)
    return FileResponse(path, filename=f"{name}.xlsx", background=BackgroundTask(path.unlink, missing_ok=True))


def _period(chosen: Series, day: date | None, at: datetime) -> tuple[date, date]:
    return series.last_closed(chosen.every, at) if day is None else series.around(chosen.every, day, at)


def _sent(request: Request) -> str:
    return str((getattr(request.state, "typed", None) or {}).get("_move", ""))


routes = [
    Route("/reports", index, methods=["GET"], name="reports"),
    Route("/reports", make, methods=["POST"], name="make_report"),
    Route("/reports/{no}", show, methods=["GET"], name="report"),
    Route("/reports/{no}/{edition:int}.{ending}", download, methods=["GET"], name="report_file"),
    Route("/reports/{no}/{move}", act, methods=["POST"], name="act_on_report"),
]
