"""The same request twice: one effect, one answer."""

import asyncio
from datetime import datetime, timedelta

import pytest

from kernel import idempotency
from kernel.errors import FormRejected, KeyReused, NotFound
from kernel.idempotency import Answer, Asked, once
from kernel.models import Answered, Series
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("database")


def asked(key: str = "k1", body: bytes = b"{}", actor_id: int = 1, route: str = "POST /tickets") -> Asked:
    return Asked(actor_id=actor_id, route=route, key=key, body=body)


async def effect() -> Answer:
    """One that can be counted, and whose answer tells which time it was."""
    await asyncio.sleep(0.002)
    number = await Series.all().count() + 1
    await Series.create(name=f"effect {number}")
    return 201, f"effect {number}"


async def again(what: Asked, at: datetime = NOW) -> Answer:
    return await once(what, effect, at=at)


async def test_twice_is_once_and_says_the_same() -> None:
    assert await again(asked()) == await again(asked()) == (201, "effect 1")
    assert await Series.all().count() == 1


async def test_ap02_twenty_at_once_are_one() -> None:
    answers = await asyncio.gather(*[again(asked()) for _ in range(20)])
    assert set(answers) == {(201, "effect 1")}
    assert await Series.all().count() == 1


async def test_another_person_another_route_another_key_are_other_requests() -> None:
    for what in (asked(), asked(actor_id=2), asked(route="POST /other"), asked(key="k2")):
        await again(what)
    assert await Series.all().count() == 4


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing() -> None:
    await again(asked())
    with pytest.raises(KeyReused):
        await again(asked(body=b'{"a":1}'))
    assert await Series.all().count() == 1


async def test_what_was_refused_is_not_remembered() -> None:
    async def refuse() -> Answer:
        await Series.create(name="half")
        raise NotFound(what="该工单")

    with pytest.raises(NotFound):
        await once(asked(), refuse, at=NOW)
    assert await Answered.all().count() == await Series.all().count() == 0
    assert await again(asked()) == (201, "effect 1")


async def test_without_a_key_every_request_counts() -> None:
    await again(asked(key=""))
    await again(asked(key=""))
    assert await Series.all().count() == 2


async def test_an_answer_is_remembered_for_a_day_and_then_forgotten() -> None:
    await again(asked())
    day = timedelta(hours=24)
    assert await again(asked(), NOW + day) == (201, "effect 1")
    assert await again(asked(), NOW + day + timedelta(seconds=1)) == (201, "effect 2")
    assert await idempotency.forget(at=NOW + 3 * day) == 1


async def test_what_was_answered_is_sealed_on_disk() -> None:
    await again(asked())
    row = await Answered.get()
    assert b"effect" not in bytes(row.answer)


async def test_a_key_has_a_length() -> None:
    with pytest.raises(FormRejected):
        await again(asked(key="k" * 121))
