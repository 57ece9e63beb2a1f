"""`serve` and `worker`: the processes of the laptop and of the city."""

import asyncio
import ipaddress
import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kernel.errors import Refusal
from kernel.hardening import close_to_others
from kernel.settings import settings

if TYPE_CHECKING:
    import uvicorn

KEEP_ALIVE_S, DRAIN_S, START_S, CONCURRENCY_MAX = 10, 20, 30, 2_500


class WrongUsage(Exception):  # noqa: N818 (a sentence for who typed the command)
    """What can't be asked for together, and what to do instead."""


class PortTaken(Refusal):
    code, text = "port_taken", "{host} 的端口 {port} 不能使用（{problem}），请换一个：--port {other}。"


class DemoInPublic(Refusal):
    code, text = (
        "demo_in_public",
        "对外服务的大厅（SUNHALL_PUBLIC_URL 为 https）不能带演示城市，请换一个数据库。",
    )


def serve(*, host: str, port: int, workers: int, embedded_worker: bool, insecure_lan: bool) -> int:
    _check(host, workers, embedded_worker=embedded_worker, insecure_lan=insecure_lan)
    if insecure_lan:
        os.environ["SUNHALL_INSECURE_LAN"] = "true"
        settings.cache_clear()
    close_to_others()
    asyncio.run(_ready())
    _free(host, port)
    import uvicorn

    from kernel.observability.logs import set_up

    set_up()
    print(f"阳光大厅：{address(host, port)}  （按 Ctrl-C 结束）", flush=True)
    told: dict[str, Any] = {
        "app": "portal.app:with_worker" if embedded_worker else "portal.app:create",
        "factory": True,
        "host": host,
        "port": port,
        "workers": workers,
        "loop": "asyncio",  # the same everywhere; uvloop was no faster here
        "http": "portal.draining:Draining" if workers > 1 else "portal.draining:Ending",
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "log_level": "warning",
        "timeout_keep_alive": KEEP_ALIVE_S,
        "timeout_graceful_shutdown": DRAIN_S,
        "timeout_worker_healthcheck": START_S,  # also how long one that fell may go unnoticed
        "limit_concurrency": CONCURRENCY_MAX,
        "forwarded_allow_ips": list(settings().trusted_proxies),
    }
    if workers > 1:
        return _several(uvicorn.Config(**told))
    uvicorn.run(**told)
    return 0


def _several(config: "uvicorn.Config") -> int:
    """Processes on one socket that their parent holds: one that dies is replaced, and after SIGHUP each in turn, the
    new one first. One that can't start at all ends everything with 3, for whoever watches over this command."""
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    supervisor = Multiprocess(config, sockets=[config.bind_socket()])
    supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def work() -> int:
    from kernel.observability.logs import set_up
    from portal.worker import run

    set_up()
    close_to_others()
    asyncio.run(_ready())
    asyncio.run(run())
    return 0


def address(host: str, port: int) -> str:
    """What to type into a browser."""
    if settings().public_url:
        return settings().public_url
    name = f"[{host}]" if ":" in host else "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 (only compared)
    return f"http://{name}:{port}"


async def _ready() -> None:
    """Before a process stays: a database that fits, and no demo passwords in front of the world."""
    from portal.checks import demo_stands
    from portal.hall import hall
    from portal.restores import rest_if_restored

    async with hall():
        await rest_if_restored(datetime.now(UTC))
        if settings().public_url.startswith("https://") and await demo_stands():
            raise DemoInPublic


def _check(host: str, workers: int, *, embedded_worker: bool, insecure_lan: bool) -> None:
    limits = settings()
    if workers > 1 and (limits.on_sqlite or not limits.redis_url):
        raise WrongUsage(
            "多个网页进程需要 PostgreSQL 和 Redis：请设置 SUNHALL_DATABASE_URL 和 SUNHALL_REDIS_URL，或去掉 --workers。"
        )
    if workers > 1 and embedded_worker:
        raise WrongUsage("--embedded-worker 只用于一个网页进程；多个进程时请另行启动 sunhall worker。")
    if not _loopback(host) and not insecure_lan and not limits.public_url.startswith("https://"):
        raise WrongUsage(
            f"在 {host} 上对外服务需要 https：请设置 SUNHALL_PUBLIC_URL=https://…，局域网试用请加 --insecure-lan。"
        )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _free(host: str, port: int) -> None:
    """A port that is taken is said in a sentence; uvicorn would log it and end."""
    try:
        kind, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as wrong:
        raise PortTaken(host=host, port=port, problem=os.strerror(wrong.errno or 0), other=port % 65535 + 1) from wrong
