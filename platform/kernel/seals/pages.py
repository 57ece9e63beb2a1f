"""The desk of seals: the register, what waits for approval or for the press."""

from datetime import UTC, datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import lifecycle
from kernel.errors import FormRejected, NotFound
from kernel.forms import typed_form
from kernel.pages import act_once, check_token, must_be_fresh, needs, render, way
from kernel.people import queries as people
from kernel.seals import actions, drawing, queries
from kernel.seals.forms import Register, SealType
from kernel.seals.models import Imprint, Seal
from kernel.seals.permissions import P

TYPES = [(one.value, one.label) for one in SealType]


@needs(P.SEAL_READ)
async def index(request: Request) -> Response:
    at, actor = datetime.now(UTC), request.user
    found, waiting = await queries.seals(actor), await queries.waiting(actor)
    held = {number for seal in found for number in seal.custodians}
    return render(
        request, "kernel/seals/index.html", seals=found, waiting=waiting, types=TYPES, draw=drawing.svg,
        names=await people.names(held | {n for one in waiting for n in (one.applicant_id, one.approver_id) if n}),
        offers={one.ref: [m.name for m in await lifecycle.allowed_moves(one, actor, at)] for one in (*found, *waiting)},
        may_register=actor.may_anywhere(P.SEAL_REGISTER),
    )  # fmt: skip


@needs(P.SEAL_REGISTER)
async def register(request: Request) -> Response:
    """Custodians are named by their user names, apart by spaces."""
    sent, at = await typed_form(request, again=index), datetime.now(UTC)
    check_token(request)
    keepers = await _keepers(sent, "custodians")
    org = await people.active_organisation(str(sent.get("_org", ""))[:20])
    if org is None:
        raise FormRejected({"_org": "没有这个单位代码，请核对。"})
    told = {name: str(sent.get(name, "")) for name in ("seal_type", "face", "inscription")}
    facts = Register.check(told | {"custodians": keepers})
    no = await actions.draw_number(Seal, at)

    async def effect() -> str:
        await actions.register(facts, no=no, org=org, by=request.user, at=at)
        return "/seals"

    return await act_once(request, effect)


@needs(P.SEAL_REGISTER)
async def act(request: Request) -> Response:
    seal, name = await queries.one(request.user, request.path_params["no"]), request.path_params["move"]
    verb = actions.SEAL_VERBS.get(name)
    if verb is None:
        raise NotFound(what="该操作")
    sent = await typed_form(request, again=index)
    check_token(request)
    told: dict[str, object] = {"reason": str(sent.get("reason", ""))}
    if name == "hand_over":
        told["custodians"] = await _keepers(sent, "_custodians")
    facts = Seal.moves[name].facts.check(told)

    async def effect() -> str:
        await verb(seal, facts, **way(request))
        return "/seals"

    return await act_once(request, effect)


@needs(P.SEAL_APPROVE, P.SEAL_IMPRINT)
async def act_imprint(request: Request) -> Response:
    """Approve, refuse, press. The press is a grave act: see the one call below."""
    asked, name = await queries.imprint(request.user, request.path_params["no"]), request.path_params["move"]
    verb = actions.IMPRINT_VERBS.get(name)
    if verb is None:
        raise NotFound(what="该操作")
    facts = await Imprint.moves[name].facts.read(request, again=index)
    check_token(request)
    if name == "imprint":
        must_be_fresh(request)

    async def effect() -> str:
        await verb(asked, facts, **way(request))
        return "/seals"

    return await act_once(request, effect)


async def _keepers(sent: FormData, field: str) -> list[int]:
    """By their user names, apart by spaces."""
    accounts = [await people.by_username(name) for name in str(sent.get(field, "")).split()[:6]]
    if not accounts or None in accounts:
        raise FormRejected({field: "请填写保管人的用户名，多人用空格分开；其中有找不到的。"})
    return [account.id for account in accounts if account]


routes = [
    Route("/seals", index, methods=["GET"], name="kernel:seals"),
    Route("/seals", register, methods=["POST"], name="kernel:seal_register"),
    Route("/seals/imprints/{no}/{move}", act_imprint, methods=["POST"], name="kernel:imprint_act"),
    Route("/seals/{no}/{move}", act, methods=["POST"], name="kernel:seal_act"),
]
