"""A hall's database and index in this process, for what is measured without HTTP."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kernel.database import opened
from kernel.module import Module, database_config, install
from kernel.secrets import keys
from kernel.settings import settings
from portal.modules import MODULES


@asynccontextmanager
async def hall_in_process(home: Path, url: str, *more: Module) -> AsyncIterator[None]:
    os.environ["SUNHALL_HOME"], os.environ["SUNHALL_DATABASE_URL"] = str(home), url
    os.environ.pop("SUNHALL_SECRET", None)  # of the tests; this hall has keys of its own
    settings.cache_clear()
    keys.forget()
    install((*MODULES, *more))
    async with opened(database_config(MODULES, url)):
        yield
