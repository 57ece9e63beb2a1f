"""Parked deliveries, accounts and grants, the security log."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import outbox
from kernel.administration.forms import Chosen
from kernel.edge import security
from kernel.errors import NotFound
from kernel.pages import check_token, needs, posted, render, see_other
from kernel.people import actions, queries
from kernel.people.forms import NewAccount, NewGrant
from kernel.people.permissions import P
from kernel.permissions import Permission

SHOWN = 200


@needs(P.DELIVERY_READ)
async def deliveries(request: Request) -> Response:
    """搁置的投递: what was tried eight times; with the problem in words, and a button."""
    parked = await outbox.parked().order_by("id").limit(SHOWN).prefetch_related("event")
    counts = await outbox.counts(at=datetime.now(UTC))
    return render(request, "kernel/administration/deliveries.html", parked=parked, counts=counts, shown=SHOWN)


@needs(P.DELIVERY_RETRY)
async def retry(request: Request) -> Response:
    form = await Chosen.read(request, again=deliveries)
    check_token(request)
    await outbox.retry(form.ids, at=datetime.now(UTC))
    return see_other(request, "kernel:deliveries")


@needs(P.ACCOUNT_READ)
async def accounts(request: Request) -> Response:
    return await _accounts(request)


@needs(P.ACCOUNT_CREATE)
async def create(request: Request) -> Response:
    """The first password stands on this one answer and nowhere else."""
    form = await NewAccount.read(request, again=_accounts)
    check_token(request)
    account, password = await actions.create_account(form, by=request.user, at=datetime.now(UTC))
    request.state.typed = {}
    return await _accounts(request, first=(account.username, password))


@needs(P.ACCOUNT_CREATE)
async def reset(request: Request) -> Response:
    await posted(request)
    username = request.path_params["username"]
    password = await actions.reset_password(username, by=request.user, at=datetime.now(UTC))
    return await _accounts(request, first=(username, password))


@needs(P.ACCOUNT_DISABLE)
async def switch(request: Request) -> Response:
    """Disable, enable again, or let in again who mistyped too often."""
    await posted(request)
    change = {"disable": actions.disable, "enable": actions.enable, "unlock": actions.unlock}.get(
        request.path_params["to"]
    )
    if change is None:
        raise NotFound(what="该操作")
    await change(request.path_params["username"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:accounts")


@needs(P.ACCOUNT_GRANT)
async def grant(request: Request) -> Response:
    form = await NewGrant.read(request, again=_accounts)
    check_token(request)
    await actions.grant(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:accounts")


@needs(P.ACCOUNT_GRANT)
async def revoke(request: Request) -> Response:
    await posted(request)
    await actions.revoke(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:accounts")


@needs(P.SECURITY_READ)
async def events(request: Request) -> Response:
    """安全日志; reading it is on record, too."""
    before = request.query_params.get("before", "")
    found = await security.newest(SHOWN, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    await security.log("security_log_read", actor_id=request.user.id, at=datetime.now(UTC))
    names = await queries.names({event.actor_id for event in found})
    return render(request, "kernel/administration/events.html", found=found, names=names, shown=SHOWN)


async def _accounts(request: Request, first: tuple[str, str] | None = None) -> Response:
    may: dict[str, Permission] = {"create": P.ACCOUNT_CREATE, "grant": P.ACCOUNT_GRANT, "disable": P.ACCOUNT_DISABLE}
    return render(
        request,
        "kernel/administration/accounts.html",
        accounts=await queries.accounts(),
        roles=await queries.roles(),
        first=first,
        may={name: request.user.may_anywhere(permission) for name, permission in may.items()},
    )


routes = [
    Route("/admin/deliveries", deliveries, methods=["GET"], name="kernel:deliveries"),
    Route("/admin/deliveries/retry", retry, methods=["POST"], name="kernel:deliveries_retry"),
    Route("/admin/accounts", accounts, methods=["GET"], name="kernel:accounts"),
    Route("/admin/accounts", create, methods=["POST"], name="kernel:accounts_create"),
    Route("/admin/grants", grant, methods=["POST"], name="kernel:grant"),
    Route("/admin/grants/{id:int}/revoke", revoke, methods=["POST"], name="kernel:revoke"),
    Route("/admin/accounts/{username}/reset", reset, methods=["POST"], name="kernel:account_reset"),
    Route("/admin/accounts/{username}/{to}", switch, methods=["POST"], name="kernel:account_switch"),
    Route("/admin/events", events, methods=["GET"], name="kernel:events"),
]
