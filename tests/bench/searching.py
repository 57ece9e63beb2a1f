"""From a commit to being found; and our answer, trimmed and with facets, held against the bare engine."""

import asyncio
import csv
import signal
import tempfile
import time
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import tantivy

from hotline.permissions import ROLES
from kernel.permissions import Actor, powers
from search import asking
from search.answering import answer
from search.engine import Part, Sort
from search.indexing import indexing
from search.inquiry import Asked
from search.query import Every
from search.tantivy_engine import compiled
from search.trimming import filter_for
from tests.bench.asking import Asking
from tests.bench.measuring import Figure, Scale, latency_figure, ms, percentile, timed
from tests.bench.opening import hall_in_process
from tests.bench.tickets import NEW
from tests.halls import Hall, a_hall

FOUND_P50_S, FOUND_P95_S, TIMES_P50, TIMES_P95 = 0.3, 1.0, 4.0, 2.5
QUERIES = ("停水", "噪音扰民", "公积金提取", "路灯不亮", "电动车充电", "物业", "云谷家园", "垃圾", "社保卡", "施工")
TRIES, COMMITS, WAIT_S, POLL_S = 30, 12, 5.0, 0.03


async def measure(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, a_hall(Path(folder), demo=True) as hall:
        hall.serve()
        hall.settle()
        found.append(await _committed(hall))
        hall.kill(signal.SIGTERM)
        hall.run("import", "tickets", str(_messages(Path(folder), scale.documents)))
        hall.run("reindex")
        found += await _held(Path(folder))


async def _committed(hall: Hall) -> Figure:
    operator, seconds = Asking(hall.port, hall.token("operator")), []
    for number in range(COMMITS):
        title = f"检索时延 {time.time_ns()}"
        told: dict[str, Any] = NEW | {"title": title}
        no = (await operator.json("POST", "/api/v1/tickets", told, expected=201))["no"]
        begun = time.perf_counter()
        while not (await operator.json("GET", f"/api/v1/search?q={no}"))["items"]:
            await asyncio.sleep(POLL_S)  # there is a rate on searching
            assert time.perf_counter() - begun < WAIT_S, f"never found: {number}"
        seconds.append(time.perf_counter() - begun)
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    met = p50 <= FOUND_P50_S and p95 <= FOUND_P95_S
    here, target = f"p50 {ms(p50)}, p95 {ms(p95)}", "p50 ≤ 300 ms, p95 ≤ 1 s"
    return Figure("commit to found", here, "", "", target, met, {"seconds": seconds})


def _messages(folder: Path, count: int) -> Path:
    """As many as wanted from the demo's own matters, at places and days of their own."""
    told = (files("hotline.demo") / "matters.csv").read_text(encoding="utf-8").splitlines()
    places = [row["地点"] for row in csv.DictReader((files("hotline.demo") / "places.csv").read_text().splitlines())]
    matters = list(csv.DictReader(told))
    file = folder / "messages.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("编号", "标题", "内容", "时间"))
        for number in range(count):
            matter, place = matters[number % len(matters)], places[number // len(matters) % len(places)]
            title = matter["标题"].format(p=place)[:80] + f"（{number}）"
            text = matter["内容"].format(p=place) + matter["答复"]
            writer.writerow((number, title, text, f"2025-{number % 12 + 1:02}-{number % 28 + 1:02} 10:00:00"))
    return file


async def _held(folder: Path) -> list[Figure]:
    """The bare engine: one index, ten hits. Our port: the same, ranked, in a thread of its own. The whole answer: both
    indexes, trimming, facets, rows read again from the database, highlights."""
    reader = Actor(id=1, name="检索者", powers=powers([("operator", "/")], ROLES), roles=("operator",), kind="staff")
    whole, port, bare = list[float](), list[float](), list[float]()
    async with hall_in_process(folder, f"sqlite://{folder}/hall.db"):
        index = _bare_index(folder)
        count = index.searcher().num_docs
        for words in QUERIES:
            tree = Every((asking.understood(words).tree,), within=(filter_for(reader, Part.RESTRICTED),))
            find = partial(indexing().engine.find, Part.RESTRICTED, tree, sort=Sort.BEST, start=0, limit=10)
            whole += await timed(partial(answer, Asked(q=words, limit=10), by=reader), TRIES)
            port += await timed(find, TRIES)
            bare += await timed(partial(_bare, index, compiled(tree, index.schema)), TRIES)
    named = (("search, the engine's port", port), ("search, the whole answer", whole))
    return [_against(f"{name}, {count:,}", ours, bare) for name, ours in named]


def _against(name: str, ours: list[float], bare: list[float]) -> Figure:
    ratio = percentile(ours, 0.5) / percentile(bare, 0.5), percentile(ours, 0.95) / percentile(bare, 0.95)
    against = f"bare tantivy: p50 {ms(percentile(bare, 0.5))}, p95 {ms(percentile(bare, 0.95))}"
    found = latency_figure(name, ours, None, against)
    found.ratio, found.target = f"{ratio[0]:.1f}, {ratio[1]:.1f}", f"p50 ≤ {TIMES_P50}×, p95 ≤ {TIMES_P95}×"
    found.met = ratio[0] <= TIMES_P50 and ratio[1] <= TIMES_P95
    found.raw["bare"] = bare
    return found


async def _bare(index: tantivy.Index, query: tantivy.Query) -> None:
    index.searcher().search(query, 10)


def _bare_index(folder: Path) -> tantivy.Index:
    generation = (folder / "search" / "current").read_text()
    return tantivy.Index.open(str(folder / "search" / Part.RESTRICTED / generation))
