"""Every process looks at its clock once a second, for as long as it runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from tortoise.exceptions import BaseORMException

from kernel.clockguard import actions, measuring, queries
from kernel.observability import pages as observed

EVERY_S = 1.0
log = logging.getLogger(__name__)


@asynccontextmanager
async def watched() -> AsyncIterator[None]:
    """While the database is open; /readyz and the metrics tell what is found."""
    observed.ready_when("clock", _state)
    observed.measured("clock", queries.counts)
    looking = asyncio.create_task(_look_on(), name="clock guard")
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _look_on() -> None:
    while True:
        try:
            await actions.watch(datetime.now(UTC), measuring.passing())
        except (BaseORMException, OSError):
            log.warning("the clock guard can't write what it sees; it goes on looking", exc_info=True)
        await asyncio.sleep(EVERY_S)


async def _state() -> str:
    return "suspect" if await queries.open_suspicion() is not None else "ok"
