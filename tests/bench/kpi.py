"""A month's figures of three thousand units: from the daily grains, and beside it counted from the rows."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from hotline.kpi.definitions import FIGURES
from kernel.citytime import CITY, midnight
from kernel.permissions import SYSTEM
from oversight.kpi import actions, counting, queries, verifying
from oversight.kpi.queries import Asked
from tests import servers
from tests.bench.filling import fill
from tests.bench.measuring import Figure, Scale, timed
from tests.bench.opening import hall_in_process
from tests.halls import a_hall

UNITS, AT_MOST_S = 3_000, 3.0
UNITS_SQL = """INSERT INTO kernel_organisation (code, name, short_name, path, kind, level, duties, phone, active)
SELECT 'B' || g, '单位' || g, '单位' || g, '/360000/369900/b' || g || '/', 'agency', 2, '', '', true
FROM generate_series(1, $1::int) g"""
# every matter lies in the last month, and every unit has its share of them
SPREAD_SQL = (
    """UPDATE hotline_assignment a SET agency_id = o.id FROM
    (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM kernel_organisation WHERE code LIKE 'B%') o
    WHERE o.n = (hashtext(a.no) & 2147483647) % $1""",
    """UPDATE kernel_clock SET due_at = $1::timestamptz + (hashtext(subject) & 2147483647) % 2592000
    * interval '1 second', stopped_at = CASE WHEN stopped_at IS NULL THEN NULL
    ELSE $1::timestamptz + (hashtext(subject) & 2147483647) % 2592000 * interval '1 second'
    + (id % 10 - 8) * interval '1 hour' END""",
    """UPDATE hotline_ticket SET registered_at = $1::timestamptz + id % 2592000 * interval '1 second',
    closed_at = CASE WHEN closed_at IS NULL THEN NULL
    ELSE $1::timestamptz + id % 2592000 * interval '1 second' END""",
)


async def measure(scale: Scale, found: list[Figure]) -> None:
    with tempfile.TemporaryDirectory(prefix="sunhall-bench-") as folder, servers.postgres(durable=True) as server:
        url = server.create("hall")
        with a_hall(Path(folder), demo=True, SUNHALL_DATABASE_URL=url):
            pass
        have = await fill(url, scale.things)
        until = midnight(datetime.now(UTC).astimezone(CITY).date())
        since = until - timedelta(days=30)
        await _spread(url, since)
        async with hall_in_process(Path(folder), url):
            found += await _measured(Asked(since=since, until=until, at=datetime.now(UTC)), have, scale)


async def _spread(url: str, since: datetime) -> None:
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    try:
        await connection.execute(UNITS_SQL, UNITS)
        await connection.execute(SPREAD_SQL[0], UNITS)
        for statement in SPREAD_SQL[1:]:
            await connection.execute(statement, since)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _measured(asked: Asked, have: int, scale: Scale) -> list[Figure]:
    definitions = [one for one in FIGURES if one.grained]
    begun = time.perf_counter()
    rows = await counting.by_unit(definitions, SYSTEM, asked)  # no day has grains yet
    from_rows = time.perf_counter() - begun
    begun = time.perf_counter()
    for day in range((asked.until - asked.since).days):
        await actions.fold_day((asked.since + timedelta(days=day)).astimezone(CITY).date(), asked.at)
    folded = (time.perf_counter() - begun) / 30
    table = await timed(lambda: counting.by_unit(definitions, SYSTEM, asked), scale.rounds)
    city = await timed(lambda: queries.figures(FIGURES, SYSTEM, asked), scale.rounds)
    grains = await counting.by_unit(definitions, SYSTEM, asked)
    same = {key: (one.numerator, one.denominator, one.excluded) for key, one in grains.items()} == {
        key: (one.numerator, one.denominator, one.excluded) for key, one in rows.items()
    }
    begun = time.perf_counter()
    checked, differences = await verifying.grains(False, lambda done, of: None)
    verified = time.perf_counter() - begun
    slowest, units = max(table), len({unit for _, unit, _ in grains})
    where = f"{have:,} tickets, PostgreSQL"
    return [
        Figure(
            f"month, {len(definitions)} figures, {units:,} units, {where}", f"{slowest:.2f} s",
            f"from the rows: {from_rows:.1f} s", f"{from_rows / slowest:.0f}", f"≤ {AT_MOST_S:.0f} s, the same",
            slowest <= AT_MOST_S and same, {"seconds": table, "rows": from_rows, "same": same},
        ),
        Figure(f"month, {len(FIGURES)} figures of the city, {where}", f"{max(city):.2f} s", raw={"seconds": city}),
        Figure(f"one day counted anew, {where}", f"{folded:.2f} s", raw={"seconds": folded}),
        Figure(f"verify of 30 days, {checked:,} grains, {where}", f"{verified:.1f} s", "", "", "no difference",
               not differences, {"seconds": verified, "differences": differences[:10]}),
    ]  # fmt: skip
