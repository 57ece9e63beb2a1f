"""回拨和交接班: who is to be called back, and what one shift tells the next."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.calls import actions, queries
from hotline.calls.forms import Confirmed, Disposal, Ending, Handover
from hotline.permissions import P
from kernel.errors import NotFound
from kernel.pages import act_once, check_token, needs, render


@needs(P.TICKET_REGISTER)
async def missed(request: Request) -> Response:
    """漏接来电, the longest waiting first, with how well they were called back."""
    return await _missed(request)


@needs(P.TICKET_REGISTER)
async def dispose(request: Request) -> Response:
    """来电结果: of one's own call or of one that nobody answered."""
    form = await Disposal.read(request, again=_missed)
    check_token(request)

    async def effect() -> str:
        call = await queries.one(form.call)
        waiting = call is not None and call.inbound and call.answered_at is None and call.hangup_at is not None
        if call is None or not (waiting or call.agent_id == request.user.id):
            raise NotFound(what="这通来电")
        await actions.dispose(call, form.outcome, by=request.user, at=datetime.now(UTC), reason=form.reason)
        own = call.answered_at is not None or call.hangup_at is None
        return str(request.url_for("hotline:new" if own else "hotline:missed").path)

    return await act_once(request, effect)


@needs(P.TICKET_REGISTER)
async def shift(request: Request) -> Response:
    return await _shift(request)


@needs(P.TICKET_ANSWER_ANY)
async def hand_over(request: Request) -> Response:
    """The lead of the shift writes what is open."""
    form = await Handover.read(request, again=_shift)
    check_token(request)

    async def effect() -> str:
        await actions.hand_over(form, by=request.user, at=datetime.now(UTC))
        return str(request.url_for("hotline:shift").path)

    return await act_once(request, effect)


@needs(P.TICKET_ANSWER_ANY)
async def confirm(request: Request) -> Response:
    """The next lead has read it."""
    form = await Confirmed.read(request, again=_shift)
    check_token(request)

    async def effect() -> str:
        await actions.confirm(form.handover, by=request.user, at=datetime.now(UTC))
        return str(request.url_for("hotline:shift").path)

    return await act_once(request, effect)


async def _missed(request: Request) -> Response:
    at = datetime.now(UTC)
    return render(
        request, "hotline/calls/missed.html", rows=await queries.missed(at), withheld=await queries.withheld(at),
        rate=await queries.called_back(at), outcomes=[Ending.CALLED_BACK, Ending.UNREACHED, Ending.PRANK],
    )  # fmt: skip


async def _shift(request: Request) -> Response:
    at = datetime.now(UTC)
    return render(
        request, "hotline/calls/shift.html", notes=await queries.handovers(), waiting=len(await queries.missed(at)),
        may_write=request.user.may_anywhere(P.TICKET_ANSWER_ANY),
    )  # fmt: skip


routes = [
    Route("/missed", missed, methods=["GET"], name="missed"),
    Route("/missed", dispose, methods=["POST"], name="dispose_call"),
    Route("/shift", shift, methods=["GET"], name="shift"),
    Route("/shift", hand_over, methods=["POST"], name="hand_over"),
    Route("/shift/confirm", confirm, methods=["POST"], name="confirm_shift"),
]
