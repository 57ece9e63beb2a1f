"""Changing the key (换钥) while the hall is open: in batches, to be stopped and gone on with at any time.

A model names its sealed columns: `sealed = {column: row → Place}`. First the ring gets a new key, and every process
seals under it soon after; then each row is sealed anew; then a count over all rows proves that no old key is needed. It
stays in the ring, retired, as long as there are backups from its time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import Tortoise
from tortoise.models import Model

from kernel.database import transaction
from kernel.edge import security
from kernel.errors import Refusal
from kernel.secrets import cipher, keys
from kernel.settings import settings

BATCH = 500
SETTLE_S = 2 * keys.RELOAD_S
ROUNDS_MAX = 10


class NoKeyFile(Refusal):
    code, text = "no_key_file", "主密钥来自 SUNHALL_SECRET，不能更换：请改用密钥文件（去掉 SUNHALL_SECRET）。"


class StillNeeded(Refusal):
    code, text = "still_needed", "第 {number} 号密钥还不能销毁：{why}。"


@dataclass(frozen=True, slots=True)
class Rekeyed:
    current: int
    resealed: int
    retired: list[int]


def sealed_models() -> list[type[Model]]:
    assert Tortoise.apps is not None
    return [model for model in Tortoise.apps.get_models_iterable() if getattr(model, "sealed", None)]


async def rekey(*, at: datetime, progress: Callable[[int, int], None] = lambda done, of: None) -> Rekeyed:
    """A new key for everything sealed; after an interruption the same command goes on with the key it had begun."""
    if settings().secret is not None:
        raise NoKeyFile
    ring = keys.ring(anew=True)
    if set(ring.keys) == {ring.current, *ring.retired}:  # else a run before this one was stopped
        ring = keys.add(keys.key_file())
        await security.log("key_added", actor_id=0, at=at, key=ring.current)
        await asyncio.sleep(SETTLE_S)  # every process has looked at the ring again
        keys.ring(anew=True)
    total = sum([await model.all().count() for model in sealed_models()])
    resealed = 0
    for _ in range(ROUNDS_MAX):
        passed = 0
        async for done in _round():
            resealed += done
            passed += BATCH
            progress(min(passed, total), total)
        if set(await used()) <= {ring.current}:
            break
    else:
        raise AssertionError("somebody still seals under an old key: is there a process with another key file?")
    ring = keys.retire(keys.key_file(), at=at)
    keys.ring(anew=True)
    await security.log("rekeyed", actor_id=0, at=at, key=ring.current, rows=resealed)
    return Rekeyed(ring.current, resealed, sorted(ring.retired))


async def used() -> Counter[int]:
    """Key id → how many sealed columns need it: the proof, over all rows."""
    found: Counter[int] = Counter()
    for model in sealed_models():
        async for rows in _batches(model):
            for row in rows:
                found.update(cipher.key_of(value) for value in _values(row) if value)
    return found


async def destroy(number: int, *, at: datetime) -> None:
    """A retired key, after proof. What only it can open (older backups) is lost from then on."""
    ring = keys.ring(anew=True)
    if number not in ring.keys:
        raise StillNeeded(number=number, why="密钥环里没有它")
    if number not in ring.retired:
        raise StillNeeded(number=number, why="它还在使用，请先运行 sunhall rekey")
    if count := (await used())[number]:
        raise StillNeeded(number=number, why=f"还有 {count} 处密文用它，请再运行 sunhall rekey")
    keys.destroy(keys.key_file(), number)
    keys.ring(anew=True)
    await security.log("key_destroyed", actor_id=0, at=at, key=number)


async def _round() -> AsyncIterator[int]:
    """Every sealed column once, a batch in a transaction; what somebody changed or erased meanwhile is left alone."""
    for model in sealed_models():
        async for rows in _batches(model):
            done = 0
            async with transaction():
                for row in rows:
                    done += await _reseal(model, row)
            yield done


async def _reseal(model: type[Model], row: Any) -> int:
    done = 0
    for column, place in model.sealed.items():  # type: ignore[attr-defined]
        before = getattr(row, column)
        if before and not cipher.newest(before):
            after = cipher.seal(cipher.unseal(before, **place(row)), **place(row))
            same = model.filter(id=row.id, **dict.fromkeys([column], before))
            done += await same.update(**dict.fromkeys([column], after))
    return done


def _values(row: Any) -> list[bytes]:
    return [getattr(row, column) for column in type(row).sealed]


async def _batches(model: type[Model]) -> AsyncIterator[list[Any]]:
    last, rows = 0, list[Any]([None])
    while rows:
        rows = list(await model.filter(id__gt=last).order_by("id").limit(BATCH))
        if rows:
            yield rows
            last = rows[-1].id
