"""What unified search gives the house."""

from kernel.module import Check, Module, Progress, Verifier
from kernel.outbox import Consumer
from kernel.settings import settings
from search import api, pages
from search.indexing import compared, indexing, may_write, take_in
from search.jobs import JOBS
from search.queries import CONSUMER
from search.saving import jobs as saving_jobs
from search.saving import keeping as saving
from search.saving import pages as saving_pages
from search.saving.actions import NEWS


async def _verified(full: bool, progress: Progress) -> tuple[int, list[str]]:
    return await compared(progress)


async def _look() -> tuple[str, str] | None:
    engine = indexing().engine
    if await engine.ready():
        return None
    if settings().search_url and not await engine.wanting():
        return None  # the server itself is away, which is a problem of its own
    return "检索索引不存在或版本过旧，检索暂由数据库应答", "启动 sunhall worker（会自行重建），或运行 sunhall reindex"


MODULE = Module(
    name="search",
    models=("search.models", "search.saving.models"),
    templates=("results", "saving"),
    routes=(*pages.routes, *saving_pages.routes),
    api=tuple(api.routes),
    consumers=(Consumer(name=CONSUMER, topics=("*",), handle=take_in, outside=True, here=may_write),),
    jobs=(*JOBS, *saving_jobs.JOBS),
    message_templates=(NEWS,),
    personal=(saving.SAVED,),
    retention=saving.KEPT,
    verifiers=(Verifier("检索索引", _verified),),
    checks=(Check("检索索引", _look),),
)
