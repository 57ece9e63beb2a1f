"""What the keepers are told: jobs that fail, problems that stand, what is kept how long."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from arq import cron
from tortoise.models import Model

from kernel import outbox
from kernel.database import transaction
from kernel.edge import csrf
from kernel.errors import FormRejected, NotAllowed
from kernel.inbox.models import Message
from kernel.maintenance import actions as maintenance
from kernel.maintenance.models import Mode
from kernel.module import installed
from kernel.people.models import Account, AccountKind, Grant, Session
from kernel.people.permissions import P
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings
from kernel.upkeep import actions, queries, retention
from kernel.upkeep.models import Alarm, JobRun
from kernel.upkeep.runs import noted
from portal import checks
from portal.modules import MODULES
from tests import factories as f
from tests.conftest import SECRET, Client

pytestmark = pytest.mark.usefixtures("database")
KEEPER = Actor(id=90, name="系统管理员", kind="staff", powers={P.HALL_WATCH: ("/",), P.HALL_CLOSE: ("/",)})
SECURITY = Actor(id=91, name="安全管理员", kind="staff", powers={P.HALL_WATCH: ("/",), P.RETENTION_SET: ("/",)})
DISK = ("磁盘", "数据目录所在磁盘只剩 812 MiB", "清理或扩容到 2 GiB 以上")


async def an_administrator() -> Account:
    account = await Account.create(username="admin", name="系统管理员", kind=AccountKind.STAFF, created_at=f.NOW)
    await Grant.create(account=account, role="system_admin", scope="/")
    return account


async def delivered(at: datetime) -> None:
    while await outbox.deliver(worker="w", now=lambda: at):
        pass


async def test_a_problem_is_told_once_and_its_end_is_noted() -> None:
    admin = await an_administrator()
    assert await actions.keep([DISK], at=f.NOW) == (1, 0)
    worse = ("磁盘", "数据目录所在磁盘只剩 14 MiB", DISK[2])
    assert await actions.keep([worse], at=f.NOW + timedelta(minutes=5)) == (0, 0), "the same, with another figure"
    await delivered(f.NOW)
    (message,) = await Message.filter(account_id=admin.id)
    assert "只剩" in message.title
    assert (await Alarm.get()).problem == worse[1]
    assert await actions.keep([], at=f.NOW + timedelta(minutes=10)) == (0, 1)
    assert await actions.keep([DISK], at=f.NOW + timedelta(hours=1)) == (1, 0), "again is told again"


async def test_the_page_says_what_is_wrong_what_mends_it_and_how_the_jobs_went(signed_in: Client, engine: str) -> None:
    await actions.keep([DISK], at=f.NOW)
    job = noted(cron(failing, minute=0))
    with pytest.raises(ConnectionError):
        await job.coroutine({"worker": "w"})
    page = (await signed_in(KEEPER).get("/admin/running")).text
    assert DISK[1] in page
    assert DISK[2] in page
    assert "ConnectionError: 网关没有应答" in page
    assert (await queries.figures())["failing_jobs"] == 1
    assert engine != "sqlite" or ("任务", "failing 上次没有做成：ConnectionError: 网关没有应答") in [
        problem[:2] for problem in await checks.standing(MODULES, datetime.now(UTC))
    ]


async def failing(ctx: dict[str, object]) -> None:
    raise ConnectionError("网关没有应答")


async def test_a_job_waits_for_a_busy_database_where_a_request_is_refused(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    connections = settings().db_pool_max if engine == "postgres" else 1
    leaving, inside = asyncio.Event(), asyncio.Barrier(connections + 1)

    async def holding() -> None:
        async with transaction():
            await JobRun.all().count()
            await inside.wait()
            await leaving.wait()

    holders = [asyncio.create_task(holding()) for _ in range(connections)]
    await inside.wait()
    monkeypatch.setattr(settings(), "pool_wait_s", 1)
    with pytest.raises(TimeoutError):
        await JobRun.all().count()
    job = asyncio.create_task(noted(cron(counting, minute=0)).coroutine({"worker": "w"}))
    asyncio.get_running_loop().call_later(1.5, leaving.set)
    assert await job == 0
    await asyncio.gather(*holders)
    assert (await JobRun.get(name="counting")).problem == ""


async def counting(ctx: dict[str, object]) -> int:
    return await JobRun.all().count()


async def test_a_job_that_goes_well_again_is_no_problem_any_more() -> None:
    work = [True]

    async def sometimes(ctx: dict[str, object]) -> None:
        if work[0]:
            raise ConnectionError

    job = noted(cron(sometimes, minute=0))
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await job.coroutine({"worker": "w"})
    assert (await JobRun.get()).failures == 2
    work[0] = False
    await job.coroutine({"worker": "w"})
    run = await JobRun.get()
    assert (run.failures, run.problem) == (0, "")


async def test_what_is_secret_is_not_among_the_settings_in_force(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (await signed_in(KEEPER).get("/admin/settings")).text
    assert "SUNHALL_SECRET_FILE" in page
    assert "only-for-tests" not in page
    assert "（已设置，不显示）" in page


@pytest.mark.parametrize("path", ["/admin/running", "/admin/settings", "/admin/retention", "/admin/opening"])
@pytest.mark.parametrize("who", [f.OPERATOR, f.MANAGER, f.CITIZEN], ids=lambda who: who.name)
async def test_nobody_else_sees_the_keepers_pages(signed_in: Client, who: Actor, path: str) -> None:
    assert (await signed_in(who).get(path)).status_code == 403


async def test_a_period_may_be_longer_and_never_shorter_than_the_law_wants(signed_in: Client) -> None:
    desk = signed_in(SECURITY)
    short = {"_csrf": csrf.token(SECRET), "name": "views", "days": "90", "basis": "市里的规定"}
    answer = await desk.post("/admin/retention", data=short)
    assert answer.status_code == 422
    assert "至少保存 183 天" in answer.text
    assert (await desk.post("/admin/retention", data=short | {"days": "3650"})).status_code == 303
    assert (await queries.periods())["views"] == timedelta(days=3650)
    with pytest.raises(FormRejected):
        await actions.set_period("journal", 10, "随便", by=SYSTEM, at=f.NOW)
    with pytest.raises(NotAllowed):
        await actions.set_period("views", 4000, "随便说说", by=KEEPER, at=f.NOW)


async def test_sessions_that_ended_a_month_ago_are_gone_and_younger_ones_stay() -> None:
    account = await an_administrator()
    for number, age in enumerate((29, 31, 400)):
        ended = f.NOW - timedelta(days=age)
        await Session.create(
            token_hash=str(number), account=account, kind="web", csrf_secret=b"", created_at=ended, seen_at=ended,
            ends_at=ended, proved_at=ended,
        )  # fmt: skip
    assert (await retention.clear_all(at=f.NOW))["sessions"] == 2
    assert await Session.all().values_list("token_hash", flat=True) == ["0"]


def test_every_table_of_every_module_says_how_long_it_is_kept() -> None:
    declared = {table for module in installed() for kept in module.retention for table in kept.tables}
    assert declared >= {"kernel_entry", "kernel_view", "kernel_security_event", "kernel_session"}
    assert all(issubclass(model, Model) for model in (Alarm, JobRun))


async def test_a_hall_that_rests_is_read_and_not_written_and_says_why_with_what_was_typed(signed_in: Client) -> None:
    await maintenance.set_mode(Mode.READ_ONLY, "系统升级，预计 22:30 恢复", by=SYSTEM, at=f.NOW)
    citizen = signed_in(f.CITIZEN)
    before = await citizen.get("/hotline/file")
    assert before.status_code == 200
    assert "现在不能提交：系统升级，预计 22:30 恢复" in before.text, "before anybody has filled in a form for nothing"
    typed = {
        "_csrf": csrf.token(SECRET),
        "title": "小区停水两天",
        "content": "从昨天晚上开始停水，物业电话没有人接，家里还有老人，请尽快处理。",
        "type": "help",
    }
    answer = await citizen.post("/hotline/file", data=typed)
    assert answer.status_code == 503
    assert "系统升级，预计 22:30 恢复" in answer.text
    assert "从昨天晚上开始停水，物业电话没有人接，家里还有老人，请尽快处理。" in answer.text
    assert answer.headers["retry-after"] == "60"
    program = await signed_in(f.OPERATOR).post("/api/v1/tickets", json={"title": "停水"})
    assert (program.status_code, program.json()["error"]["code"]) == (503, "degraded")


async def test_a_closed_hall_lets_in_its_administrator_only(signed_in: Client) -> None:
    await maintenance.set_mode(Mode.CLOSED, "迁移机房", by=SYSTEM, at=f.NOW)
    assert (await signed_in(f.NOBODY).get("/")).status_code == 503
    assert (await signed_in(f.NOBODY).get("/healthz")).status_code == 200
    keeper = signed_in(KEEPER)
    assert "迁移机房" in (await keeper.get("/admin/opening")).text
    sent = {"_csrf": csrf.token(SECRET), "mode": "open", "reason": ""}
    assert (await keeper.post("/admin/opening", data=sent)).status_code == 303
    assert (await signed_in(f.NOBODY).get("/")).status_code == 200
