"""Reads of people: who acts, what they hold, who sits where."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from tortoise.expressions import Q

from kernel import secrets
from kernel.citizens.models import Profile
from kernel.companies.models import Company, Member
from kernel.officers.queries import lent_to
from kernel.people.models import Account, AccountKind, Grant, Organisation, PendingGrant, RolePermission
from kernel.people.permissions import APART
from kernel.permissions import Actor, Clearance, Lent, Permission, powers
from kernel.scopes import within


async def actor_of(account: Account, at: datetime, *, acting_for: int | None = None) -> Actor:
    """The account as it acts at that instant: home, roles, powers, what others lend it just then; a citizen's level,
    and the company that they act for."""
    level = 0
    if account.kind is AccountKind.CITIZEN:
        profile = await Profile.get_or_none(account_id=account.id)
        level = profile.level if profile else 0
    company = await _company(account, acting_for) if acting_for else None
    org = await Organisation.get(id=account.org_id) if account.org_id else None
    grants = await Grant.filter(account_id=account.id).order_by("id").values_list("role", "scope")
    business = not {str(role) for role, _ in grants} & APART  # an administrator is lent nothing (三员分立)
    borrowed = [one for one in await lent_to(account.id, at) if business and one[1] not in APART]
    held = {str(role) for role, _ in grants} | {role for _, role, _ in borrowed}
    roles: dict[str, list[str]] = {}
    rows = RolePermission.filter(role__in=held).values_list("role", "permission") if held else None
    for role, permission in await rows if rows is not None else ():
        roles.setdefault(str(role), []).append(str(permission))
    lent = await _lenders(borrowed, roles)
    own = powers([(str(role), str(scope)) for role, scope in grants], roles)
    for one in lent:
        for permission, scopes in one.powers.items():
            own[permission] = (*own.get(permission, ()), *scopes)
    return Actor(
        id=account.id,
        name=account.name,
        username=account.username,
        kind=AccountKind.COMPANY.value if company else account.kind.value,
        clearance=account.clearance,
        level=level,
        on_behalf=company.account_id if company else 0,
        on_behalf_name=company.account.name if company else "",
        home=org.path if org else "/",
        org_code=org.code if org else "",
        org_name=org.name if org else "",
        roles=tuple(dict.fromkeys(str(role) for role, _ in grants)),
        powers=own,
        lent=lent,
    )


async def _lenders(borrowed: Sequence[tuple[int, str, str]], roles: dict[str, list[str]]) -> tuple[Lent, ...]:
    """One for each person in whose place the account acts."""
    ids = {giver for giver, _, _ in borrowed}
    givers = await Account.filter(id__in=ids).order_by("id").select_related("org") if ids else []
    found = []
    for giver in givers:
        theirs = [(role, scope) for who, role, scope in borrowed if who == giver.id]
        names = tuple(dict.fromkeys(role for role, _ in theirs))
        found.append(Lent(giver.id, giver.name, giver.org.path if giver.org else "/", names, powers(theirs, roles)))
    return tuple(found)


async def _company(account: Account, company_id: int) -> Company | None:
    """Asked anew each time: who was removed acts for it no longer, whatever their session says."""
    member = await Member.get_or_none(company_id=company_id, account_id=account.id, ended_at=None)
    return await Company.get(id=company_id).select_related("account") if member else None


async def active_organisation(code: str) -> Organisation | None:
    return await Organisation.get_or_none(code=code, active=True)


async def active_organisations(codes: Collection[str]) -> dict[str, Organisation]:
    """By code, in one query."""
    return {org.code: org for org in await Organisation.filter(code__in=list(codes), active=True)} if codes else {}


async def names_of_unit(org_id: int | None) -> tuple[str, ...]:
    org = await Organisation.get_or_none(id=org_id) if org_id else None
    return (org.name, org.short_name) if org else ()


async def names_at(paths: Collection[str]) -> dict[str, str]:
    """Path → name of the organisation that sits there, for those that have one."""
    found = Organisation.filter(path__in=list(paths), active=True) if paths else None
    return {one.path: one.name for one in await found} if found is not None else {}


async def units_below(org: Organisation) -> bool:
    """Whether there is anybody that it could hand work down to."""
    return await Organisation.filter(path__startswith=org.path, active=True).exclude(id=org.id).exists()


async def agencies() -> list[Organisation]:
    """Every unit that work can be sent to, by its place in the tree."""
    return await Organisation.filter(active=True).order_by("path")


async def organisation_ids(scopes: Collection[str]) -> list[int]:
    """The units under these paths."""
    if not scopes:
        return []
    under = within("path", scopes)
    return [int(str(one)) for one in await Organisation.filter(under).values_list("id", flat=True)]


async def names(ids: Collection[int]) -> dict[int, str]:
    """Account id → name; the machine is 系统, who has no account 访客."""
    found = {0: "系统", -1: "诉求人"}
    for number, name in await Account.filter(id__in=[one for one in ids if one > 0]).values_list("id", "name"):
        found[int(str(number))] = str(name)
    return found


async def holders(permission: Permission, path: str, label: Clearance = Clearance.PLAIN) -> list[int]:
    """Accounts that hold the permission at that path and are cleared for what bears that label."""
    roles = await RolePermission.filter(permission=permission.value).values_list("role", flat=True)
    found = []
    held = Grant.filter(role__in=list(roles), account__active=True, account__clearance__in=label.and_above())
    for account, scope in await held.values_list("account_id", "scope"):
        if path.startswith(str(scope)):
            found.append(int(str(account)))
    return list(dict.fromkeys(found))


async def keepers() -> list[int]:
    """The security administrators that can act now."""
    found = Grant.filter(role="security_admin", scope="/", account__active=True).order_by("account_id")
    return [int(str(one)) for one in await found.values_list("account_id", flat=True)]


async def pending_grants(at: datetime, waits: timedelta) -> list[PendingGrant]:
    """What a second security administrator has still to confirm, the oldest first."""
    return await PendingGrant.filter(asked_at__gt=at - waits).order_by("id").select_related("account")


async def grants_of(roles: Collection[str]) -> list[Grant]:
    return await Grant.filter(role__in=list(roles)).order_by("role", "account_id").select_related("account")


async def table_of_roles() -> dict[str, set[str]]:
    """Role → permission codes, as the table stands now."""
    found: dict[str, set[str]] = {}
    for role, permission in await RolePermission.all().order_by("role").values_list("role", "permission"):
        found.setdefault(str(role), set()).add(str(permission))
    return found


async def by_username(username: str) -> Account | None:
    return await Account.get_or_none(username=username)


async def account(account_id: int) -> Account:
    return await Account.get(id=account_id)


async def by_sign_in(name: str) -> Account | None:
    """By user name, or by the telephone number that a citizen registered with."""
    return await by_username(name) or await by_phone(name)


async def by_phone(phone: str) -> Account | None:
    profile = await Profile.get_or_none(phone_index=phone_index(phone)).select_related("account")
    return profile.account if profile else None


def phone_index(phone: str) -> str:
    """The hall finds a person by this and never by the number itself."""
    return secrets.blind_index("account_phone", phone).hex()


async def accounts(words: str, after: int, most: int) -> list[Account]:
    """Whose user name, name or unit holds the words, after that number."""
    found = Account.filter(id__gt=after)
    if words:
        found = found.filter(
            Q(username__icontains=words) | Q(name__icontains=words) | Q(org__short_name__icontains=words)
        )
    return await found.order_by("id").limit(most).select_related("org").prefetch_related("grants")


async def account_whole(username: str) -> Account | None:
    """With unit and grants."""
    return await Account.get_or_none(username=username).select_related("org").prefetch_related("grants")


async def roles() -> list[str]:
    return sorted({str(role) for role in await RolePermission.all().distinct().values_list("role", flat=True)})
