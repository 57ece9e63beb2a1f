"""Asking for a list with personal data, deciding, taking it; and carrying away a list without any."""

import os
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from kernel import kinds, numbering
from kernel.edge import rates, security
from kernel.errors import FormRejected
from kernel.exports import queries
from kernel.exports.forms import Ask, Asked, Refuse
from kernel.exports.listed import Listed, Params, Row
from kernel.exports.models import Export
from kernel.importing import writing
from kernel.importing.running import Exporter
from kernel.kinds import Held, Holding
from kernel.lifecycle import Nothing, move
from kernel.people.models import Account
from kernel.permissions import Actor
from kernel.settings import settings

ROWS_MAX, PERSONAL_ROWS_MAX = 50_000, 2_000


async def ask(facts: Ask, *, params: Params, by: Actor, at: datetime) -> Export:
    """Raises FormRejected where it would be nothing or too much."""
    listed = queries.listing(facts.listing, by)
    rows = await listed.count(by, params, at)
    if not 0 < rows <= PERSONAL_ROWS_MAX:
        said = f"筛选出 {rows:,} 行，含个人信息的一次最多 {PERSONAL_ROWS_MAX:,} 行，请缩小范围。"
        raise FormRejected({"query": said if rows else "筛选结果是空的，没有可导出的内容。"})
    export = Export(no=await numbering.draw(Export.prefix, at), region_path=by.home)
    told = Asked(**facts.model_dump(), rows=rows)
    return await move(export, "ask", told, by=by, at=at, version=0)


async def approve(export: Export, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Export:
    return await move(export, "approve", facts, by=by, at=at, version=version)


async def refuse(export: Export, facts: Refuse, *, by: Actor, at: datetime, version: int) -> Export:
    return await move(export, "refuse", facts, by=by, at=at, version=version)


async def withdraw(export: Export, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Export:
    return await move(export, "withdraw", facts, by=by, at=at, version=version)


async def take(export: Export, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Export:
    """Each time it is taken stands in its chain."""
    return await move(export, "take", facts, by=by, at=at, version=version)


async def lapse(export: Export, facts: Nothing, *, by: Actor, at: datetime, version: int) -> Export:
    """Its asker leaves."""
    return await move(export, "lapse", facts, by=by, at=at, version=version)


async def held(account_id: int, at: datetime) -> list[Held]:
    """What nobody may take any more isn't held."""
    found = [one for one in await queries.held_by(account_id) if one.until is None or at < one.until]
    return [Held(one.ref, f"{one.no}：{one.purpose}", "终止") for one in found]


async def end_held(held: Held, *, to: Account, by: Actor, at: datetime) -> None:
    """Whoever takes over asks for their own."""
    export = await Export.get(no=held.ref.partition(":")[2])
    await lapse(export, Nothing(), by=by, at=at, version=export.version)


async def personal_file(export: Export, params: Params, *, by: Actor, at: datetime) -> Path:
    """What was approved, as it stands now and as its asker may see it now; the caller removes the file."""
    listed = queries.listing(export.listing, by)
    purpose = f"导出 {export.no}：{export.purpose}"
    rows = listed.personal_rows(by, params, at, PERSONAL_ROWS_MAX, purpose)
    columns = (*listed.columns, *listed.personal_columns)
    return await _written(listed, columns, rows, export.ending, by, at)


async def plain_file(listed: Listed, params: Params, ending: str, *, by: Actor, at: datetime) -> Path:
    """Five an hour for each person (spec: security 4.4); the caller removes the file."""
    await rates.hit(rates.EXPORT_PERSON, str(by.id), at=at)
    return await _written(listed, listed.columns, listed.rows(by, params, at, ROWS_MAX), ending, by, at)


async def _written(
    listed: Listed, columns: tuple[str, ...], rows: AsyncIterator[Row], ending: str, by: Actor, at: datetime
) -> Path:
    path = _spooled(ending)
    exporter = Exporter(kind=listed.name, label=listed.label, columns=columns, rows=lambda: rows)
    count = await writing.write(exporter, path, progress=lambda done: None)
    personal = columns != listed.columns
    await security.log("export", actor_id=by.id, at=at, list=listed.name, rows=count, personal=personal)
    return path


def _spooled(ending: str) -> Path:
    """Nobody else may read it; what a killed process left there goes with the spool."""
    spool = settings().home / "spool"
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=f".{ending}", dir=spool)
    os.close(handle)
    return Path(name)


VERBS = kinds.verbs(approve, refuse, withdraw, take, lapse)
HOLDING = Holding(label="导出申请", held=held, hand_over=end_held)
