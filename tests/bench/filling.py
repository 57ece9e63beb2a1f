"""A hall full of tickets: the demo city's, many times over, copied inside the database.

Lists, states, clocks and counts are those of a city; the copies have no sealed texts, and their chains are not to be
verified."""

import sqlite3
from contextlib import closing

import asyncpg

TABLES = {
    "hotline_ticket": ("id", "no", "source_no"), "hotline_assignment": ("id", "no", "ticket_id"),
    "kernel_entry": ("id", "subject"), "kernel_clock": ("id", "subject"),
    "kernel_event": ("id", "place", "subject"), "kernel_delivery": ("id", "event_id"),
}  # fmt: skip
IDS, STEP = {"id", "ticket_id", "event_id", "place"}, 10_000_000
SERIES = {
    "sqlite": "WITH RECURSIVE s(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM s WHERE k < {n}) ",
    "postgres": "WITH s(k) AS (SELECT generate_series(1, {n})) ",
}


async def fill(url: str, things: int) -> int:
    """Until there are about that many tickets. How many there are."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
            return _fill_sqlite(connection, things)
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    try:
        return await _fill_postgres(connection, things)
    finally:
        await connection.close()


def _fill_sqlite(connection: sqlite3.Connection, things: int) -> int:
    (have,) = connection.execute("SELECT count(*) FROM hotline_ticket WHERE id < ?", (STEP,)).fetchone()
    for table in TABLES:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        connection.execute(_copies("sqlite", table, columns, things // have - 1))
    connection.commit()
    connection.execute("ANALYZE")
    (have,) = connection.execute("SELECT count(*) FROM hotline_ticket").fetchone()
    return int(have)


async def _fill_postgres(connection: asyncpg.Connection, things: int) -> int:
    have = await connection.fetchval("SELECT count(*) FROM hotline_ticket WHERE id < $1", STEP)
    for table in TABLES:
        rows = await connection.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
        await connection.execute(_copies("postgres", table, [row[0] for row in rows], things // have - 1))
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )
    await connection.execute("VACUUM ANALYZE")
    return int(await connection.fetchval("SELECT count(*) FROM hotline_ticket"))


def _copies(dialect: str, table: str, columns: list[str], times: int) -> str:
    changing = {*TABLES[table], "next_alarm_at", "next_try_at"}
    changed = [_changed(column, dialect) if column in changing else column for column in columns]
    series = SERIES[dialect].format(n=times)
    insert = f"INSERT INTO {table} ({', '.join(columns)}) "
    select = f"SELECT {', '.join(changed)} FROM {table} CROSS JOIN s WHERE id < {STEP}"
    return f"{series}{insert}{select}"


def _changed(column: str, dialect: str) -> str:
    if column in IDS:
        return f"{column} + CAST(k AS BIGINT) * {STEP}"
    if column == "subject":
        return "replace(subject, ':', ':' || k || '-')"
    if column == "next_alarm_at":  # no copy rings while something else is measured
        far = "'2040-01-01 00:00:00+00:00'" + ("::timestamptz" if dialect == "postgres" else "")
        return f"CASE WHEN next_alarm_at IS NULL THEN NULL ELSE {far} END"
    if column == "next_try_at":  # and nothing is left to deliver
        return "NULL"
    return f"CAST(k AS TEXT) || '-' || {column}"
