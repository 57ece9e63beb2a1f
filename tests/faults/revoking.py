"""Every role of one account is taken away by a process that isn't the one which serves it; says when.

python -m tests.faults.revoking agency"""

import asyncio
import sys
from datetime import UTC, datetime
from time import monotonic

from kernel.people import granting
from kernel.people.models import Account, Grant
from kernel.people.permissions import P
from kernel.permissions import Actor
from portal.hall import hall


async def revoke(username: str) -> float:
    async with hall():
        keeper = await Account.get(username="security")
        by = Actor(id=keeper.id, name=keeper.name, powers={P.ACCOUNT_GRANT: ("/",)})
        for grant in await Grant.filter(account__username=username):
            await granting.revoke(grant.id, by=by, at=datetime.now(UTC))
        return monotonic()  # of the machine, so it can be compared


if __name__ == "__main__":
    print(asyncio.run(revoke(sys.argv[1])))
