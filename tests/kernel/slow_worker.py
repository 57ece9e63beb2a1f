"""A real worker process with one consumer that takes its time, for the tests that kill it."""

import asyncio

from kernel import jobs, outbox
from kernel.database import opened
from kernel.inbox.models import Message
from kernel.models import Event
from kernel.module import database_config, install
from kernel.outbox import Consumer
from kernel.settings import settings
from portal.modules import MODULES


async def tell(event: Event) -> None:
    await Message.create(account_id=1, event_id=None, title=event.subject, at=event.at)
    await asyncio.sleep(0.005)


async def run() -> None:
    install(MODULES)
    outbox._consumers.clear()
    outbox.subscribe([Consumer(name="test.tell", topics=("ticket.register",), handle=tell)])
    url = settings().redis_url
    config = database_config(MODULES, settings().database_url)
    async with opened(config, everywhere=True), jobs.queue(url) as redis:
        await jobs.worker(redis, embedded=not url).main()


if __name__ == "__main__":
    asyncio.run(run())
