"""`sunhall doctor`: every problem with the step that mends it."""

import csv
import os
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.resources import files

from redis.asyncio import Redis
from redis.exceptions import RedisError
from tortoise.connection import get_connection

from kernel import outbox
from kernel.calendar import current
from kernel.errors import Refusal
from kernel.models import Event
from kernel.module import Module
from kernel.people import queries as people
from kernel.secrets import keys
from kernel.settings import Settings, settings
from portal.hall import NoHall, database_file, hall

Problem = tuple[str, str, str]  # part, problem, what mends it
DISK_FREE_MIN = 2 * 2**30
CLOCK_OFF_S = 2
WAIT_S = 2
LATE_MAX = 100
PREFIX, NOT_OURS = "SUNHALL_", {"SUNHALL_TEST_STRICT"}
SQLITE_WANTED = {
    "PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA foreign_keys": "1", "PRAGMA secure_delete": "1",
}  # fmt: skip
POSTGRES_WANTED = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
SYNCHRONISE = "启用时间同步（chrony 或 systemd-timesyncd）"


async def every(modules: Iterable[Module], at: datetime) -> list[Problem]:
    found = [problem for look in (_unknown, _keys, _home, _disk, _public) for problem in look()]
    found += await _redis()
    try:
        async with hall():
            for look in (_database, _clock, _calendar, _parked, _administrators, _demo):
                found += await look(at)
            for module in modules:
                for check in module.checks:
                    if problem := await check.look():
                        found.append((check.name, *problem))
    except NoHall as wrong:
        found.append(("数据库", wrong.problem, wrong.mend))
    return found


async def demo_stands() -> bool:
    """Whether the accounts of the demo city are in this hall: their passwords are known to more than one person."""
    with (files("portal.demo") / "accounts.csv").open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    known = await people.by_username(first["用户名"])
    return known is not None and known.name == first["姓名"]


def _unknown() -> list[Problem]:
    """A name with a slip of the pen would be passed over in silence."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | NOT_OURS
    strange = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [("设置", f"没有名为 {name} 的设置", "核对 docs/settings.md 里的名称") for name in strange]


def _keys() -> list[Problem]:
    try:
        ring = keys.ring(anew=True)
    except Refusal as refusal:
        file = keys.key_file()
        return [("密钥", str(refusal), f"chmod 600 {file}" if file.exists() else "sunhall init")]
    except (ValueError, KeyError):
        return [("密钥", f"密钥文件 {keys.key_file()} 已损坏", "从另行保管的副本恢复；没有它，密文无法再读")]
    if set(ring.keys) != {ring.current, *ring.retired}:
        return [("密钥", "换钥没有做完，旧密钥还在使用", "sunhall rekey")]
    return []


def _home() -> list[Problem]:
    """Keys, database and index lie there: nobody else on this machine should read them."""
    home = settings().home
    if home.exists() and home.stat().st_mode & 0o077:
        return [("数据目录", f"{home} 对其他用户开放", f"chmod 700 {home}")]
    return []


def _disk() -> list[Problem]:
    home = settings().home
    free = shutil.disk_usage(home if home.exists() else ".").free
    if free >= DISK_FREE_MIN:
        return []
    return [("磁盘", f"{home} 所在磁盘只剩 {free // 2**20} MiB", "清理或扩容到 2 GiB 以上")]


def _public() -> list[Problem]:
    limits = settings()
    if limits.public_url.startswith("https://") and limits.demo_password is not None:
        return [
            ("演示帐号", "对外服务的大厅设置了演示口令", "去掉 SUNHALL_DEMO_PASSWORD，不要在对外的大厅里用演示城市")
        ]
    if limits.insecure_lan and limits.public_url.startswith("https://"):
        return [("网络", "已有 https 网址，却仍允许 http", "去掉 SUNHALL_INSECURE_LAN")]
    return []


async def _redis() -> list[Problem]:
    url = settings().redis_url
    if not url:
        return []
    client = Redis.from_url(url, socket_connect_timeout=WAIT_S, socket_timeout=WAIT_S)
    try:
        await client.ping()
    except (RedisError, OSError, ValueError) as wrong:
        mend = "启动 redis-server，或核对 SUNHALL_REDIS_URL"
        return [("Redis", f"连不上（{type(wrong).__name__}），后台任务会晚几秒", mend)]
    finally:
        await client.aclose()
    return []


async def _database(at: datetime) -> list[Problem]:
    connection, found = get_connection("default"), []
    if settings().on_sqlite:
        for question, wanted in SQLITE_WANTED.items():
            _, rows = await connection.execute_query(question)
            name = question.removeprefix("PRAGMA ")
            if str(rows[0][0]).lower() != wanted:
                found.append(("SQLite", f"{name} 是 {rows[0][0]}，应为 {wanted}", "重新启动；仍然如此请检查数据库文件"))
        return found
    for name, wanted in POSTGRES_WANTED.items():
        _, rows = await connection.execute_query("SELECT current_setting($1) AS now", [name])
        now = rows[0]["now"]
        if now != wanted:
            found.append(
                ("PostgreSQL", f"{name} 是 {now}，应为 {wanted}", f"在 postgresql.conf 中设 {name} = {wanted}")
            )
    return found


async def _clock(at: datetime) -> list[Problem]:
    """Behind what has already happened, or apart from the database's."""
    newest = await Event.all().order_by("-id").first()
    if newest is not None and newest.at > at + timedelta(seconds=CLOCK_OFF_S):
        return [("时钟", f"本机时间早于最近一条记录（{newest.at:%Y-%m-%d %H:%M:%S} UTC）", SYNCHRONISE)]
    if database_file() is None:
        _, rows = await get_connection("default").execute_query("SELECT clock_timestamp() AS now")
        if abs((rows[0]["now"] - at).total_seconds()) > CLOCK_OFF_S + WAIT_S:
            return [("时钟", "本机与数据库的时间相差几秒以上", f"在两台机器上{SYNCHRONISE}")]
    return []


async def _calendar(at: datetime) -> list[Problem]:
    calendar = await current()
    if at.month >= 12 and at.year + 1 not in calendar.announced:
        year = at.year + 1
        return [("工作日历", f"{year} 年的安排还没有导入，期限按暂定计算", f"sunhall import calendar {year}.json")]
    return []


async def _parked(at: datetime) -> list[Problem]:
    counts = await outbox.counts(at=at)
    if counts["parked"]:
        return [("投递", f"有 {counts['parked']} 项搁置", "登录 admin，在“投递”里看原因并重试")]
    if counts["late"] > LATE_MAX:
        return [("投递", f"有 {counts['late']} 项等待超过一分钟", "确认 sunhall worker 正在运行")]
    return []


async def _administrators(at: datetime) -> list[Problem]:
    missing = [name for name in ("admin", "security", "auditor") if await people.by_username(name) is None]
    return [("管理员", f"没有 {'、'.join(missing)}", "sunhall init")] if missing else []


async def _demo(at: datetime) -> list[Problem]:
    if settings().public_url.startswith("https://") and await demo_stands():
        return [("演示帐号", "对外服务的大厅里有演示城市", "换一个数据库，运行不带 --demo 的 sunhall init")]
    return []
