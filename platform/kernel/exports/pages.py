"""导出: the links under a list, the requests, the decision, the file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from kernel.errors import NotFound
from kernel.exports import actions, queries
from kernel.exports.forms import Ask
from kernel.lifecycle import asked_moves
from kernel.pages import act_once, check_token, must_be_fresh, needs, render, see_other, signed_in, way
from kernel.people.permissions import P

SHOWN = 100
GRAVE = {"approve", "take"}
FRESH_ABOVE = 100  # rows (spec: security AU12)


@signed_in
async def download(request: Request) -> Response:
    """A list without personal data, at once."""
    listed = queries.listing(request.path_params["name"], request.user)
    ending, at = request.path_params["ending"], datetime.now(UTC)
    if ending not in {"csv", "xlsx"}:
        raise NotFound(what="这种格式")
    if await listed.count(request.user, dict(request.query_params), at) > FRESH_ABOVE:
        must_be_fresh(request)
    path = await actions.plain_file(listed, dict(request.query_params), ending, by=request.user, at=at)
    return _file(path, f"{listed.label}-{at:%Y%m%d}.{ending}")


@needs(P.EXPORT_ASK, P.EXPORT_APPROVE)
async def index(request: Request) -> Response:
    """导出申请: one's own and those to decide."""
    at = datetime.now(UTC)
    found = [
        (export, [one.name for one, refusal in await asked_moves(export, request.user, at) if refusal is None])
        for export in await queries.newest(request.user, SHOWN)
    ]
    typed = getattr(request.state, "typed", request.query_params)  # shown again after a refusal
    asked = {name: typed.get(name, "") for name in ("listing", "query")}
    listed = queries.listing(asked["listing"], request.user) if asked["listing"] else None
    lists = queries.listings()
    return render(request, "kernel/exports/index.html", found=found, asked=asked, listed=listed, lists=lists)


@needs(P.EXPORT_ASK)
async def ask(request: Request) -> Response:
    form = await Ask.read(request, again=index)
    check_token(request)
    await actions.ask(form, params=_params(form.query), by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:exports")


@needs(P.EXPORT_ASK, P.EXPORT_APPROVE)
async def act(request: Request) -> Response:
    export, name = await queries.one(request.user, request.path_params["no"]), request.path_params["move"]
    if name not in actions.VERBS:
        raise NotFound(what="该操作")
    facts = await export.moves[name].facts.read(request, again=index)
    check_token(request)
    if name in GRAVE:
        must_be_fresh(request)
    if name == "take":
        taken = await actions.take(export, facts, **way(request))  # type: ignore[arg-type]
        path = await actions.personal_file(taken, _params(taken.query), by=request.user, at=datetime.now(UTC))
        return _file(path, f"{taken.no}.{taken.ending}")

    async def effect() -> str:
        await actions.VERBS[name](export, facts, **way(request))
        return "/exports"

    return await act_once(request, effect)


def _params(query: str) -> Mapping[str, str]:
    """The filters of the list's own address."""
    return dict(parse_qsl(query.lstrip("?"), max_num_fields=20))


def _file(path: Path, name: str) -> Response:
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink, missing_ok=True))


routes = [
    Route("/exports", index, methods=["GET"], name="kernel:exports"),
    Route("/exports", ask, methods=["POST"], name="kernel:exports_ask"),
    Route("/exports/{no}/{move}", act, methods=["POST"], name="kernel:exports_act"),
    Route("/lists/{name}.{ending}", download, methods=["GET"], name="kernel:list_file"),
]
