"""The index by itself, at sizes that a city has: built, compared, taken back, asked; held against the bare engines."""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import tantivy
from elasticsearch import Elasticsearch

from kernel.migrate import migrate
from kernel.module import install
from kernel.permissions import ANONYMOUS
from kernel.searchable import PUBLIC
from kernel.secrets import keys
from kernel.settings import settings
from portal.modules import MODULES
from search import asking, comparing, elasticsearch_engine, tantivy_engine
from search.answering import answer
from search.engine import Batch, Part, Record, Sort
from search.indexing import Indexing, indexing
from search.inquiry import Asked
from search.query import Every, Node
from search.records import circumstances, read, record
from search.subjects import every_ref
from search.trimming import filter_for
from tests import servers
from tests.bench import shelf
from tests.bench.measuring import Figure, Scale, latency_figure, ms, percentile, timed
from tests.bench.opening import hall_in_process
from tests.bench.shelf import READER, SHELF

QUERIES = (*shelf.THINGS, "小区停水通知", "如何提取公积金", "夜间施工", "市场主体登记", "S00000123")
TRIES, RAW_MAX, CHANGED_PARTS = 20, 20_000, 100
REBUILD_S, REBUILT, RATE, TRIMMING, TIMES_P50, TIMES_P95, ES_TIMES, P95_S, READER_MB = (
    60.0, 200_000, 0.6, 1.6, 4.0, 2.5, 1.15, 0.05, 80,
)  # fmt: skip


async def measure(scale: Scale, found: list[Figure]) -> None:
    install((shelf.MODULE,))
    for count in scale.records:
        await _one_engine("tantivy", count, found)
    with servers.elasticsearch() as node:
        for count in scale.records:
            await _one_engine("Elasticsearch", count, found, url=node.url)


async def _one_engine(name: str, count: int, found: list[Figure], *, url: str = "") -> None:
    SHELF.count = count
    SHELF.changed.clear()
    async with _hall(url) as home:
        mine, named = indexing(), f"{name}, {count:,}"
        found += await _built(mine, named, count)
        found += await _compared(mine, named, count)
        found += await _asked(named, home if not url else None, url)
        if not url:
            found.append(await asyncio.to_thread(_reader, named, home))
        await mine.engine.release()
        await mine.engine.close()


@asynccontextmanager
async def _hall(url: str) -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, _told(url):
        home = Path(folder)
        database = f"sqlite://{home}/hall.db"
        install(MODULES)
        keys.create(home / "keys.json")
        await migrate(MODULES, database)
        async with hall_in_process(home, database):
            yield home


@contextmanager
def _told(url: str) -> Iterator[None]:
    told = {"SUNHALL_SEARCH_URL": url, "SUNHALL_SEARCH_PREFIX": f"b{secrets.token_hex(4)}"}
    os.environ.update(told)
    try:
        yield
    finally:
        for name in told:
            del os.environ[name]
        settings.cache_clear()


async def _built(mine: Indexing, named: str, count: int) -> list[Figure]:
    begun, cpu = time.perf_counter(), time.process_time()
    await mine.rebuild(at=datetime.now(UTC))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    most = REBUILD_S * count / REBUILT
    whole = Figure(
        f"rebuild with its comparison, {named}", f"{seconds:.1f} s, {cpu:.1f} s of one core", "", "",
        f"≤ {REBUILD_S:.0f} s per {REBUILT:,}", seconds <= most, {"seconds": seconds, "cpu": cpu},
    )  # fmt: skip
    records = [one async for one in _records(min(count, RAW_MAX))]
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.to_thread(_bare_add, records)
    bare = len(records) / (time.perf_counter() - begun)
    ours = _documents(count) / seconds
    against = f"the bare engine, {len(records):,} made before: {bare:,.0f}/s"
    rate = Figure(
        f"documents from text to index, {named}", f"{ours:,.0f}/s", against, f"{ours / bare:.2f}", f"≥ {RATE}",
        ours / bare >= RATE, {"ours": ours, "bare": bare},
    )  # fmt: skip
    return [whole, rate]


def _documents(count: int) -> int:
    return count + (count + shelf.FIFTH - 1) // shelf.FIFTH


async def _records(count: int) -> AsyncIterator[Record]:
    made = 0
    async for refs in every_ref():
        seen, now = await read(refs), await circumstances(datetime.now(UTC))
        for one in (record(seen[ref], part, now) for ref in refs for part in Part):
            if one is not None and made < count:
                made += 1
                yield one
        if made >= count:
            return


def _bare_add(records: list[Record]) -> None:
    if not settings().search_url:
        with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder:
            writer = tantivy.Index(tantivy_engine._schema(), path=folder).writer(tantivy_engine.HEAP_BYTES, 1)
            for one in records:
                writer.add_document(tantivy_engine._document(one))
            writer.commit()
        return
    index = f"{settings().search_prefix}-bare"
    with Elasticsearch(settings().search_url, request_timeout=60) as client:
        client.indices.create(index=index, mappings=elasticsearch_engine.MAPPING)
        for first in range(0, len(records), 500):
            batch = Batch(put={one.key: one for one in records[first : first + 500]})
            lines = [line for action in elasticsearch_engine._actions(batch) for line in action.lines]
            client.bulk(index=index, operations=lines)
        client.indices.delete(index=index)


async def _compared(mine: Indexing, named: str, count: int) -> list[Figure]:
    begun = time.perf_counter()
    assert await comparing.staying(mine.engine) == []
    quick = time.perf_counter() - begun
    begun = time.perf_counter()
    assert (await comparing.unlike_database(mine.engine))[1] == []
    whole = time.perf_counter() - begun
    await mine.rebuild(at=datetime.now(UTC))
    SHELF.changed.update(range(0, count, CHANGED_PARTS))
    now = datetime.now(UTC)
    changed = [f"{shelf.KIND}:S{number:08}" for number in sorted(SHELF.changed)]
    begun = time.perf_counter()
    await asyncio.gather(*(mine.bring(ref, at=now) for ref in changed))
    brought = time.perf_counter() - begun
    begun = time.perf_counter()
    behind = await mine.step_back(at=datetime.now(UTC))
    back = time.perf_counter() - begun
    assert await comparing.staying(mine.engine) == []
    return [
        Figure(f"hourly comparison, {named}", f"{quick:.2f} s", raw={"seconds": quick}),
        Figure(f"nightly comparison, all read anew, {named}", f"{whole:.1f} s", raw={"seconds": whole}),
        Figure(f"{len(changed):,} changes at once, {named}", f"{len(changed) / brought:,.0f}/s", raw={"s": brought}),
        Figure(f"one step back, {behind:,} behind, {named}", f"{back:.1f} s", raw={"seconds": back}),
    ]


async def _asked(named: str, home: Path | None, url: str) -> list[Figure]:
    """The same trees: by the bare engine without and with the reader's filter, by our port, as a whole answer."""
    taken: dict[str, list[float]] = {name: [] for name in ("bare", "trimmed", "port", "whole", "public")}
    bare = _bare_tantivy(home) if home else _bare_elasticsearch(url)
    for words in QUERIES:
        plain = asking.understood(words).tree
        tree = Every((plain,), within=(filter_for(READER, Part.RESTRICTED),))
        find = partial(indexing().engine.find, Part.RESTRICTED, tree, sort=Sort.BEST, start=0, limit=10)
        taken["bare"] += await timed(partial(bare, plain), TRIES)
        taken["trimmed"] += await timed(partial(bare, tree), TRIES)
        taken["port"] += await timed(find, TRIES)
        taken["whole"] += await timed(partial(answer, Asked(q=words, limit=10), by=READER), TRIES)
        taken["public"] += await timed(partial(answer, Asked(q=words, limit=10), by=ANONYMOUS), TRIES)
    over = percentile(taken["trimmed"], 0.5) / percentile(taken["bare"], 0.5)
    times = (TIMES_P50, TIMES_P95) if home else (ES_TIMES, ES_TIMES)
    whole = _against(f"search, the whole answer, {named}", taken["whole"], taken["trimmed"], (TIMES_P50, TIMES_P95))
    everybody = latency_figure(f"search, everybody's answer, {named}", taken["public"], P95_S)
    return [
        Figure(
            f"trimming, {named}", ms(percentile(taken["trimmed"], 0.5)),
            f"the same without: {ms(percentile(taken['bare'], 0.5))}", f"{over:.2f}", f"p50 ≤ {TRIMMING}×",
            over <= TRIMMING, {"trimmed": taken["trimmed"], "bare": taken["bare"]},
        ),
        _against(f"search, the engine's port, {named}", taken["port"], taken["trimmed"], times), whole,
        latency_figure(f"search, the whole answer, {named}", taken["whole"], P95_S), everybody,
    ]  # fmt: skip


def _against(name: str, ours: list[float], bare: list[float], times: tuple[float, float]) -> Figure:
    ratio = [percentile(ours, part) / percentile(bare, part) for part in (0.5, 0.95)]
    here = f"p50 {ms(percentile(ours, 0.5))}, p95 {ms(percentile(ours, 0.95))}"
    against = f"bare engine: p50 {ms(percentile(bare, 0.5))}, p95 {ms(percentile(bare, 0.95))}"
    target, met = f"p50 ≤ {times[0]}×, p95 ≤ {times[1]}×", ratio[0] <= times[0] and ratio[1] <= times[1]
    return Figure(name, here, against, f"{ratio[0]:.2f}, {ratio[1]:.2f}", target, met, {"ours": ours, "bare": bare})


def _bare_tantivy(home: Path) -> Any:
    generation = (home / "search" / "current").read_text()
    index = tantivy.Index.open(str(home / "search" / Part.RESTRICTED / generation))

    async def ask(tree: Node) -> None:
        index.searcher().search(tantivy_engine.compiled(tree, index.schema), 10)

    return ask


def _bare_elasticsearch(url: str) -> Any:
    client = Elasticsearch(url)
    alias = indexing().engine._alias(Part.RESTRICTED)  # type: ignore[attr-defined]

    async def ask(tree: Node) -> None:
        wanted: dict[str, Any] = {"docvalue_fields": ["key", "published"], "size": 10, "track_total_hits": True}
        await asyncio.to_thread(client.search, index=alias, query=elasticsearch_engine.compiled(tree), **wanted)

    return ask


def _reader(named: str, home: Path) -> Figure:
    """What a process that only reads the index holds beyond a bare interpreter, after it was asked."""
    paths = os.pathsep.join(str(path) for path in (ROOT, ROOT / "platform"))
    env = {"PYTHONPATH": paths, "SUNHALL_SECRET": "x" * 40, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    bare, full = (
        int(subprocess.run([sys.executable, "-c", told, str(home)], capture_output=True, check=True, env=env).stdout)
        for told in (RESIDENT, f"{ASKS}\n{RESIDENT}")
    )
    more = (full - bare) / 1024
    return Figure(
        f"a reader's memory, {named}", f"{more:.0f} MB", f"bare interpreter: {bare / 1024:.0f} MB", "",
        f"≤ {READER_MB} MB more", more <= READER_MB, {"bare_kb": bare, "full_kb": full},
    )  # fmt: skip


ROOT = Path(__file__).parents[2]
RESIDENT = """
print(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
"""
ASKS = f"""
import asyncio, sys
from pathlib import Path
from search import asking
from search.engine import Part, Sort
from search.query import Every, OneOf
from search.tantivy_engine import TantivyEngine

async def main():
    engine = TantivyEngine(Path(sys.argv[1]))
    for words in {QUERIES[:7]!r}:
        tree = Every((asking.understood(words).tree,), within=(OneOf("acl", ({PUBLIC!r},)),))
        await engine.find(Part.PUBLIC, tree, sort=Sort.BEST, start=0, limit=10)
        await engine.facets(Part.PUBLIC, tree, ("kind", "agency"))

asyncio.run(main())
"""
