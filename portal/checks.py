"""`sunhall doctor`: every problem with the step that mends it."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError
from tortoise.connection import get_connection

from kernel import outbox
from kernel.calendar import current
from kernel.clockguard.queries import open_suspicion, since_words
from kernel.errors import Refusal
from kernel.models import Event
from kernel.module import PROCESS, Check, Module
from kernel.people import queries as people
from kernel.secrets import keys
from kernel.settings import Settings, settings
from kernel.upkeep import queries as upkeep
from portal.hall import NoHall, database_file, hall

Problem = tuple[str, str, str]  # part, problem, what mends it
DISK_FREE_MIN = 2 * 2**30
CLOCK_OFF_S = 2
WAIT_S = 2
LATE_MAX = 100
BACKUP, BACKUP_EVERY = "backup", timedelta(hours=36)
FIRST_OF_THE_DEMO = ("operator", "沈雨晴")  # an installation without a demo city must know one, too
PREFIX, NOT_OURS = "SUNHALL_", {"SUNHALL_TEST_STRICT"}
SQLITE_WANTED = {
    "PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA foreign_keys": "1", "PRAGMA secure_delete": "1",
}  # fmt: skip
POSTGRES_WANTED = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
SYNCHRONISE = "启用时间同步（chrony 或 systemd-timesyncd）"


async def every(modules: Iterable[Module], at: datetime) -> list[Problem]:
    """For `sunhall doctor`, which opens the hall for it."""
    try:
        async with hall():
            return await standing(modules, at) + await nightly(modules) + await _worker(at)
    except NoHall as wrong:
        return [*_outside(), *await _redis(), *await _elasticsearch(), ("数据库", wrong.problem, wrong.mend)]


async def standing(modules: Iterable[Module], at: datetime) -> list[Problem]:
    """In a hall that is open, as quickly as the job that tells the administrators needs it."""
    found = [*_outside(), *await _redis(), *await _elasticsearch()]
    looks = (
        _database, _roles, _clock, _clock_believed, _calendar, _parked, _jobs, _administrators, _demo,
    )  # fmt: skip
    for look in looks:
        found += await look(at)
    return found + await _asked(check for module in modules for check in module.checks if not check.nightly)


async def nightly(modules: Iterable[Module]) -> list[Problem]:
    """What takes longer the more there is: too much for every five minutes."""
    return await _asked(check for module in modules for check in module.checks if check.nightly)


def nightly_parts(modules: Iterable[Module]) -> set[str]:
    return {check.name for module in modules for check in module.checks if check.nightly}


async def _asked(checks: Iterable[Check]) -> list[Problem]:
    return [(check.name, *problem) for check in checks if (problem := await check.look())]


def _outside() -> list[Problem]:
    return [problem for look in (_unknown, _keys, _home, _disk, _second_path, _public) for problem in look()]


async def demo_stands() -> bool:
    """Whether the accounts of the demo city are in this hall: their passwords are known to more than one person."""
    username, name = FIRST_OF_THE_DEMO
    known = await people.by_username(username)
    return known is not None and known.name == name


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
    return [
        ("磁盘", f"{disk.label} {disk.path} 所在磁盘只剩 {disk.free // 2**20} MiB", "清理或扩容到 2 GiB 以上")
        for disk in upkeep.disks()
        if disk.free < DISK_FREE_MIN
    ]


def _second_path() -> list[Problem]:
    """A change log on the same disk dies with what it is to bring back; only where the hall is open to the world."""
    home, second = settings().home, settings().changes_dir
    if second is None or not settings().public_url.startswith("https://") or not (home.exists() and second.exists()):
        return []
    if home.stat().st_dev != second.stat().st_dev:
        return []
    return [("变更记录", f"{second} 和数据目录在同一块磁盘上", "把 SUNHALL_CHANGES_DIR 设到另一块磁盘")]


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


async def _elasticsearch() -> list[Problem]:
    if not settings().search_url:
        return []
    from search.elasticsearch_engine import Unreadable, trouble

    try:
        wrong = await trouble(settings())
    except Unreadable as refusal:
        return [("Elasticsearch", str(refusal), "核对文件的路径和权限")]
    found = []
    if wrong:
        mend = "启动 Elasticsearch，或核对 SUNHALL_SEARCH_URL；恢复以前检索由数据库应答，恢复后自动补齐"
        found.append(("Elasticsearch", f"不可用（{wrong}）", mend))
    if settings().search_api_key_file and "http://" in settings().search_url:
        found.append(("Elasticsearch", "API 密钥经不加密的 http 发送", "把 SUNHALL_SEARCH_URL 改为 https://"))
    return found


async def notes() -> list[str]:
    """What is as it should be, or somebody's decision, and yet worth knowing."""
    found = []
    if settings().by_dengbao3:
        found.append(
            "口令规则 dengbao3：三种字符、90 天更换，是等保三级测评的要求，与 OWASP ASVS 6.2.5、6.2.10 相反；"
            "测评不要求时去掉 SUNHALL_PASSWORD_PROFILE。"
        )
    return found


async def _roles(at: datetime) -> list[Problem]:
    """The application should not own its tables, and its processes must all find their connections."""
    if settings().on_sqlite:
        return []
    found = []
    _, rows = await get_connection("default").execute_query(OWNS)
    if rows[0]["owns"]:
        mend = "另建属主和应用两个角色，设 SUNHALL_DATABASE_OWNER_URL，再运行 sunhall init（见 docs/handbook-city.md）"
        found.append(("数据库角色", "应用就是表的属主，能改动写下的日志", mend))
    _, rows = await get_connection("default").execute_query(CONNECTIONS, [f"{PROCESS}%"])
    processes, have = max(rows[0]["processes"], 1), int(rows[0]["most"])
    if (needed := processes * settings().db_pool_max) > have:
        mend = f"把 max_connections 提高到 {needed} 以上，或降低 SUNHALL_DB_POOL_MAX"
        found.append(
            ("数据库连接", f"{processes} 个进程各 {settings().db_pool_max} 个连接，服务器只给 {have} 个", mend)
        )
    return found


OWNS = (
    "SELECT count(*) > 0 AS owns FROM pg_tables WHERE tablename = 'kernel_entry' AND pg_has_role(tableowner, 'member')"
)
CONNECTIONS = """SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    AS most, count(DISTINCT application_name) FILTER (WHERE application_name LIKE $1 AND usename = current_user
    AND application_name <> current_setting('application_name')) AS processes FROM pg_stat_activity"""


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


async def _clock_believed(at: datetime) -> list[Problem]:
    suspicion = await open_suspicion(anew=True)
    if suspicion is None:
        return []
    told = f"{suspicion.host} 的时钟在 {suspicion.since:%Y-%m-%d %H:%M:%S} UTC {since_words(suspicion)}，开标和报价暂停"
    return [("时钟存疑", told, f"核对时间，{SYNCHRONISE}，再由系统管理员在“开放状态”页面确认")]


async def _calendar(at: datetime) -> list[Problem]:
    calendar = await current()
    if at.month >= 12 and at.year + 1 not in calendar.announced:
        year = at.year + 1
        return [
            (
                "工作日历",
                f"{year} 年的安排还没有导入，期限按暂定计算",
                f"在“工作日历”页录入，或 sunhall import calendar {year}.json",
            )
        ]
    return []


async def _parked(at: datetime) -> list[Problem]:
    counts = await outbox.counts(at=at)
    if counts["parked"]:
        return [("投递", f"有 {counts['parked']} 项搁置", "登录 admin，在“投递”里看原因并重试")]
    if counts["late"] > LATE_MAX:
        return [("投递", f"有 {counts['late']} 项等待超过一分钟", "确认 sunhall worker 正在运行")]
    return []


async def _jobs(at: datetime) -> list[Problem]:
    """What failed the last time, and a backup that is too old where backups are made at all."""
    found = []
    for run in await upkeep.job_runs():
        if run.problem:
            problem = f"{run.name} 上次没有做成：{run.problem[:120]}"
            found.append(("任务", problem, "在“运行状况”页面看原因，排除后会自动再做"))
        if run.name == BACKUP and at - run.ended_at > BACKUP_EVERY:
            hours = int((at - run.ended_at).total_seconds() // 3600)
            found.append(("备份", f"上次备份在 {hours} 小时以前", "sunhall backup DIR（请设成每天定时运行）"))
    return found


async def _worker(at: datetime) -> list[Problem]:
    if await upkeep.worker_is_late(at):
        mend = "启动 sunhall worker（笔记本：sunhall serve --embedded-worker）"
        return [("任务", "十分钟没有任务做完：后台进程没有运行", mend)]
    return []


async def _administrators(at: datetime) -> list[Problem]:
    missing = [name for name in ("admin", "security", "auditor") if await people.by_username(name) is None]
    return [("管理员", f"没有 {'、'.join(missing)}", "sunhall init")] if missing else []


async def _demo(at: datetime) -> list[Problem]:
    if settings().public_url.startswith("https://") and await demo_stands():
        return [("演示帐号", "对外服务的大厅里有演示城市", "换一个数据库，运行不带 --demo 的 sunhall init")]
    return []
