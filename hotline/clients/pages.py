"""接口客户端: the list, a new one, another token, the end. A token stands on the page that made it and nowhere else."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.clients import actions, queries
from hotline.clients.forms import Ask, Issue, Renew, Revoke, Rotate
from hotline.permissions import P
from kernel.citytime import day_of
from kernel.pages import act_once, check_token, must_be_fresh, needs, render, told_once, way
from kernel.settings import settings


@needs(P.CLIENT_MANAGE)
async def index(request: Request) -> Response:
    return await _index(request)


@needs(P.CLIENT_MANAGE)
async def issue(request: Request) -> Response:
    asked = await Ask.read(request, again=_index)
    check_token(request)
    must_be_fresh(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        token = actions.new_token()
        facts = Issue(**dict(asked), token_hash=queries.digest(token))
        await actions.issue(facts, no=no, region=settings().region_path, by=request.user, at=at)
        return token

    return await _told(request, await told_once(request, effect))


@needs(P.CLIENT_MANAGE)
async def rotate(request: Request) -> Response:
    client = await queries.one(request.user, request.path_params["no"])
    asked = await Renew.read(request, again=_index)
    check_token(request)
    must_be_fresh(request)

    async def effect() -> str:
        token = actions.new_token()
        facts = Rotate(valid_to=asked.valid_to, token_hash=queries.digest(token))
        await actions.rotate(client, facts, **way(request))
        return token

    return await _told(request, await told_once(request, effect))


@needs(P.CLIENT_MANAGE)
async def revoke(request: Request) -> Response:
    client = await queries.one(request.user, request.path_params["no"])
    facts = await Revoke.read(request, again=_index)
    check_token(request)

    async def effect() -> str:
        await actions.revoke(client, facts, **way(request))
        return str(request.url_for("hotline:clients").path)

    return await act_once(request, effect)


async def _told(request: Request, token: str) -> Response:
    request.state.typed = {}
    return await _index(request, token=token)


async def _index(request: Request, *, token: str = "") -> Response:
    rows = await queries.listed(request.user)
    return render(
        request, "hotline/clients/index.html", rows=rows, token=token, today=day_of(datetime.now(UTC)),
    )  # fmt: skip


routes = [
    Route("/clients", index, methods=["GET"], name="clients"),
    Route("/clients", issue, methods=["POST"], name="issue_client"),
    Route("/clients/{no}/rotate", rotate, methods=["POST"], name="rotate_client"),
    Route("/clients/{no}/revoke", revoke, methods=["POST"], name="revoke_client"),
]
