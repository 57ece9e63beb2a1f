"""That there is something new, from one process to all: a word through Redis, believed by nobody.

Whoever hears it looks into the database; who hears nothing looks every two seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from arq import ArqRedis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
CHANNEL = "sunhall:stirs"
SAY_S, AGAIN_S, HEAR_S = 1.0, 1.0, 5.0
_say: Callable[[str], Awaitable[None]] | None = None


def through(redis: ArqRedis | None) -> None:
    """The line of this process; None: there is none any more."""
    global _say  # noqa: PLW0603 (one queue a process)
    _say = None if redis is None else lambda word: _publish(redis, word)


async def stir(word: str) -> None:
    """After the commit. It may be lost: then they see it two seconds later."""
    if _say is not None:
        await _say(word)


async def _publish(redis: ArqRedis, word: str) -> None:
    try:
        async with asyncio.timeout(SAY_S):
            await redis.publish(CHANNEL, word)
    except (RedisError, OSError):
        log.warning("nobody was told of news: they will look by themselves", exc_info=True)


@asynccontextmanager
async def heard(redis: ArqRedis, call: Callable[[str], None]) -> AsyncIterator[None]:
    """While this lasts, `call` gets every word that any process says."""
    listening = asyncio.create_task(_listen(redis, call), name="stirs")
    try:
        yield
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _listen(redis: ArqRedis, call: Callable[[str], None]) -> None:
    while True:
        try:
            async with redis.pubsub() as line:
                await line.subscribe(CHANNEL)
                while True:
                    said = await line.get_message(ignore_subscribe_messages=True, timeout=HEAR_S)
                    if said is not None and isinstance(said["data"], bytes):
                        call(said["data"][:80].decode(errors="replace"))
        except (RedisError, OSError):
            await asyncio.sleep(AGAIN_S)
