"""调阅令: ask, decide, give back."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.errors import NotFound
from kernel.lifecycle import asked_moves
from kernel.pages import act_once, check_token, must_be_fresh, needs, render, see_other, way
from kernel.people import queries as people
from kernel.people.permissions import P
from kernel.warrants import actions, queries
from kernel.warrants.forms import Ask

SHOWN = 100
GRAVE = {"confirm", "approve"}
CONCERNED = (P.WARRANT_ASK, P.WARRANT_STOP)


@needs(*CONCERNED)
async def index(request: Request) -> Response:
    """One's own, and those to decide: what the table of moves lets this person do now."""
    actor, at = request.user, datetime.now(UTC)
    found = [
        (warrant, [one for one, refusal in await asked_moves(warrant, actor, at) if refusal is None])
        for warrant in await queries.newest(actor, SHOWN)
    ]
    ids = {one for warrant, _ in found for one in (warrant.asked_by, warrant.confirmed_by, warrant.approved_by) if one}
    return render(
        request, "kernel/warrants/index.html", found=found, names=await people.names(ids), kinds=queries.readable(),
        address=queries.address, may_ask=actor.may_anywhere(P.WARRANT_ASK), audits=actor.may(P.SECURITY_READ, "/"),
    )  # fmt: skip


@needs(P.WARRANT_ASK)
async def ask(request: Request) -> Response:
    form = await Ask.read(request, again=index)
    check_token(request)
    await actions.ask(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:warrants")


@needs(*CONCERNED)
async def act(request: Request) -> Response:
    warrant, name = await queries.one(request.user, request.path_params["no"]), request.path_params["move"]
    if name not in actions.VERBS:
        raise NotFound(what="该操作")
    facts = await warrant.moves[name].facts.read(request, again=index)
    check_token(request)
    if name in GRAVE:
        must_be_fresh(request)

    async def effect() -> str:
        await actions.VERBS[name](warrant, facts, **way(request))
        return request.url_for("kernel:warrants").path

    return await act_once(request, effect)


routes = [
    Route("/warrants", index, methods=["GET"], name="kernel:warrants"),
    Route("/warrants", ask, methods=["POST"], name="kernel:warrants_ask"),
    Route("/warrants/{no}/{move}", act, methods=["POST"], name="kernel:warrants_act"),
]
