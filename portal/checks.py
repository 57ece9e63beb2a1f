"""`sunhall doctor`: every problem with the step that mends it."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime

from tortoise.connection import get_connection
from tortoise.exceptions import BaseORMException

from kernel import outbox
from kernel.calendar import current
from kernel.database import opened
from kernel.errors import Refusal
from kernel.module import Module, database_config
from kernel.people import queries as people
from kernel.secrets import keys
from kernel.settings import settings

Problem = tuple[str, str, str]  # part, problem, what mends it
DISK_FREE_MIN = 2 * 2**30
SQLITE_WANTED = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"}
POSTGRES_WANTED = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


async def every(modules: Iterable[Module], at: datetime) -> list[Problem]:
    found = [problem for look in (_keys, _disk, _public) for problem in look()]
    try:
        async with opened(database_config(modules, settings().database_url)):
            for look in (_database, _calendar, _parked, _administrators):
                found += await look(at)
            for module in modules:
                for check in module.checks:
                    if problem := await check.look():
                        found.append((check.name, *problem))
    except (BaseORMException, OSError) as wrong:
        mend = "核对 SUNHALL_DATABASE_URL；还没有数据库时运行 sunhall init"
        found.append(("数据库", f"不能使用：{type(wrong).__name__}", mend))
    return found


def _keys() -> list[Problem]:
    try:
        keys.ring.cache_clear()
        keys.ring()
    except Refusal as refusal:
        return [("密钥", str(refusal), f"sunhall init，或 chmod 600 {keys.key_file()}")]
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
    return []


async def _database(at: datetime) -> list[Problem]:
    connection, found = get_connection("default"), []
    if settings().on_sqlite:
        for name, wanted in SQLITE_WANTED.items():
            _, rows = await connection.execute_query(f"PRAGMA {name}")
            if str(rows[0][0]).lower() != wanted:
                found.append(("SQLite", f"{name} 是 {rows[0][0]}，应为 {wanted}", "重新启动；仍然如此请检查数据库文件"))
        return found
    for name, wanted in POSTGRES_WANTED.items():
        _, rows = await connection.execute_query("SELECT current_setting($1) AS now", [name])
        if rows[0]["now"] != wanted:
            found.append(
                (
                    "PostgreSQL",
                    f"{name} 是 {rows[0]['now']}，应为 {wanted}",
                    f"在 postgresql.conf 中设 {name} = {wanted}",
                )
            )
    _, rows = await connection.execute_query("SELECT now() AS now")
    if abs((rows[0]["now"] - datetime.now(UTC)).total_seconds()) > 2:
        found.append(
            ("时钟", "本机与数据库的时间相差超过 2 秒", "在两台机器上启用时间同步（chrony 或 systemd-timesyncd）")
        )
    return found


async def _calendar(at: datetime) -> list[Problem]:
    calendar = await current()
    if at.month >= 12 and at.year + 1 not in calendar.announced:
        return [
            (
                "工作日历",
                f"{at.year + 1} 年的安排还没有导入，期限按暂定计算",
                f"sunhall import calendar {at.year + 1}.json",
            )
        ]
    return []


async def _parked(at: datetime) -> list[Problem]:
    counts = await outbox.counts(at=at)
    if counts["parked"]:
        return [("投递", f"有 {counts['parked']} 项搁置", "登录 admin，在“投递”里看原因并重试")]
    if counts["late"] > 100:
        return [("投递", f"有 {counts['late']} 项等待超过一分钟", "确认 sunhall worker 正在运行")]
    return []


async def _administrators(at: datetime) -> list[Problem]:
    missing = [name for name in ("admin", "security", "auditor") if await people.by_username(name) is None]
    return [("管理员", f"没有 {'、'.join(missing)}", "sunhall init")] if missing else []
