"""办件时效公开: the figures of a month, the data file, and the script that makes the one from the other."""

import csv
from datetime import date
from io import StringIO
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.kpi.definitions import BY_CODE
from hotline.sla import queries, recompute
from hotline.sla.actions import CODES
from hotline.sla.models import Published
from kernel.errors import NotFound
from kernel.pages import public, render

COLUMNS = ("month", "code", "name", "version", "row", "agency", "category", "numerator", "denominator")
SCRIPT = Path(recompute.__file__).read_text(encoding="utf-8")
SCOPES = {"agency": "按承办单位", "category": "按诉求分类"}


@public
async def index(request: Request) -> Response:
    """办件时效公开"""
    months, wanted = await queries.months(), request.query_params.get("month", "")
    published = await _of(wanted or f"{months[0]:%Y-%m}") if wanted or months else None
    sums = recompute.sums(published.rows) if published else {}
    told = {key: recompute.said(*counts) for key, counts in sums.items()}
    named = {scope: sorted({name for _, of, name in sums if of == scope}) for scope in SCOPES}
    return render(
        request, "hotline/sla/index.html", published=published, months=months, told=told, named=named, scopes=SCOPES,
        figures=[BY_CODE[code] for code in CODES], ranked_min=recompute.RANKED_MIN,
    )  # fmt: skip


@public
async def data(request: Request) -> Response:
    published = await _of(request.path_params["month"])
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(published.rows)
    return _file("\ufeff" + out.getvalue(), "text/csv", f"{published.month:%Y-%m}.csv")


@public
async def script(request: Request) -> Response:
    return _file(SCRIPT, "text/x-python", "recompute.py")


async def _of(month: str) -> Published:
    try:
        found = await queries.of_month(date.fromisoformat(f"{month}-01"))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(what="这个月的公开数据")
    return found


def _file(text: str, media: str, name: str) -> Response:
    return Response(text, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


routes = [
    Route("/sla", index, methods=["GET"], name="sla"),
    Route("/sla/recompute.py", script, methods=["GET"], name="sla_script"),
    Route("/sla/{month}.csv", data, methods=["GET"], name="sla_data"),
]
