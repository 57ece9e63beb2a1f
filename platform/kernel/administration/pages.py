"""Parked deliveries, accounts and grants, the security log."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import outbox
from kernel.administration.forms import Chosen
from kernel.edge import security
from kernel.errors import NotFound
from kernel.module import installed
from kernel.pages import check_token, must_be_fresh, needs, posted, render, see_other
from kernel.people import actions, factor, granting, queries, sessions
from kernel.people.forms import NewAccount, NewGrant, SetClearance
from kernel.people.permissions import APART, P
from kernel.permissions import Clearance, Permission

SHOWN, ON_A_PAGE = 200, 50
PARTS = {
    "kernel": "管理",
    "oversight": "监督",
    "hotline": "热线",
    "trading": "交易",
    "approvals": "审批",
    "search": "检索",
}


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
    """帐号: found by name or unit; each opens its own page."""
    return await _accounts(request)


@needs(P.ACCOUNT_READ)
async def account(request: Request) -> Response:
    """One account: what it may, and what may be done about it."""
    return await _account(request)


@needs(P.ACCOUNT_CREATE)
async def create(request: Request) -> Response:
    """The first password stands on this one answer and nowhere else."""
    form = await NewAccount.read(request, again=_accounts)
    check_token(request)
    made, password = await actions.create_account(form, by=request.user, at=datetime.now(UTC))
    request.state.typed = {}
    return await _accounts(request, first=(made.username, password))


@needs(P.ACCOUNT_CREATE)
async def reset(request: Request) -> Response:
    await posted(request)
    must_be_fresh(request)
    username = request.path_params["username"]
    password = await actions.reset_password(username, by=request.user, at=datetime.now(UTC))
    return await _account(request, first=(username, password))


@needs(P.ACCOUNT_DISABLE)
async def switch(request: Request) -> Response:
    """Disable, enable again, or let in again who mistyped too often."""
    await posted(request)
    changes = {
        "disable": actions.disable, "enable": actions.enable, "unlock": actions.unlock, "no-factor": factor.remove,
    }  # fmt: skip
    change = changes.get(request.path_params["to"])
    if change is None:
        raise NotFound(what="该操作")
    if change is factor.remove:
        must_be_fresh(request)
    await change(request.path_params["username"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:account", username=request.path_params["username"])


@needs(P.ACCOUNT_GRANT)
async def grants(request: Request) -> Response:
    """授权: what waits for a second person, who holds what is privileged, and the form."""
    at = datetime.now(UTC)
    waiting = await queries.pending_grants(at, granting.WAITS)
    return render(
        request,
        "kernel/administration/grants.html",
        waiting=[(asked, asked.asked_at + granting.WAITS) for asked in waiting],
        names=await queries.names({asked.asked_by for asked in waiting}),
        held=await queries.grants_of(APART),
        keepers=await queries.keepers(),
        roles=[(role, labels().get(role, role)) for role in await queries.roles() if role != "system"],
        labels=labels(),
        whom=request.query_params.get("username", "")[:60],
    )


@needs(P.ACCOUNT_READ)
async def roles(request: Request) -> Response:
    """角色: what each may do, from the table that decides it."""
    table, called = await queries.table_of_roles(), labels() | {"system": "系统"}
    parts = [
        (
            PARTS.get(module.name, module.name),
            [
                (one, [called.get(role, role) for role in table if one.value in table[role]])
                for enum in module.permissions
                for one in enum
            ],
        )
        for module in installed()
        if module.permissions
    ]
    return render(request, "kernel/administration/roles.html", parts=parts)


@needs(P.SESSION_END)
async def sessions_of(request: Request) -> Response:
    """Where somebody else is signed in; each can be ended, and its owner is told."""
    whose = await queries.by_username(request.path_params["username"])
    if whose is None:
        raise NotFound(what="该帐号")
    running = await sessions.running(whose.id, datetime.now(UTC))
    return render(request, "kernel/administration/sessions.html", account=whose, running=running)


@needs(P.SESSION_END)
async def end_session(request: Request) -> Response:
    await posted(request)
    whose = await actions.end_session(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:sessions_of", username=whose.username)


@needs(P.ACCOUNT_GRANT)
async def grant(request: Request) -> Response:
    form = await NewGrant.read(request, again=grants)
    check_token(request)
    must_be_fresh(request)
    await granting.grant(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:grants")


@needs(P.ACCOUNT_GRANT)
async def decide(request: Request) -> Response:
    """The second security administrator confirms; either of them withdraws."""
    await posted(request)
    must_be_fresh(request)
    change = {"confirm": granting.confirm, "withdraw": granting.withdraw}.get(request.path_params["to"])
    if change is None:
        raise NotFound(what="该操作")
    await change(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:grants")


@needs(P.ACCOUNT_GRANT)
async def clearance(request: Request) -> Response:
    form = await SetClearance.read(request, again=_account)
    check_token(request)
    must_be_fresh(request)
    await actions.set_clearance(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:account", username=form.username)


@needs(P.ACCOUNT_GRANT)
async def revoke(request: Request) -> Response:
    await posted(request)
    must_be_fresh(request)
    whose = await granting.revoke(request.path_params["id"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:account", username=whose.username)


@needs(P.SECURITY_READ)
async def events(request: Request) -> Response:
    """安全日志; reading it is on record, too."""
    before = request.query_params.get("before", "")
    found = await security.newest(SHOWN, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    await security.log("security_log_read", actor_id=request.user.id, at=datetime.now(UTC))
    names = await queries.names({event.actor_id for event in found})
    return render(request, "kernel/administration/events.html", found=found, names=names, shown=SHOWN)


def labels() -> dict[str, str]:
    """Role → what people call it."""
    return {role: label for module in installed() for role, label in module.role_labels.items()}


async def _accounts(request: Request, first: tuple[str, str] | None = None) -> Response:
    words, after = request.query_params.get("q", "").strip()[:60], request.query_params.get("after", "")
    found = await queries.accounts(words, int(after) if after.isdecimal() and len(after) < 19 else 0, ON_A_PAGE + 1)
    return render(
        request,
        "kernel/administration/accounts.html",
        accounts=found[:ON_A_PAGE],
        following=found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None,
        words=words,
        labels=labels(),
        first=first,
        may=_may(request),
    )


async def _account(request: Request, first: tuple[str, str] | None = None) -> Response:
    told: dict[str, Any] = getattr(request.state, "typed", {})
    shown = await queries.account_whole(request.path_params.get("username") or str(told.get("username", "")))
    if shown is None:
        raise NotFound(what="该帐号")
    return render(
        request,
        "kernel/administration/account.html",
        account=shown,
        labels=labels(),
        first=first,
        clearances=[(one.value, one.label) for one in Clearance],
        may=_may(request),
    )


def _may(request: Request) -> dict[str, bool]:
    may: dict[str, Permission] = {
        "create": P.ACCOUNT_CREATE, "grant": P.ACCOUNT_GRANT, "disable": P.ACCOUNT_DISABLE, "end": P.SESSION_END,
    }  # fmt: skip
    return {name: request.user.may_anywhere(permission) for name, permission in may.items()}


routes = [
    Route("/admin/deliveries", deliveries, methods=["GET"], name="kernel:deliveries"),
    Route("/admin/deliveries/retry", retry, methods=["POST"], name="kernel:deliveries_retry"),
    Route("/admin/accounts", accounts, methods=["GET"], name="kernel:accounts"),
    Route("/admin/accounts", create, methods=["POST"], name="kernel:accounts_create"),
    Route("/admin/accounts/{username}", account, methods=["GET"], name="kernel:account"),
    Route("/admin/accounts/{username}/sessions", sessions_of, methods=["GET"], name="kernel:sessions_of"),
    Route("/admin/sessions/{id:int}/end", end_session, methods=["POST"], name="kernel:session_of_end"),
    Route("/admin/roles", roles, methods=["GET"], name="kernel:roles"),
    Route("/admin/grants", grants, methods=["GET"], name="kernel:grants"),
    Route("/admin/pending/{id:int}/{to}", decide, methods=["POST"], name="kernel:grant_decide"),
    Route("/admin/grants", grant, methods=["POST"], name="kernel:grant"),
    Route("/admin/clearances", clearance, methods=["POST"], name="kernel:clearance"),
    Route("/admin/grants/{id:int}/revoke", revoke, methods=["POST"], name="kernel:revoke"),
    Route("/admin/accounts/{username}/reset", reset, methods=["POST"], name="kernel:account_reset"),
    Route("/admin/accounts/{username}/{to}", switch, methods=["POST"], name="kernel:account_switch"),
    Route("/admin/events", events, methods=["GET"], name="kernel:events"),
]
