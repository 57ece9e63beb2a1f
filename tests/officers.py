"""Officers with accounts and grants of their own, and what they lend to each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest

from kernel.errors import FormRejected
from kernel.officers import actions
from kernel.officers.forms import Delegate
from kernel.officers.models import Delegation
from kernel.people import actions as people
from kernel.people import granting
from kernel.people.models import Account, AccountKind, Grant, Organisation
from kernel.people.queries import actor_of
from kernel.permissions import SYSTEM, Actor
from portal.modules import MODULES
from tests import factories as f

TODAY, NOW = date(2026, 3, 2), f.NOW


async def hire(username: str, role: str = "", org: str = "RX", scope: str = f.CITY) -> Account:
    if not await Grant.all().exists():
        await people.seed_roles(MODULES)
    unit = await Organisation.get(code=org)
    account = await Account.create(
        username=username, name=f"工作人员{username}", org=unit, kind=AccountKind.STAFF, created_at=NOW
    )
    if role:
        await granting.give(account, role, scope, by=SYSTEM, at=NOW)
    return account


async def acting(account: Account, at: datetime = NOW) -> Actor:
    return await actor_of(await Account.get(id=account.id), at)


async def lend(giver: Account, taker: Account, *, days: int = 2, role: str = "", at: datetime = NOW) -> Delegation:
    held = Grant.filter(account_id=giver.id)
    grant = await (held.filter(role=role) if role else held).first()
    assert grant is not None
    facts = Delegate(
        taker=taker.username, grant=grant.id, starts=TODAY, ends=TODAY + timedelta(days=days - 1), reason="休假"
    )
    return await actions.delegate(facts, by=await acting(giver, at), at=at)


@contextmanager
def refused(words: str) -> Iterator[None]:
    """A form that is sent back with these words beside one of its fields."""
    with pytest.raises(FormRejected) as caught:
        yield
    assert any(words in problem for problem in caught.value.fields.values()), caught.value.fields
