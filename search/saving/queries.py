"""Every read and write of saved searches; each belongs to one account and is seen by nobody else."""

from collections.abc import Sequence
from datetime import date

from tortoise.queryset import QuerySet

from kernel.errors import NotFound
from kernel.people.models import Account
from kernel.permissions import Actor
from search.forms import Ask
from search.saving.models import SavedSearch


def of(actor: Actor) -> QuerySet[SavedSearch]:
    return of_account(actor.id)


def of_account(account_id: int) -> QuerySet[SavedSearch]:
    return SavedSearch.filter(account_id=account_id)


async def listed(actor: Actor) -> list[SavedSearch]:
    return await of(actor).order_by("label", "id")


async def same(actor: Actor, asked: Ask) -> SavedSearch | None:
    """Which of theirs asks the same, whatever it is called."""
    given = {name: getattr(asked, name) for name in ("q", "kind", "agency", "region")}
    return await of(actor).filter(**given).first()


async def one(actor: Actor, number: int) -> SavedSearch:
    found = await of(actor).filter(id=number).first()
    if found is None:
        raise NotFound(what="这条保存的检索")
    return found


async def to_look_through(day: date, after: int, limit: int) -> Sequence[SavedSearch]:
    """Those that nobody has looked through on that day."""
    return await SavedSearch.filter(tell=True, looked_on__lt=day, id__gt=after).order_by("id").limit(limit)


async def owner(saved: SavedSearch) -> Account | None:
    """The account, as long as it is in use."""
    return await Account.get_or_none(id=saved.account_id, active=True)


async def note(saved: SavedSearch, day: date, seen: list[str], floor: int) -> None:
    await SavedSearch.filter(id=saved.id).update(looked_on=day, seen=seen, floor=floor)
