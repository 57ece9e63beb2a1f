"""我的委托 and AB 岗, as officers and their heads meet them."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.module import Module, installed
from kernel.officers import actions, queries
from kernel.officers.forms import Delegate, Leave, SetPost
from kernel.pages import check_token, needs, posted, render, see_other, signed_in
from kernel.people import queries as people
from kernel.people.permissions import APART, P


@signed_in
async def delegations(request: Request) -> Response:
    """What I lent, what others lent me, and a form to lend."""
    user, labels = request.user, role_labels(installed())
    found = await queries.delegations_of(user)
    grants = [grant for grant in await queries.own_grants(user) if grant.role not in APART]
    names = await people.names({one.giver_id for one in found} | {one.taker_id for one in found})
    options = [(str(grant.id), f"{labels.get(grant.role, grant.role)} {grant.scope}") for grant in grants]
    shown = {"found": found, "options": options, "names": names, "labels": labels, "own": await _own(request)}
    shown["leaves"] = _is_own(request)
    return render(request, "kernel/officers/delegations.html", **shown)


@signed_in
async def delegate(request: Request) -> Response:
    form = await Delegate.read(request, again=delegations)
    check_token(request)
    await actions.delegate(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:delegations")


@signed_in
async def revoke(request: Request) -> Response:
    await posted(request)
    await actions.revoke(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:delegations")


@signed_in
async def leave(request: Request) -> Response:
    """One's own leave from 我的委托, or the head's word from AB 岗."""
    form = await Leave.read(request, again=_leave_again)
    check_token(request)
    await actions.leave(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:delegations" if _is_own(request) else "kernel:posts")


@signed_in
async def back(request: Request) -> Response:
    await posted(request)
    await actions.back(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:posts" if request.user.may_anywhere(P.POST_MANAGE) else "kernel:delegations")


@needs(P.POST_MANAGE)
async def posts(request: Request) -> Response:
    """The head's people: who stands in for whom, who is away."""
    staff = await queries.staff_under(request.user.powers[P.POST_MANAGE])
    ids, at = [account.id for account in staff], datetime.now(UTC)
    found = await queries.posts_of(ids)
    names = await people.names({one.a_id for one in found} | {one.b_id for one in found} | {*ids})
    return render(
        request, "kernel/officers/posts.html", posts=found, away=await queries.absences_of(ids, at), names=names,
        labels=role_labels(installed()), absent=await queries.absent(ids, at),
        people_options=[(account.username, f"{account.name}（{account.username}）") for account in staff],
    )  # fmt: skip


@needs(P.POST_MANAGE)
async def set_post(request: Request) -> Response:
    form = await SetPost.read(request, again=posts)
    check_token(request)
    await actions.set_post(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:posts")


@needs(P.POST_MANAGE)
async def end_post(request: Request) -> Response:
    await posted(request)
    await actions.end_post(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:posts")


def role_labels(modules: tuple[Module, ...]) -> dict[str, str]:
    return {role: label for module in modules for role, label in module.role_labels.items()}


async def _leave_again(request: Request) -> Response:
    return await (delegations if _is_own(request) else posts)(request)


def _is_own(request: Request) -> bool:
    """Said on 我的委托, of oneself."""
    return bool(getattr(request.state, "typed", {}).get("_from") == "me")


async def _own(request: Request) -> list[object]:
    return [*await queries.absences_of([request.user.id], datetime.now(UTC))]


routes = [
    Route("/me/delegations", delegations, methods=["GET"], name="kernel:delegations"),
    Route("/me/delegations", delegate, methods=["POST"], name="kernel:delegate"),
    Route("/me/delegations/{id:int}/revoke", revoke, methods=["POST"], name="kernel:delegation_revoke"),
    Route("/me/absences", leave, methods=["POST"], name="kernel:leave"),
    Route("/me/absences/{id:int}/end", back, methods=["POST"], name="kernel:back"),
    Route("/desk/posts", posts, methods=["GET"], name="kernel:posts"),
    Route("/desk/posts", set_post, methods=["POST"], name="kernel:post_set"),
    Route("/desk/posts/{id:int}/end", end_post, methods=["POST"], name="kernel:post_end"),
]
