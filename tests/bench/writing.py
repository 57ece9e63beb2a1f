"""What the product writes for one request, written again by hand: the same rows, the same transactions, no product."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

import asyncpg

APART = 1_000_000_000
OWN = {"no", "subject", "key"}  # unique texts: a copy gets its own
LINKS = {"id", "ticket_id", "event_id"}
BESIDE = {  # written by the worker, or once in a while
    "kernel_session", "kernel_rate_count", "kernel_security_event", "kernel_account", "kernel_message", "kernel_series",
}  # fmt: skip

Row = dict[str, Any]


@dataclass(slots=True)
class Step:
    """One transaction: rows put in, rows changed."""

    inserts: list[tuple[str, Row]] = field(default_factory=list)
    updates: list[tuple[str, Row]] = field(default_factory=list)


Snapshot = dict[str, dict[int, Row]]


def difference(before: Snapshot, after: Snapshot) -> Step:
    step = Step()
    for table, rows in after.items():
        for number, row in rows.items():
            old = before.get(table, {}).get(number)
            if old is None:
                step.inserts.append((table, row))
            elif old != row and table != "kernel_delivery":  # that is the worker, too
                step.updates.append((table, row))
    step.inserts.sort(key=lambda one: (one[0] == "kernel_delivery", one[0] == "hotline_assignment"))
    return step


def copied(row: Row, k: int) -> Row:
    """The row of the k-th copy: its own numbers and names, linked among themselves."""
    made = dict(row)
    for name in LINKS & row.keys():
        if row[name] is not None:
            made[name] = row[name] + k * APART
    for name in OWN & row.keys():
        if isinstance(row[name], str):
            made[name] = f"{row[name]}~{k}"
    return made


class Sqlite:
    clients = 1  # SQLite has one writer

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            self.connection.execute(f"PRAGMA {pragma}")

    async def snapshot(self, since: dict[str, int]) -> Snapshot:
        tables = [row[0] for row in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: Snapshot = {}
        for table in tables:
            if not table.startswith(("kernel_", "hotline_")) or table in BESIDE:
                continue
            rows = self.connection.execute(f"SELECT * FROM {table} WHERE id > ?", (since.get(table, 0),))
            found[table] = {row["id"]: dict(row) for row in rows}
        return found

    async def write(self, step: Step) -> None:
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        for table, row in step.inserts:
            run(insert(table, row, "?"), list(row.values()))
        for table, row in step.updates:
            run(update(table, row, "?"), [*row.values(), row["id"]])
        run("COMMIT")

    async def close(self) -> None:
        self.connection.close()


class Postgres:
    clients = 8

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def snapshot(self, since: dict[str, int]) -> Snapshot:
        tables = await self.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found: Snapshot = {}
        for (table,) in tables:
            if not table.startswith(("kernel_", "hotline_")) or table in BESIDE:
                continue
            rows = await self.pool.fetch(f"SELECT * FROM {table} WHERE id > $1", since.get(table, 0))
            found[table] = {row["id"]: dict(row) for row in rows}
        return found

    async def write(self, step: Step) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            for table, row in step.inserts:
                await connection.execute(insert(table, row, "$"), *row.values())
            for table, row in step.updates:
                await connection.execute(update(table, row, "$"), *row.values(), row["id"])

    async def close(self) -> None:
        await self.pool.close()


def insert(table: str, row: Row, mark: str) -> str:
    marks = ", ".join(_mark(mark, n) for n in range(1, len(row) + 1))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"


def update(table: str, row: Row, mark: str) -> str:
    assigned = ", ".join(f"{name} = {_mark(mark, n)}" for n, name in enumerate(row, start=1))
    return f"UPDATE {table} SET {assigned} WHERE id = {_mark(mark, len(row) + 1)}"


def _mark(mark: str, n: int) -> str:
    return "?" if mark == "?" else f"${n}"


def largest(snapshot: Snapshot) -> dict[str, int]:
    return {table: max(rows, default=0) for table, rows in snapshot.items()}


def kth(step: Step, k: int) -> Step:
    return Step(
        [(table, copied(row, k)) for table, row in step.inserts],
        [(table, copied(row, k)) for table, row in step.updates],
    )


async def opened(url: str) -> Sqlite | Postgres:
    if url.startswith("sqlite"):
        return Sqlite(url)
    pool = await asyncpg.create_pool(url.replace("asyncpg", "postgresql", 1), min_size=8, max_size=8)
    assert pool is not None
    return Postgres(pool)
