"""PR09: who saw what leaked, out of a million looks on PostgreSQL, by each thing that an auditor may know."""

import os
import secrets
from collections.abc import Sequence
from datetime import date

from tortoise import connections

from kernel.database import opened
from kernel.migrate import migrate
from kernel.module import database_config, install
from kernel.settings import settings
from kernel.watch import queries
from kernel.watch.forms import Leak
from portal.modules import MODULES
from tests import factories as f
from tests import servers
from tests.bench.measuring import Figure, Scale, latency_figure, timed
from tests.officers import hire

AT_MOST_S, TIMES, PER_THING, PIECE = 5.0, 20, 10, 50_000  # a scale has ten looks for each of its things
FILL = """INSERT INTO kernel_view (day, seq, at, actor_id, subject, field, purpose, prev_hash, hash)
SELECT to_char(timestamptz '2026-01-01' + (g / 3000) * interval '1 day', 'YYYY-MM-DD'), g,
    timestamptz '2026-01-01' + g * interval '30 second', 1 + g % 500,
    CASE WHEN g % 20000 = 0 THEN $1 ELSE 'ticket:12345-' || (g % 200000) END, 'caller', '联系诉求人核实情况',
    decode(repeat('ab', 32), 'hex'), decode(repeat('cd', 32), 'hex')
FROM generate_series($2::bigint, $3::bigint) g"""


async def measure(scale: Scale, found: list[Figure]) -> None:
    os.environ.setdefault("SUNHALL_SECRET", secrets.token_hex(32))  # of a database that is gone in a minute
    settings.cache_clear()
    install(MODULES)
    with servers.postgres(durable=True) as server:
        url = server.create("hall")
        await migrate(MODULES, url)
        async with opened(database_config(MODULES, url)):
            await f.a_city()
            ticket = await f.a_ticket()
            await hire("wu", "dispatcher")
            await _fill(ticket.ref, scale.things * PER_THING)
            found += await _asked(ticket.no, scale.things * PER_THING)


async def _fill(ref: str, views: int) -> None:
    connection = connections.get("default")
    for first in range(1, views + 1, PIECE):
        await connection.execute_query(FILL, [ref, first, min(first + PIECE - 1, views)])
    await connection.execute_script("ANALYZE kernel_view")


async def _asked(no: str, views: int) -> Sequence[Figure]:
    wanted = {
        "a number": Leak(passage=f"网传 {no}"),
        "a telephone": Leak(passage="号码13900002206"),
        "words": Leak(passage="小区停水两天"),
        "a viewer": Leak(viewer="wu"),
        "a week": Leak(since=date(2026, 3, 1), until=date(2026, 3, 7)),
        "all of it": Leak(passage=no, viewer="wu", since=date(2026, 3, 1)),
    }
    found = []
    for name, facts in wanted.items():
        assert await queries.leaked(facts), name
        seconds = await timed(lambda leak=facts: queries.leaked(leak), TIMES)  # type: ignore[misc]
        found.append(latency_figure(f"who saw it, by {name}, PostgreSQL, {views:,} looks", seconds, AT_MOST_S))
    return found
