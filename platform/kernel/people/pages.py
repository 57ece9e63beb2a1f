"""Signing in and out, one's own sessions and password."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.edge import rates
from kernel.errors import NotFound, Refusal, StepUp
from kernel.forms import what_was_sent
from kernel.pages import check_token, posted, public, render, see_other, signed_in
from kernel.people import actions, factor, provider, sessions
from kernel.people.actions import From
from kernel.people.forms import ChangePassword, SignIn
from kernel.people.models import Account

CARRIED, CARRIED_MAX = "_kept.", 60


@public
async def show_sign_in(request: Request) -> Response:
    wanted = safe_path(request.query_params.get("next", "/"))
    if not request.user.anonymous:
        return RedirectResponse(wanted, status_code=303)
    return render(request, "kernel/people/sign_in.html", next=wanted, carried={}, carried_to="")


@public
async def sign_in(request: Request) -> Response:
    """A new session with a new token. What a form carried over from an expired one is posted again."""
    form = await SignIn.read(request, again=_again)
    check_token(request)
    at = datetime.now(UTC)
    token, account = await actions.sign_in(
        form.username, form.password.get_secret_value(), come=come_from(request, "web"), at=at, code=form.code or ""
    )
    if request.scope["session"] is not None:
        await sessions.end(request.scope["session"].id, at=at)
    return await arrive(request, token, account, form.next, at)


async def arrive(request: Request, token: str, account: Account, wanted: str, at: datetime) -> Response:
    """Where a sign-in leads: the step that is still to be done, the form that was interrupted, the page asked for."""
    session = await sessions.of_token(token, at)
    assert session is not None
    request.scope["session"], request.scope["user"] = session, session.actor
    typed = request.state.typed
    carried, to = carried_of(typed), safe_path(str(typed.get("_carried_to", "/")))
    if session.needs == "factor":
        response = render(request, "kernel/people/code.html", next=safe_path(wanted), carried=carried, carried_to=to)
    elif account.must_change or session.needs:
        response = RedirectResponse("/me/password" if account.must_change else "/me/second-factor", status_code=303)
    elif carried:
        response = render(request, "kernel/people/carried.html", carried=carried, to=to)
    else:
        response = RedirectResponse(safe_path(wanted), status_code=303)
    return sessions.keep(response, token)


@signed_in
async def sign_out(request: Request) -> Response:
    await posted(request)
    await sessions.end(request.scope["session"].id, at=datetime.now(UTC))
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(sessions.cookie_name(), path="/", secure=sessions.secure(), httponly=True)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@signed_in
async def show_password(request: Request) -> Response:
    return render(request, "kernel/people/password.html")


@signed_in
async def change_password(request: Request) -> Response:
    form = await ChangePassword.read(request, again=show_password)
    check_token(request)
    token = await actions.change_password(
        request.user, form.old.get_secret_value(), form.new.get_secret_value(),
        at=datetime.now(UTC), session_id=request.scope["session"].id,
    )  # fmt: skip
    return sessions.keep(see_other(request, "kernel:sessions"), token)


@signed_in
async def show_sessions(request: Request) -> Response:
    """我的登录: where this account is signed in."""
    running = await sessions.running(request.user.id, datetime.now(UTC))
    shown = {"running": running, "mine": request.scope["session"].id}
    return render(request, "kernel/people/sessions.html", linked=await provider.linked(request.user.id), **shown)


@signed_in
async def end_session(request: Request) -> Response:
    await posted(request)
    at, wanted = datetime.now(UTC), request.path_params["id"]
    if wanted not in {session.id for session in await sessions.running(request.user.id, at)}:
        raise NotFound(what="这次登录")
    await sessions.end(wanted, at=at)
    return see_other(request, "kernel:sessions")


async def signed_out(request: Request, refusal: Refusal) -> Response:
    """A page asked for leads to the sign-in; a form that was posted is carried there, so that nothing typed is lost."""
    again = isinstance(refusal, StepUp)
    if request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/{'step-up' if again else 'sign-in'}?next={quote(target, safe='')}", status_code=303)
    sent = await what_was_sent(request)
    kept = [(name, value) for name, value in sent.multi_items() if isinstance(value, str) and name != "_csrf"]
    carried = dict(kept[:CARRIED_MAX])
    shown: dict[str, object] = {"next": "/", "carried": carried, "carried_to": request.url.path}
    if again:
        request.state.problems, request.state.typed = {}, {}
        shown["with_code"] = await factor.confirmed(request.user.id)
    response = render(request, f"kernel/people/{'step_up' if again else 'sign_in'}.html", **shown)
    response.status_code = refusal.status
    return response


def safe_path(wanted: str) -> str:
    """One of our own: begins with one slash, then neither slash nor backslash, no controls anywhere."""
    plain = wanted.startswith("/") and wanted[1:2] not in {"/", "\\"} and wanted.isprintable() and "\\" not in wanted
    return wanted if plain else "/"


def come_from(request: Request, kind: str) -> From:
    return From(rates.address_of(request), request.headers.get("user-agent", ""), kind, request.state.request_id)


async def _again(request: Request) -> Response:
    shown = on_the_way(request)
    return render(request, "kernel/people/sign_in.html", **shown)


def on_the_way(request: Request) -> dict[str, object]:
    """What each page of proving who is there hands on: where to go next, and the form that was interrupted."""
    typed: Mapping[str, object] = getattr(request.state, "typed", {})
    wanted = str(typed.get("next") or request.query_params.get("next", "/"))
    to = safe_path(str(typed.get("_carried_to", "")))
    return {"next": safe_path(wanted), "carried": carried_of(typed), "carried_to": to}


def carried_of(typed: Mapping[str, object]) -> dict[str, str]:
    """The fields of the form that was posted when the session had ended; no form counts names that begin with `_`."""
    return {name.removeprefix(CARRIED): str(value) for name, value in typed.items() if name.startswith(CARRIED)}


routes = [
    Route("/sign-in", show_sign_in, methods=["GET"], name="kernel:sign_in"),
    Route("/sign-in", sign_in, methods=["POST"], name="kernel:sign_in_post"),
    Route("/sign-out", sign_out, methods=["POST"], name="kernel:sign_out"),
    Route("/me/password", show_password, methods=["GET"], name="kernel:password"),
    Route("/me/password", change_password, methods=["POST"], name="kernel:password_post"),
    Route("/me/sessions", show_sessions, methods=["GET"], name="kernel:sessions"),
    Route("/me/sessions/{id:int}/end", end_session, methods=["POST"], name="kernel:session_end"),
]
