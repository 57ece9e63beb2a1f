"""谁看过 for a thing, and the auditor's search after a leak. Asking is on record, too."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import views
from kernel.edge import security
from kernel.journal import selves
from kernel.models import View
from kernel.pages import check_token, needs, render
from kernel.people import queries as people
from kernel.people.permissions import P
from kernel.settings import settings
from kernel.watch import queries
from kernel.watch.forms import Leak


@needs(P.VIEW_READ, P.SECURITY_READ)
async def of_thing(request: Request) -> Response:
    """Who saw this."""
    kind, no, at = request.path_params["kind"], request.path_params["no"], datetime.now(UTC)
    looks = await queries.of_thing(kind, no, request.user)
    await security.log("views_read", actor_id=request.user.id, at=at, subject=f"{kind}:{no}")
    return render(
        request, "kernel/watch/thing.html", **await _told(looks), no=no, shown=queries.SHOWN, of_all=_sees_all(request)
    )


@needs(P.SECURITY_READ)
async def search(request: Request) -> Response:
    """Nothing asked yet."""
    return render(request, "kernel/watch/search.html", views=None, names={}, purposes={}, shown=queries.SHOWN)


@needs(P.SECURITY_READ)
async def searched(request: Request) -> Response:
    """By post: a leaked passage belongs neither in an address nor in an access log."""
    form = await Leak.read(request, again=search)
    check_token(request)
    looks = await queries.leaked(form)
    await security.log("leak_searched", actor_id=request.user.id, at=datetime.now(UTC), found=len(looks))
    return render(request, "kernel/watch/search.html", **await _told(looks), shown=queries.SHOWN)


def _sees_all(request: Request) -> bool:
    """A head of the whole city, too; another one is told that others' looks aren't theirs to see."""
    user = request.user
    return bool(user.may(P.SECURITY_READ, "/") or user.may(P.VIEW_READ, settings().region_path))


async def _told(looks: list[View]) -> dict[str, Any]:
    """The looks with who they were and why they looked."""
    names = await people.names({view.actor_id for view in looks})
    return {"views": looks, "names": names, "purposes": await views.purposes(looks)}


@needs(P.SECURITY_READ)
async def journal(request: Request) -> Response:
    """日志链 of one number: sequence, time, actor, move, hashes; never facts. Reading it is one more event (TA04)."""
    no, at = request.query_params.get("no", "")[:48].strip(), datetime.now(UTC)
    entries = await queries.chain(no) if no else []
    if no:
        await security.log("journal_read", actor_id=request.user.id, at=at, no=no, entries=len(entries))
    names = await people.names({account for entry in entries for account in selves(entry)})
    return render(request, "kernel/watch/journal.html", entries=entries, names=names, no=no)


routes = [
    Route("/admin/journal", journal, methods=["GET"], name="kernel:journal"),
    Route("/seen/{kind}/{no:path}", of_thing, methods=["GET"], name="kernel:seen"),
    Route("/admin/views", search, methods=["GET"], name="kernel:views"),
    Route("/admin/views", searched, methods=["POST"], name="kernel:views_searched"),
]
