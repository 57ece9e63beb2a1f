"""Reads of people: who acts, what they hold, who sits where."""

from collections.abc import Collection

from tortoise.expressions import Q

from kernel.people.models import Account, Grant, Organisation, RolePermission
from kernel.permissions import Actor, Permission, powers


async def actor_of(account: Account) -> Actor:
    """The account as it acts now: home, roles, powers."""
    org = await Organisation.get(id=account.org_id) if account.org_id else None
    grants = await Grant.filter(account_id=account.id).order_by("id").values_list("role", "scope")
    held = {str(role) for role, _ in grants}
    roles: dict[str, list[str]] = {}
    rows = RolePermission.filter(role__in=held).values_list("role", "permission") if held else None
    for role, permission in await rows if rows is not None else ():
        roles.setdefault(str(role), []).append(str(permission))
    return Actor(
        id=account.id,
        name=account.name,
        username=account.username,
        kind=account.kind.value,
        home=org.path if org else "/",
        org_code=org.code if org else "",
        org_name=org.name if org else "",
        roles=tuple(dict.fromkeys(str(role) for role, _ in grants)),
        powers=powers([(str(role), str(scope)) for role, scope in grants], roles),
    )


async def active_organisation(code: str) -> Organisation | None:
    return await Organisation.get_or_none(code=code, active=True)


async def active_organisations(codes: Collection[str]) -> dict[str, Organisation]:
    """By code, in one query."""
    return {org.code: org for org in await Organisation.filter(code__in=list(codes), active=True)} if codes else {}


async def agencies() -> list[Organisation]:
    """Every unit that work can be sent to, by its place in the tree."""
    return await Organisation.filter(active=True).order_by("path")


async def organisation_ids(scopes: Collection[str]) -> list[int]:
    """The units under these paths."""
    if not scopes:
        return []
    under = Q(*(Q(path__startswith=scope) for scope in scopes), join_type=Q.OR)
    return [int(str(one)) for one in await Organisation.filter(under).values_list("id", flat=True)]


async def names(ids: Collection[int]) -> dict[int, str]:
    """Account id → name; the machine is 系统, who has no account 访客."""
    found = {0: "系统", -1: "诉求人"}
    for number, name in await Account.filter(id__in=[one for one in ids if one > 0]).values_list("id", "name"):
        found[int(str(number))] = str(name)
    return found


async def holders(permission: Permission, path: str) -> list[int]:
    """Accounts that hold the permission at that path."""
    roles = await RolePermission.filter(permission=permission.value).values_list("role", flat=True)
    found = []
    for account, scope in await Grant.filter(role__in=list(roles), account__active=True).values_list(
        "account_id", "scope"
    ):
        if path.startswith(str(scope)):
            found.append(int(str(account)))
    return list(dict.fromkeys(found))


async def by_username(username: str) -> Account | None:
    return await Account.get_or_none(username=username)


async def accounts() -> list[Account]:
    return await Account.all().order_by("id").select_related("org").prefetch_related("grants")


async def roles() -> list[str]:
    return sorted({str(role) for role in await RolePermission.all().distinct().values_list("role", flat=True)})
