"""Index and database held against each other: by the sums of 256 heaps first, one by one where those differ.

Two questions. The quick one asks whether an index holds what `search_applied` says was written; it costs one query on
either side. The whole one reads every document anew, so it also finds what no event told."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from kernel.module import Progress
from search import queries
from search.engine import BUCKETS, Part, Record, SearchEngine, Sums, bucket_of, pieces
from search.preparing import Preparing, made
from search.records import circumstances, read
from search.subjects import every_ref, late

State = tuple[int, int]  # version, digest
Heaps = Collection[tuple[Part, int]]
AGAIN_S = 0.2
NAMED_MAX = 5
NOTHING: Sums = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Difference:
    part: Part
    ref: str
    held: State | None
    wanted: State | None

    def __str__(self) -> str:
        if self.held is None or self.wanted is None:
            told = "数据库中有，索引中没有" if self.held is None else "索引中有，数据库中没有"
        else:
            told = f"索引为第 {self.held[0]} 版，数据库为第 {self.wanted[0]} 版，内容不一致"
        return f"{self.part.value} {self.ref}：{told}"


def named(found: Collection[Difference]) -> str:
    """A few of them, for a sentence."""
    told = "；".join(str(one) for one in list(found)[:NAMED_MAX])
    return told + (f"；等 {len(found)} 处" if len(found) > NAMED_MAX else "")


async def unlike_written(engine: SearchEngine, *, new: bool = False) -> list[Difference]:
    """Where an index isn't what was written to it. Raises EngineAwayError."""
    heaps = _differing(await queries.sums(), {part: await engine.sums(part, new=new) for part in Part})
    found: list[Difference] = []
    for part, bucket in heaps:
        held = await _held(engine, part, bucket, new=new)
        found += _differences(part, held, await queries.written(part, bucket))
    return found


async def staying(engine: SearchEngine) -> list[Difference]:
    """Of the live index, in a hall at work: something comes between two looks, and what waits is no difference."""
    found = await unlike_written(engine)
    if found:
        await asyncio.sleep(AGAIN_S)
        found = _both(found, await unlike_written(engine), await late())
    return found


async def unlike_database(engine: SearchEngine, progress: Progress | None = None) -> tuple[int, list[Difference]]:
    """How many documents were read, and where the live index isn't what they say, each looked at twice."""
    count, wanted = 0, {part: dict[int, Sums]() for part in Part}
    async with aclosing(Preparing(datetime.now(UTC)).every()) as everything:
        async for piece in everything:
            for (_, part), now in piece.records.items():
                wanted[part][now.bucket] = _added(wanted[part].get(now.bucket, NOTHING), now)
                count += 1
            if progress:
                progress(count, count)
    heaps = _differing(wanted, {part: await engine.sums(part) for part in Part})
    found = await _looked_into(engine, heaps)
    if found:
        again = await _looked_into(engine, {(one.part, bucket_of(one.ref)) for one in found})
        found = _both(found, again, await late())
    return count, found


async def _looked_into(engine: SearchEngine, heaps: Heaps) -> list[Difference]:
    if not heaps:
        return []
    held = {part: dict[str, State]() for part in Part}
    for part, bucket in heaps:
        held[part] |= await _held(engine, part, bucket)
    found: list[Difference] = []
    either = {bucket for _, bucket in heaps}
    async for refs in every_ref():
        inside = [ref for ref in refs if bucket_of(ref) in either]
        records = made(await read(inside), await circumstances(datetime.now(UTC))) if inside else {}
        now = {key: (one.version, one.digest) for key, one in records.items()}
        for part, ref in ((part, ref) for ref in inside for part in Part if (part, bucket_of(ref)) in heaps):
            has, wanted = held[part].pop(ref, None), now.get((ref, part))
            if has != wanted:
                found.append(Difference(part, ref, has, wanted))
    return found + [Difference(part, ref, has, None) for part in Part for ref, has in held[part].items()]


async def _held(engine: SearchEngine, part: Part, bucket: int, *, new: bool = False) -> dict[str, State]:
    return {
        key: (version, digest)
        async for piece in engine.scan(part, bucket=bucket, new=new)
        for key, version, digest in piece
    }


def _differing(wanted: Mapping[Part, Mapping[int, Sums]], held: Mapping[Part, Mapping[int, Sums]]) -> Heaps:
    def same(part: Part, bucket: int) -> bool:
        return wanted[part].get(bucket, NOTHING) == held[part].get(bucket, NOTHING)

    return [(part, bucket) for part in Part for bucket in range(BUCKETS) if not same(part, bucket)]


def _differences(part: Part, held: Mapping[str, State], wanted: Mapping[str, State]) -> Iterable[Difference]:
    for ref in sorted({*held, *wanted}):
        if held.get(ref) != wanted.get(ref):
            yield Difference(part, ref, held.get(ref), wanted.get(ref))


def _both(first: list[Difference], second: list[Difference], waiting: set[str]) -> list[Difference]:
    before = {(one.part, one.ref) for one in first}
    return [one for one in second if (one.part, one.ref) in before and one.ref not in waiting]


def _added(before: Sums, now: Record) -> Sums:
    count, *added = before
    first, second, third = (a + b for a, b in zip(added, pieces(now.digest), strict=True))
    return count + 1, first, second, third
