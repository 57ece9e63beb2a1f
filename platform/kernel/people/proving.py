"""Proving who is there: the second step of a sign-in, setting it up, and once more before a grave act."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.pages import check_token, must_be_fresh, posted, render, signed_in
from kernel.people import actions, factor, queries, sessions
from kernel.people.forms import Code, StepUpAgain
from kernel.people.pages import arrive, come_from, on_the_way


@signed_in
async def show_code(request: Request) -> Response:
    return await _code(request)


@signed_in
async def code(request: Request) -> Response:
    """The second step; then the session is whole, under a new token."""
    form = await Code.read(request, again=_code)
    check_token(request)
    at, session = datetime.now(UTC), request.scope["session"]
    account = await queries.account(request.user.id)
    await factor.prove(account, form.code, at=at)
    return await arrive(request, await sessions.proved(session.id, at=at), account, form.next, at)


@signed_in
async def show_factor(request: Request) -> Response:
    """第二因素: set it up, or see how many codes are left."""
    return await _factor(request)


@signed_in
async def set_factor(request: Request) -> Response:
    form = await Code.read(request, again=_factor)
    check_token(request)
    at = datetime.now(UTC)
    seed = factor.offered(request.user.id, request.scope["session"].csrf_secret)
    codes = await factor.confirm(request.user.id, seed, form.code.strip(), at=at)
    token = await sessions.proved(request.scope["session"].id, at=at)
    return await _codes(request, codes, token, at)


@signed_in
async def renew_codes(request: Request) -> Response:
    await posted(request)
    must_be_fresh(request)
    at = datetime.now(UTC)
    codes = await factor.renew_codes(request.user, at=at)
    return await _codes(request, codes, await sessions.renewed(request.scope["session"].id), at)


@signed_in
async def show_step_up(request: Request) -> Response:
    return await step_up_page(request)


@signed_in
async def step_up(request: Request) -> Response:
    """Password and code once more; the form that was interrupted is there to be sent again."""
    form = await StepUpAgain.read(request, again=step_up_page)
    check_token(request)
    at, session = datetime.now(UTC), request.scope["session"]
    token = await actions.prove_again(
        request.user, form.password.get_secret_value(), form.code, come=come_from(request, "web"), at=at,
        session_id=session.id,
    )  # fmt: skip
    account = await queries.account(request.user.id)
    return await arrive(request, token, account, form.next, at)


async def step_up_page(request: Request) -> Response:
    shown = on_the_way(request) | {"with_code": await factor.confirmed(request.user.id)}
    return render(request, "kernel/people/step_up.html", **shown)


async def _code(request: Request) -> Response:
    shown = on_the_way(request)
    return render(request, "kernel/people/code.html", **shown)


async def _factor(request: Request) -> Response:
    if await factor.confirmed(request.user.id):
        left = await factor.codes_left(request.user.id)
        return render(request, "kernel/people/factor.html", seed="", address="", codes_left=left)
    seed = factor.offered(request.user.id, request.scope["session"].csrf_secret)
    address = factor.address(seed, request.user.username)
    return render(request, "kernel/people/factor.html", seed=seed, address=address, codes_left=0)


async def _codes(request: Request, codes: list[str], token: str, at: datetime) -> Response:
    """They stand on this one answer and nowhere else."""
    request.scope["session"] = await sessions.of_token(token, at)
    request.scope["user"] = request.scope["session"].actor
    response = render(request, "kernel/people/recovery_codes.html", codes=codes)
    return sessions.keep(response, token)


routes = [
    Route("/sign-in/second-step", show_code, methods=["GET"], name="kernel:code"),
    Route("/sign-in/second-step", code, methods=["POST"], name="kernel:code_post"),
    Route("/me/second-factor", show_factor, methods=["GET"], name="kernel:factor"),
    Route("/me/second-factor", set_factor, methods=["POST"], name="kernel:factor_post"),
    Route("/me/second-factor/codes", renew_codes, methods=["POST"], name="kernel:factor_codes"),
    Route("/step-up", show_step_up, methods=["GET"], name="kernel:step_up"),
    Route("/step-up", step_up, methods=["POST"], name="kernel:step_up_post"),
]
