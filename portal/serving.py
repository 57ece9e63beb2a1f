"""`serve` and `worker`: the processes of the laptop and of the city."""

import asyncio
import ipaddress
import os

from kernel.settings import settings

KEEP_ALIVE_S, DRAIN_S, CONCURRENCY_MAX = 5, 20, 2_500


class WrongUsage(Exception):  # noqa: N818 (a sentence for who typed the command)
    """What can't be asked for together, and what to do instead."""


def serve(*, host: str, port: int, workers: int, embedded_worker: bool, insecure_lan: bool) -> int:
    _check(host, workers, embedded_worker=embedded_worker, insecure_lan=insecure_lan)
    if insecure_lan:
        os.environ["SUNHALL_INSECURE_LAN"] = "true"
        settings.cache_clear()
    import uvicorn

    from kernel.observability.logs import set_up

    set_up()
    uvicorn.run(
        "portal.app:with_worker" if embedded_worker else "portal.app:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http="httptools",
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        limit_concurrency=CONCURRENCY_MAX,
        forwarded_allow_ips="127.0.0.1",
    )
    return 0


def work() -> int:
    from kernel.observability.logs import set_up
    from portal.worker import run

    set_up()
    asyncio.run(run())
    return 0


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
