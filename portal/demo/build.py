"""Building the demo city: agencies, accounts, grants, and what the modules' own demos add."""

import csv
import secrets as entropy
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib.resources import files

from approvals.demo import build as approvals
from hotline.demo import build as hotline
from hotline.demo import knowledge
from kernel.citizens import actions as citizens
from kernel.citizens.levels import Level
from kernel.citytime import day_of
from kernel.companies import actions as companies
from kernel.companies.forms import NewCompany
from kernel.companies.models import Member, Part
from kernel.importing.running import Asked
from kernel.officers import actions as officers
from kernel.officers.forms import Delegate, SetPost
from kernel.officers.models import Delegation
from kernel.people import importing as organisations
from kernel.people import passwords, queries
from kernel.people.models import Account, AccountKind, Grant, Organisation
from kernel.people.permissions import APART
from kernel.permissions import SYSTEM, Actor, Clearance
from kernel.settings import settings
from portal.demo import papers

PASSWORD_BYTES = 9
AGENCY_ROLES = ("liaison", "handler", "leader")
SAID = (
    ("operator", "话务员：接听登记，试试“看建议”"),
    ("dispatcher", "派单员：待派单列表，按剩余时间排列"),
    ("agency", "市水务集团：签收、联系、答复"),
    ("reviewer", "审核员：通过或退回"),
    ("visitor", "回访员：记录回访、办结"),
    ("issuer", "印章保管人：文书由回访员拟制，热线主管审批用印，这里用印"),
    ("citizen", "市民陈晓明：我的事项"),
    ("admin", "系统管理员：投递、帐号"),
)
CITIZENS = (("citizen", "陈晓明", "13900001001"), ("citizen2", "周芸", "13900001002"))
COMPANIES = (("company1", "91369900MA7K00010Y"), ("company2", "91369900MA7K000200"), ("company3", "91369900MA7K000301"))
Progress = Callable[[int, int], None]


async def build(at: datetime, *, progress: Progress) -> dict[str, object]:
    """Once; a city that stands is left as it is. Gives the lines to print."""
    if await queries.by_username("operator") is not None:
        return {"said": []}
    asked = Asked(source="demo", by=SYSTEM, at=at)
    for row in _rows("organisations.csv"):
        named = {
            field: row[headings[0]] for field, headings in organisations.ORGS.headings.items() if headings[0] in row
        }
        await organisations.take(named, asked)
    given = settings().demo_password
    password = given.get_secret_value() if given else entropy.token_urlsafe(PASSWORD_BYTES)
    theirs = await queries.by_username("admin") is not None
    await _accounts(at, await passwords.hashed(password))
    await hotline.build_categories(at)
    players = await _players(at)
    await hotline.build_tickets(at, players, progress)
    await knowledge.build(at, editor=players["editor"], manager=players["manager"], operator=players["operator"])
    await approvals.build(at, officer=players["editor"], reviewer=players["catalog"])
    await _in_anothers_place(at)
    await papers.build(at)
    lines = [f"  {username:12} {words}" for username, words in SAID if not (theirs and username == "admin")]
    return {
        "said": [
            "演示帐号，口令都是：",
            f"  {password}" if not given else "  （SUNHALL_DEMO_PASSWORD 中的口令）",
            *lines,
            *(["三个管理员的口令不变。"] if theirs else []),
        ]
    }


async def _accounts(at: datetime, hashed: str) -> None:
    """Who is there already (the three administrators of a hall that was set up without the city) stays as they are."""
    units = {org.code: org for org in await Organisation.all()}
    there = {account.username for account in await Account.all()}
    wanted = [row for row in _rows("accounts.csv") if row["用户名"] not in there] + [
        {
            "用户名": f"a-{org.code.lower()}", "姓名": f"{org.short_name}经办人", "类别": "staff", "单位代码": org.code,
            "角色": ";".join(AGENCY_ROLES), "范围": "own", "密级": "confidential",
        }
        for org in units.values()
        if org.code not in {"SWJT", "CGJ", "RX", "369900", "360000"}
    ]  # fmt: skip
    await Account.bulk_create([_account(row, units, hashed, at) for row in wanted])
    known = {account.username: account for account in await Account.all()}
    await _who_they_are(known, at)
    grants = []
    for row in wanted:
        unit = units.get(row["单位代码"])
        scopes = {"city": settings().region_path, "own": unit.path if unit else "/", "all": "/"}
        roles = filter(None, row["角色"].split(";"))
        grants += [
            Grant(
                account=known[row["用户名"]],
                role=role,
                scope=scopes[row["范围"]],
                apart=True if role in APART else None,
            )
            for role in roles
        ]
    await Grant.bulk_create(grants)


def _account(row: dict[str, str], units: dict[str, Organisation], hashed: str, at: datetime) -> Account:
    return Account(
        username=row["用户名"], name=row["姓名"], kind=AccountKind(row["类别"]), org=units.get(row["单位代码"]),
        password_hash="" if row["用户名"].startswith("a-") else hashed, created_at=at, exempt=True,
        clearance=Clearance(row["密级"] or "plain"),
    )  # fmt: skip


async def _who_they_are(known: dict[str, Account], at: datetime) -> None:
    """The citizens' telephones, the companies' codes; the first citizen owns two of the companies."""
    for username, name, phone in CITIZENS:
        await citizens.give_profile(known[username], name, phone, level=Level.IN_PERSON, at=at)
    for username, uscc in COMPANIES:
        account = known[username]
        company = await companies.open_company(NewCompany(uscc=uscc, name=account.name), at=at, account=account)
        if username != "company3":
            await Member.create(company=company, account=known["citizen"], part=Part.OWNER, since=at)


async def _in_anothers_place(at: datetime) -> None:
    """水务集团: the head's role is lent for two weeks, and one post has an A and a B."""
    accounts = {one.username: one for one in await Account.all()}
    if await Delegation.all().exists():
        return
    leader = await queries.actor_of(accounts["leader"], at)
    lent = await Grant.get(account_id=leader.id, role="leader")
    today = day_of(at)
    facts = Delegate(
        taker="handler", grant=lent.id, starts=today, ends=today + timedelta(days=13), reason="赴省水利厅培训"
    )
    await officers.delegate(facts, by=leader, at=at)
    post = SetPost(name="水务集团热线联络", a="agency", b="handler", role="liaison")
    await officers.set_post(post, by=leader, at=at)


async def _players(at: datetime) -> dict[str, Actor]:
    """Who plays which part: the desks by their names, every agency by its code."""
    accounts = {account.username: account for account in await Account.all().select_related("org")}
    players = {
        name: await queries.actor_of(accounts[name], at)
        for name in (
            "operator",
            "shiftlead",
            "dispatcher",
            "reviewer",
            "visitor",
            "supervisor",
            "manager",
            "editor",
            "catalog",
            "citizen",
            "citizen2",
        )
    }
    for username, account in accounts.items():
        if account.org is not None and (username in {"agency", "agency2"} or username.startswith("a-")):
            players[account.org.code] = await queries.actor_of(account, at)
    return players


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("portal.demo") / name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
