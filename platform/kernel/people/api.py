"""Signing in for programs: a bearer token."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel.openapi import OBJECT, described
from kernel.pages import public, signed_in
from kernel.people import actions, queries, sessions
from kernel.people.forms import ApiSignIn
from kernel.people.pages import come_from
from kernel.permissions import Actor


@described(summary="登录，得到令牌", body=ApiSignIn, answer=OBJECT, status=201)
@public
async def begin(request: Request) -> Response:
    form, at = await ApiSignIn.read_json(request), datetime.now(UTC)
    token, account = await actions.sign_in(
        form.username,
        form.password.get_secret_value(),
        come=come_from(request, "api"),
        at=at,
        code=form.code or "",
    )
    return JSONResponse({"token": token, "actor": actor_json(await queries.actor_of(account, at))}, status_code=201)


@described(summary="当前登录的帐号", answer=OBJECT)
@signed_in
async def show(request: Request) -> Response:
    return JSONResponse({"actor": actor_json(request.user)})


@described(summary="退出登录", status=204)
@signed_in
async def end(request: Request) -> Response:
    await sessions.end(request.scope["session"].id, at=datetime.now(UTC))
    return Response(status_code=204)


def actor_json(actor: Actor) -> dict[str, object]:
    org = {"code": actor.org_code, "name": actor.org_name} if actor.org_code else None
    return {"username": actor.username, "name": actor.name, "roles": list(actor.roles), "org": org}


routes = [
    Route("/session", begin, methods=["POST"]),
    Route("/session", show, methods=["GET"]),
    Route("/session", end, methods=["DELETE"]),
]
