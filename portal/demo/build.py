"""Building the demo city: agencies, accounts, grants, and what the modules' own demos add."""

import csv
import secrets as entropy
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.resources import files

from hotline.demo import build as hotline
from kernel.importing.running import Asked
from kernel.people import importing as organisations
from kernel.people import passwords, queries
from kernel.people.models import Account, AccountKind, Grant, Organisation
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings

PASSWORD_BYTES = 9
AGENCY_ROLES = ("liaison", "handler", "leader")
SAID = (
    ("operator", "话务员：接听登记，试试“看建议”"),
    ("dispatcher", "派单员：待派单列表，按剩余时间排列"),
    ("agency", "市水务集团：签收、联系、答复"),
    ("reviewer", "审核员：通过或退回"),
    ("visitor", "回访员：记录回访、办结"),
    ("citizen", "市民陈晓明：我的事项"),
    ("admin", "系统管理员：投递、帐号"),
)
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
    await _accounts(at, await passwords.hashed(password))
    await hotline.build_categories(at)
    await hotline.build_tickets(at, await _players(), progress)
    lines = [f"  {username:12} {words}" for username, words in SAID]
    return {
        "said": [
            "演示帐号，口令都是：",
            f"  {password}" if not given else "  （SUNHALL_DEMO_PASSWORD 中的口令）",
            *lines,
        ]
    }


async def _accounts(at: datetime, hashed: str) -> None:
    units = {org.code: org for org in await Organisation.all()}
    wanted = list(_rows("accounts.csv")) + [
        {
            "用户名": f"a-{org.code.lower()}", "姓名": f"{org.short_name}经办人", "类别": "staff", "单位代码": org.code,
            "角色": ";".join(AGENCY_ROLES), "范围": "own",
        }
        for org in units.values()
        if org.code not in {"SWJT", "CGJ", "RX", "369900", "360000"}
    ]  # fmt: skip
    await Account.bulk_create(
        [
            Account(
                username=row["用户名"], name=row["姓名"], kind=AccountKind(row["类别"]), org=units.get(row["单位代码"]),
                password_hash="" if row["用户名"].startswith("a-") else hashed, created_at=at,
            )
            for row in wanted
        ]
    )  # fmt: skip
    known = {account.username: account for account in await Account.all()}
    grants = []
    for row in wanted:
        unit = units.get(row["单位代码"])
        scopes = {"city": settings().region_path, "own": unit.path if unit else "/", "all": "/"}
        roles = filter(None, row["角色"].split(";"))
        grants += [Grant(account=known[row["用户名"]], role=role, scope=scopes[row["范围"]]) for role in roles]
    await Grant.bulk_create(grants)


async def _players() -> dict[str, Actor]:
    """Who plays which part: the desks by their names, every agency by its code."""
    accounts = {account.username: account for account in await Account.all().select_related("org")}
    players = {
        name: await queries.actor_of(accounts[name])
        for name in ("operator", "dispatcher", "reviewer", "visitor", "citizen", "citizen2")
    }
    for username, account in accounts.items():
        if account.org is not None and (username in {"agency", "agency2"} or username.startswith("a-")):
            players[account.org.code] = await queries.actor_of(account)
    return players


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("portal.demo") / name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
