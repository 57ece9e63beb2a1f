"""我的企业, and the window where a company is claimed."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.citizens import levels
from kernel.companies import actions, queries
from kernel.companies.forms import ActFor, Chosen, Claim, Invite, Join, NewCompany
from kernel.companies.models import Part
from kernel.pages import check_token, must_be_fresh, needs, render, see_other, signed_in
from kernel.people.permissions import P


@signed_in
async def index(request: Request) -> Response:
    mine = await queries.of_person(request.user.id)
    verified = request.user.level >= int(levels.Level.NUMBER)
    return render(request, "kernel/companies/index.html", mine=mine, verified=verified)


@signed_in
async def show_new(request: Request) -> Response:
    verified = request.user.level >= int(levels.Level.NUMBER)
    return render(request, "kernel/companies/new.html", verified=verified)


@signed_in
async def create(request: Request) -> Response:
    form = await NewCompany.read(request, again=show_new)
    check_token(request)
    company = await actions.register(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:company", id=company.id)


@signed_in
async def show(request: Request) -> Response:
    return await _show(request)


@signed_in
async def invite(request: Request) -> Response:
    """The code stands on this one answer and nowhere else."""
    form = await Invite.read(request, again=show)
    check_token(request)
    code = await actions.invite(request.path_params["id"], form, by=request.user, at=datetime.now(UTC))
    request.state.typed = {}
    return await _show(request, code=code)


@signed_in
async def remove(request: Request) -> Response:
    form = await Chosen.read(request, again=show)
    check_token(request)
    await actions.remove(request.path_params["id"], form.member, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:companies")


@signed_in
async def hand_over(request: Request) -> Response:
    form = await Chosen.read(request, again=show)
    check_token(request)
    await actions.hand_over(request.path_params["id"], form.member, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:company", id=request.path_params["id"])


@signed_in
async def show_join(request: Request) -> Response:
    return render(request, "kernel/companies/join.html")


@signed_in
async def join(request: Request) -> Response:
    form = await Join.read(request, again=show_join)
    check_token(request)
    company = await actions.join(form.code, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:company", id=company.id)


@signed_in
async def act_for(request: Request) -> Response:
    form = await ActFor.read(request, again=index)
    check_token(request)
    await actions.act_for(form.company, by=request.user, session_id=request.scope["session"].id)
    return see_other(request, "portal:mine")


@needs(P.COMPANY_CLAIM)
async def show_claim(request: Request) -> Response:
    return render(request, "kernel/companies/claim.html", done="")


@needs(P.COMPANY_CLAIM)
async def claim(request: Request) -> Response:
    form = await Claim.read(request, again=show_claim)
    check_token(request)
    proved_at = must_be_fresh(request)
    company = await actions.claim(form, by=request.user, proved_at=proved_at, at=datetime.now(UTC))
    request.state.typed = {}
    return render(request, "kernel/companies/claim.html", done=f"{company.account.name}已由申请人认领。")


async def _show(request: Request, *, code: str = "") -> Response:
    mine = await queries.membership(request.user, request.path_params["id"])
    members = await queries.members(mine.company_id)
    owner = mine.part is Part.OWNER
    return render(
        request, "kernel/companies/show.html", company=mine.company, members=members, owner=owner, mine=mine, code=code
    )


routes = [
    Route("/me/companies", index, methods=["GET"], name="kernel:companies"),
    Route("/me/companies", create, methods=["POST"], name="kernel:company_create"),
    Route("/me/companies/new", show_new, methods=["GET"], name="kernel:company_new"),
    Route("/me/companies/act", act_for, methods=["POST"], name="kernel:company_act"),
    Route("/me/companies/join", show_join, methods=["GET"], name="kernel:company_join"),
    Route("/me/companies/join", join, methods=["POST"], name="kernel:company_join_post"),
    Route("/me/companies/{id:int}", show, methods=["GET"], name="kernel:company"),
    Route("/me/companies/{id:int}/invite", invite, methods=["POST"], name="kernel:company_invite"),
    Route("/me/companies/{id:int}/remove", remove, methods=["POST"], name="kernel:company_remove"),
    Route("/me/companies/{id:int}/hand-over", hand_over, methods=["POST"], name="kernel:company_hand_over"),
    Route("/window/companies", show_claim, methods=["GET"], name="kernel:company_claim"),
    Route("/window/companies", claim, methods=["POST"], name="kernel:company_claim_post"),
]
