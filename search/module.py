"""What unified search gives the house."""

from kernel.module import Check, Link, Module, Progress, Verifier
from kernel.outbox import Consumer
from kernel.people.permissions import P as K
from kernel.settings import settings
from search import api, pages
from search.bets import consumers as bet_news
from search.bets import pages as bets
from search.bets.kind import BET
from search.bets.queries import READERS as BET_KEEPERS
from search.indexing import compared, indexing, may_write, take_in
from search.jobs import JOBS
from search.keeping import pages as keeping
from search.permissions import ROLE_LABELS, ROLES, SearchPermission
from search.queries import CONSUMER, newest_comparison
from search.saving import jobs as saving_jobs
from search.saving import keeping as saving
from search.saving import pages as saving_pages
from search.saving.actions import NEWS
from search.vocabulary import consumers as vocabulary_news
from search.vocabulary import pages as vocabulary
from search.vocabulary.kind import VOCABULARY
from search.vocabulary.queries import READERS as VOCABULARY_KEEPERS

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
    models=("search.models", "search.vocabulary.models", "search.bets.models", "search.saving.models"),
    templates=("results", "vocabulary", "bets", "keeping", "saving"),
    routes=(*pages.routes, *vocabulary.routes, *bets.routes, *keeping.routes, *saving_pages.routes),
    api=tuple(api.routes),
    kinds=(VOCABULARY, BET),
    permissions=(SearchPermission,),
    roles=ROLES,
    role_labels=ROLE_LABELS,
    navigation=(
        Link(label="检索词典", url="/admin/vocabulary", permissions=VOCABULARY_KEEPERS, desk=True),
        Link(label="置顶与不显示", url="/admin/bets", permissions=BET_KEEPERS, desk=True),
        Link(label="索引", url="/admin/search", permissions=(K.HALL_WATCH,), desk=True),
    ),
    consumers=(
        Consumer(name=CONSUMER, topics=("*",), handle=take_in, outside=True, here=may_write), vocabulary_news.TELL,
        bet_news.TELL,
    ),
    jobs=(*JOBS, *saving_jobs.JOBS),
    message_templates=(NEWS,),
    personal=(saving.SAVED,),
    retention=saving.KEPT,
    verifiers=(Verifier("检索索引", _verified),),
    checks=(Check("检索索引", _look),),
)  # fmt: skip
