"""Opening the hall for a command: its database must be there and up to date, or a sentence says what to do."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from tortoise.connection import get_connection
from tortoise.exceptions import BaseORMException, OperationalError

from kernel.database import opened
from kernel.errors import Refusal
from kernel.migrate import Executor
from kernel.module import database_config, install
from kernel.settings import settings
from portal.modules import MODULES

INIT = "请先运行 sunhall init"


class NoHall(Refusal):
    status, code, text = 503, "no_hall", "{problem}：{mend}。"

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem=problem, mend=mend)
        self.problem, self.mend = problem, mend


@asynccontextmanager
async def hall() -> AsyncIterator[None]:
    """Raises NoHall with the command that mends it."""
    install(MODULES)
    file = database_file()
    if file is not None and not file.exists():
        raise NoHall(f"还没有数据库 {file}", INIT)
    async with AsyncExitStack() as stays:
        with reachable():
            config = database_config(MODULES, settings().database_url)
            await stays.enter_async_context(opened(config))
            if waiting := await waiting_steps():
                raise NoHall(f"数据库还有 {waiting} 步升级没有做", INIT)
        yield


def database_file() -> Path | None:
    """Of SQLite; None on a server."""
    return Path(settings().database_url.split("://", 1)[1].split("?")[0]) if settings().on_sqlite else None


async def waiting_steps() -> int:
    """Migrations not yet applied."""
    executor = Executor(get_connection("default"), database_config(MODULES, settings().database_url)["apps"])
    try:
        return len(await executor.plan())
    except OperationalError:  # not even the table of what was applied
        await executor.loader.build_graph()
        return len(executor.loader.graph.nodes)


@contextmanager
def reachable() -> Iterator[None]:
    """A database that isn't there or doesn't let us in is a matter of settings, not a fault of ours."""
    from asyncpg.exceptions import InterfaceError, PostgresError

    try:
        yield
    except (BaseORMException, PostgresError, InterfaceError, sqlite3.Error, OSError) as wrong:
        first = str(wrong).strip().partition("\n")[0][:200]
        server = database_file() is None
        mend = "请核对 SUNHALL_DATABASE_URL，确认数据库服务已启动" if server else "请核对文件和权限"
        raise NoHall(f"不能使用数据库（{first or type(wrong).__name__}）", mend) from wrong
