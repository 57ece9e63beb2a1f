"""Who leaves, and what still stands in their name."""

from datetime import datetime

from kernel import kinds
from kernel.kinds import Held, Holding
from kernel.leaving.models import Leaving
from kernel.people.models import Account, Grant
from kernel.people.permissions import APART


async def open_items(account_id: int, at: datetime) -> list[tuple[Holding, Held]]:
    """Everything that a successor has to take over, asked of every module; what was handed over isn't there."""
    return [(holding, held) for holding in kinds.holdings() for held in await holding.held(account_id, at)]


async def all_leaving() -> list[Leaving]:
    return await Leaving.all().order_by("-id").limit(200)


async def leaving(account_id: int) -> Leaving | None:
    return await Leaving.get_or_none(account_id=account_id)


async def accounts_of(ids: set[int]) -> dict[int, Account]:
    return {account.id: account for account in await Account.filter(id__in=[*ids]).select_related("org")}


async def is_apart(account_id: int) -> bool:
    """One of the three administrators."""
    return await Grant.filter(account_id=account_id, role__in=[*APART]).exists()
