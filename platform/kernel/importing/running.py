"""Running an import: batches, a savepoint a row, a report a clerk can act on; begun again, it doubles nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from tortoise.exceptions import IntegrityError, ValidationError

from kernel.database import transaction
from kernel.errors import FormRejected, NotAllowed, Refusal
from kernel.labels import Labelled
from kernel.permissions import Actor, Permission

BATCH = 100
REPORTED_MAX = 100_000
Row = Mapping[str, str]
Rows = Iterable[tuple[int, "Row | Unreadable"]]
Steps = Callable[[int, int], None]  # done, of how many


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be read, and why; the rows around it can."""

    reason: str


class Result(Labelled):
    CREATED = "created", "新增"
    UPDATED = "updated", "更新"
    UNCHANGED = "unchanged", "未变"
    REFUSED = "refused", "未导入"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row; `warning` says what a clerk should look at although it was taken."""

    result: Result
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who imports, from where, and how."""

    source: str
    by: Actor
    at: datetime
    open: bool = False
    seen: dict[int, int] = field(default_factory=dict)  # of this run: a key → what it said


Take = Callable[[Row, Asked], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """`headings`: field → the headings it goes by; `needed`: fields without which no row can be taken."""

    kind: str
    label: str
    headings: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    permission: Permission
    take: Take
    prepare: Callable[[int, Asked], Awaitable[None]] | None = None  # before a batch, outside its transaction
    whole: "Whole | None" = None  # for files that are one document (JSON)
    page: Callable[[str], Row] | None = None  # where a file of text or HTML is one row


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    kind: str
    label: str
    columns: tuple[str, ...]
    rows: Callable[[], AsyncIterator[tuple[object, ...]]]


@dataclass(slots=True)
class Report:
    """Counts, and the rows that need somebody's eye."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    warned: int = 0
    refused: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, line: int, outcome: Outcome, reason: str = "") -> None:
        setattr(self, outcome.result.value, getattr(self, outcome.result.value) + 1)
        if outcome.warning:
            self.warned += 1
        said = reason or outcome.warning
        if said and len(self.rows) < REPORTED_MAX:
            result = "warned" if outcome.warning else outcome.result.value
            self.rows.append({"line": line, "result": result, "reason": said})

    def as_json(self) -> dict[str, object]:
        counts = {name: getattr(self, name) for name in ("created", "updated", "unchanged", "warned", "refused")}
        return counts | {"rows": self.rows}


Whole = Callable[[Any, Asked], Awaitable[Report]]


class Undone(Exception):  # noqa: N818 (it takes back what was tried)
    """Raised inside a transaction to take everything in it back."""


async def run(
    importer: Importer,
    rows: Rows,
    asked: Asked,
    *,
    progress: Callable[[int], None],
    atomic: bool = False,
    dry: bool = False,
) -> Report:
    """Raises nothing for a bad row: its reason stands in the report. `atomic`: one refused row takes all back."""
    must_import(importer, asked)
    report = Report()
    if not atomic and not dry:
        for batch in _batches(rows):
            await _one_batch(importer, batch, asked, report)
            progress(len(batch))
        return report
    every = list(rows)
    if importer.prepare:
        await importer.prepare(len(every), asked)
    try:
        async with transaction():
            for line, row in every:
                await _one_row(importer, line, row, asked, report)
                progress(1)
            if dry or report.refused:
                raise Undone  # noqa: TRY301
    except Undone:
        if atomic and not dry:
            report.created = report.updated = 0
    return report


def must_import(importer: Importer, asked: Asked) -> None:
    """The command line imports as the machine, whose permissions stand in the table of roles like everyone's."""
    if not asked.by.may_anywhere(importer.permission):
        raise NotAllowed(permission=importer.permission.label)


async def run_whole(whole: Whole, document: Any, asked: Asked, *, dry: bool = False) -> Report:
    """One document is taken as one. Raises what it is refused for."""
    report = Report()
    with suppress(Undone):
        async with transaction():
            report = await whole(document, asked)
            if dry:
                raise Undone
    return report


async def _one_batch(
    importer: Importer, batch: list[tuple[int, Row | Unreadable]], asked: Asked, report: Report
) -> None:
    if importer.prepare:
        await importer.prepare(len(batch), asked)
    async with transaction():
        for line, row in batch:
            await _one_row(importer, line, row, asked, report)


async def _one_row(importer: Importer, line: int, row: Row | Unreadable, asked: Asked, report: Report) -> None:
    try:
        if isinstance(row, Unreadable):
            report.add(line, Outcome(Result.REFUSED), row.reason)
            return
        if missing := [name for name in importer.needed if not row.get(name, "").strip()]:
            headings = "、".join(importer.headings[name][0] for name in missing)
            report.add(line, Outcome(Result.REFUSED), f"缺少“{headings}”，请补上后重新导入。")
            return
        async with transaction():
            outcome = await importer.take(row, asked)
        report.add(line, outcome)
    except FormRejected as rejected:
        report.add(line, Outcome(Result.REFUSED), "；".join(rejected.fields.values()))
    except Refusal as refusal:
        report.add(line, Outcome(Result.REFUSED), str(refusal))
    except (IntegrityError, ValidationError):
        report.add(line, Outcome(Result.REFUSED), "有一格太长，或与已有的数据冲突，请核对后重新导入。")


def _batches(rows: Rows) -> Iterable[list[tuple[int, Row | Unreadable]]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch
