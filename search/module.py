"""What unified search gives the house."""

from kernel.module import Check, Link, Module, Progress, Verifier
from kernel.outbox import Consumer
from kernel.people.permissions import P as K
from kernel.settings import settings
from search import api, pages
from search.indexing import compared, indexing, may_write, take_in
from search.jobs import JOBS
from search.keeping import pages as keeping
from search.keeping.permissions import ROLES, IndexPermission
from search.queries import CONSUMER, newest_comparison

REFS_NAMED = 5


async def _verified(full: bool, progress: Progress) -> tuple[int, list[str]]:
    return await compared(progress)


async def _look() -> tuple[str, str] | None:
    engine = indexing().engine
    if await engine.ready():
        return await _drifted()
    if settings().search_url and not await engine.wanting():
        return None  # the server itself is away, which is a problem of its own
    return (
        "检索索引不存在、版本过旧或结构不对，检索暂由数据库应答",
        "启动 sunhall worker（会自行重建），或运行 sunhall reindex",
    )


async def _drifted() -> tuple[str, str] | None:
    """What was written anew and differs still: that takes a person."""
    last = await newest_comparison()
    if last is None or not last.staying:
        return None
    few = "、".join(last.refs[:REFS_NAMED])
    return f"有 {last.staying} 件补写后仍与数据库不一致（{few} 等）", "sunhall reindex"


MODULE = Module(
    name="search",
    models=("search.models",),
    templates=("results", "keeping"),
    routes=(*pages.routes, *keeping.routes),
    api=tuple(api.routes),
    permissions=(IndexPermission,),
    roles=ROLES,
    navigation=(Link(label="索引", url="/admin/search", permissions=(K.HALL_WATCH,), desk=True),),
    consumers=(Consumer(name=CONSUMER, topics=("*",), handle=take_in, outside=True, here=may_write),),
    jobs=JOBS,
    verifiers=(Verifier("检索索引", _verified),),
    checks=(Check("检索索引", _look),),
)
