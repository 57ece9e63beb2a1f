"""Where the index has drifted from the database (漂移): looked for every hour and every night, mended by itself."""

from collections.abc import Collection
from datetime import datetime, timedelta

from kernel import outbox
from kernel.database import transaction
from search import comparing, queries
from search.comparing import Difference
from search.indexing import MEND, indexing
from search.models import Comparison

MEND_MAX = 2_000  # of more a new index is made sooner
EVERY, AGAIN = timedelta(minutes=55), timedelta(minutes=4)  # the job comes by every five minutes


def is_due(last: Comparison | None, at: datetime) -> bool:
    """Every hour; soon again where something was wrong, to see whether it is mended."""
    return last is None or at - last.at >= (AGAIN if last.drift else EVERY)


async def look(at: datetime, *, whole: bool) -> Comparison | None:
    """None: there is no index, whoever builds one looks after it. What differs is written anew by whoever takes it from
    the outbox; of what differs twice in a row doctor speaks. Raises EngineAwayError."""
    engine = indexing().engine
    if not await engine.ready():
        return None
    if whole:
        count, found = await comparing.unlike_database(engine)
    else:
        found = await comparing.staying(engine)
        count = sum((await queries.living()).values())
    last = await queries.newest_comparison()
    refs = sorted({one.ref for one in found})
    staying = len(set(refs) & set(last.refs)) if last else 0
    await _mend(found, at)
    return await queries.note_comparison(at, whole=whole, documents=count, refs=refs, staying=staying)


async def _mend(found: Collection[Difference], at: datetime) -> None:
    refs: dict[str, int] = {}
    for one in found:
        refs[one.ref] = max(refs.get(one.ref, 0), one.held[0] if one.held else 0)
    if len(refs) > MEND_MAX:
        if await queries.asked_rebuild() is None:
            await queries.ask_for_rebuild(at)
        return
    async with transaction():
        for ref, version in refs.items():
            await outbox.publish(MEND, ref, version, at)
