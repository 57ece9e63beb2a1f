"""One operator for an installation that has just been made: a whole demo city would take longer than the test.

python -m tests.faults.staffing"""

import asyncio
from datetime import UTC, datetime

from kernel.database import opened
from kernel.module import database_config, install
from kernel.people import passwords
from kernel.people.models import Account, AccountKind, Grant, Organisation
from kernel.permissions import Clearance
from kernel.settings import settings
from portal.modules import MODULES
from tests.halls import PASSWORD


async def add_operator() -> None:
    async with opened(database_config(MODULES, settings().database_url)):
        path = settings().region_path
        unit = await Organisation.create(code="RX", name="热线中心", short_name="热线中心", path=f"{path}rx/")
        account = await Account.create(
            username="operator", name="沈雨晴", kind=AccountKind.STAFF, org=unit, exempt=True,
            password_hash=await passwords.hashed(PASSWORD), created_at=datetime.now(UTC),
            clearance=Clearance.CONFIDENTIAL,
        )  # fmt: skip
        await Grant.create(account=account, role="operator", scope=path)


if __name__ == "__main__":
    install(MODULES)
    asyncio.run(add_operator())
