"""诉求人标注: the list, a new one, the second person's word."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.calls import queries as calls
from hotline.flags import actions, queries
from hotline.flags.forms import Attention, Propose
from hotline.permissions import P
from kernel.forms import typed_form
from kernel.pages import act_on, act_once, check_token, needs, render
from kernel.settings import settings

AT_FLAGS = (P.CALLER_FLAG, P.CALLER_FLAG_CONFIRM)


@needs(*AT_FLAGS)
async def index(request: Request) -> Response:
    return await _index(request)


@needs(P.CALLER_FLAG)
async def propose(request: Request) -> Response:
    form = await Propose.read(request, again=_index)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        await actions.propose(form, no=no, region=settings().region_path, by=request.user, at=at)
        return str(request.url_for("hotline:flags").path)

    return await act_once(request, effect)


@needs(*AT_FLAGS)
async def act(request: Request) -> Response:
    await typed_form(request, again=_index)
    flag = await queries.one(request.user, request.path_params["no"])
    return await act_on(request, flag, actions.VERBS, to=request.url_for("hotline:flags").path, again=_index)


async def _index(request: Request) -> Response:
    """From a call of one's own (`?call=`) its number stands in the form; no number stands in an address."""
    at, call = datetime.now(UTC), request.query_params.get("call", "")
    wanted = int(call) if call.isascii() and call.isdecimal() and len(call) < 10 else None
    popped = await calls.of_desk(request.user, at, call=wanted) if wanted else None
    return render(
        request, "hotline/flags/index.html", lines=await queries.listed(request.user, at),
        phone=popped.phone if popped else "", kinds=[(one.value, one.label) for one in Attention],
        may_propose=request.user.may_anywhere(P.CALLER_FLAG),
        may_confirm=request.user.may_anywhere(P.CALLER_FLAG_CONFIRM),
    )  # fmt: skip


routes = [
    Route("/flags", index, methods=["GET"], name="flags"),
    Route("/flags", propose, methods=["POST"], name="propose_flag"),
    Route("/flags/{no}/{move}", act, methods=["POST"], name="act_on_flag"),
]
