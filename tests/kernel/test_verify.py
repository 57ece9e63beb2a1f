"""Whatever is changed behind the journal's back is found and named."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.connection import get_connection

from hotline.tickets import actions, forms
from hotline.tickets.models import Assignment, Ticket
from kernel import verify, views
from kernel.clocks.models import Clock
from kernel.journal import Sealed
from kernel.models import Entry, SealedText, View
from tests.factories import DISPATCHER, LIFE, NOW, OPERATOR, a_ticket, share_of, walk, way

pytestmark = pytest.mark.usefixtures("by_the_owner")
MOVES = 60
Tampering = Callable[[Ticket], Awaitable[object]]


@pytest.fixture
async def by_the_owner(database: str) -> None:
    """Somebody who owns the database first takes its own protection away."""
    for table in ("kernel_entry", "kernel_view"):
        if database.startswith("sqlite"):
            for change in ("update", "delete"):
                await get_connection("default").execute_query(f'DROP TRIGGER "{table}_{change}"')
        else:
            await get_connection("default").execute_query(f'DROP TRIGGER append_only ON "{table}"')


async def found() -> list[str]:
    checked, differences = await verify.chains(True, lambda done, of: None)
    assert checked
    return differences


async def swap_two_entries(ticket: Ticket) -> None:
    second, third = await Entry.filter(subject=ticket.ref, seq__in=[2, 3]).order_by("seq")
    for entry, seq in ((second, 1_000), (third, 2), (second, 3)):
        await Entry.filter(id=entry.id).update(seq=seq)


async def swap_two_ciphertexts(ticket: Ticket) -> None:
    one, other = (await SealedText.filter(subject=ticket.ref).order_by("id"))[:2]
    await SealedText.filter(id=one.id).update(ciphertext=other.ciphertext)


async def insert_an_entry(ticket: Ticket) -> None:
    last = await Entry.filter(subject=ticket.ref).order_by("-seq").first()
    assert last is not None
    entry = Entry(
        subject=ticket.ref,
        seq=last.seq + 1,
        at=last.at,
        actor_id=1,
        move="note",
        facts={},
        prev_hash=last.hash,
        hash=b"",
    )
    await entry.save(force_create=True)


def entry(seq: int, **change: object) -> Tampering:
    return lambda ticket: Entry.filter(subject=ticket.ref, seq=seq).update(**change)


def row(**change: object) -> Tampering:
    return lambda ticket: Ticket.filter(id=ticket.id).update(**change)


def without(**which: object) -> Tampering:
    return lambda ticket: Entry.filter(subject=ticket.ref, **which).delete()


TAMPERINGS: dict[str, tuple[Tampering, str]] = {
    "an actor": (entry(3, actor_id=99), "第 3 条记录断链"),
    "a move": (entry(3, move="recall"), "第 3 条记录断链"),
    "a time": (entry(3, at=NOW - timedelta(days=1)), "第 3 条记录断链"),
    "a fact": (entry(3, facts={"lead": "ZJ"}), "第 3 条记录断链"),
    "a swapped pair": (swap_two_entries, "第 2 条记录断链"),
    "an entry removed in the middle": (without(seq=3), "第 3 条记录断链"),
    "the tail removed": (without(seq__gt=4), "版本为 8，日志有 4 条"),
    "all removed": (without(), "版本为 8，日志有 0 条"),
    "an entry put in": (insert_an_entry, "第 9 条记录断链"),
    "a state": (row(state="reg"), "状态为“已登记”，与日志不一致"),
    "a version": (row(version=7), "版本为 7"),
    "a title": (row(title="一切正常"), "“title”与日志不一致"),
    "an urgency": (row(urgency="critical"), "“urgency”与日志不一致"),
    "a closing time": (row(closed_at=NOW - timedelta(days=9)), "“closed_at”与日志不一致"),
    "a deadline in the list": (row(due_at=NOW), "列表中的到期时间与各环节时限不符"),
    "two ciphertexts": (swap_two_ciphertexts, "无法解开"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_ad03_every_change_behind_the_journals_back_is_found_and_named(name: str) -> None:
    untouched = await a_ticket()
    ticket = await a_ticket()
    await walk(ticket, LIFE)
    assert await found() == []

    tamper, expected = TAMPERINGS[name]
    await tamper(ticket)

    (first, *_) = differences = await found()
    assert any(ticket.ref in difference and expected in difference for difference in differences), differences
    assert untouched.no not in first


async def test_a_deadline_moved_by_hand_is_found() -> None:
    ticket = await a_ticket()
    await Clock.filter(subject=ticket.ref, step="total").update(due_at=NOW + timedelta(days=99))

    assert await found() == [f"{ticket.ref} 的“total”时限的到期时间与日志推算的不符"]


async def test_a_thing_deleted_behind_the_journals_back_is_found() -> None:
    ticket = await a_ticket()
    await walk(ticket, LIFE[:1])
    share = await share_of(ticket)
    await Assignment.filter(id=share.id).delete()

    assert await found() == [f"{share.ref} 只剩日志，数据表里没有"]


async def test_who_looked_at_what_is_a_chain_of_its_own_each_day() -> None:
    for days, by in ((0, OPERATOR), (0, DISPATCHER), (1, OPERATOR)):
        await views.record("ticket:1", "caller", purpose="联系诉求人", by=by, at=NOW + timedelta(days=days))
    assert await views.differences() == (3, [])
    assert [view.seq for view in await View.all().order_by("id")] == [1, 2, 1]

    await View.filter(seq=2).update(actor_id=OPERATOR.id)
    assert await views.differences() == (3, ["查看记录 2026-03-02 第 2 条断链"])


async def looked_at(*, full: bool = True) -> tuple[int, list[str]]:
    return await verify.looked_at(full, lambda done, of: None)


async def test_why_somebody_looked_is_sealed_bound_to_the_chain_and_erasable() -> None:
    for purpose in ("核对王阿姨的电话", "联系诉求人", "联系诉求人"):
        await views.record("ticket:1", "caller", purpose=purpose, by=OPERATOR, at=NOW)
    looks = await View.all().order_by("seq")
    told = await views.purposes(looks)
    assert [told[view.id] for view in looks] == ["核对王阿姨的电话", "联系诉求人", "联系诉求人"]
    assert len({view.purpose for view in looks}) == 3, "salted: the same words twice don't show"

    texts = await SealedText.filter(subject="view:2026-03-02").order_by("seq")
    assert [(row.seq, row.field) for row in texts] == [(1, "purpose"), (2, "purpose"), (3, "purpose")]
    await SealedText.filter(id=texts[1].id).update(salt=texts[0].salt)
    await SealedText.filter(id=texts[2].id).update(ciphertext=texts[0].ciphertext)
    assert await looked_at() == (
        3, ["查看记录 2026-03-02 第 2 条的用途与摘要不符", "查看记录 2026-03-02 第 3 条的用途无法解开"],
    )  # fmt: skip
    assert await looked_at(full=False) == (3, [])

    await SealedText.filter(seq__gt=1).delete()
    assert await looked_at() == (3, [])
    assert await views.purposes(looks) == {looks[0].id: "核对王阿姨的电话"}


async def test_a_purpose_whose_view_was_taken_away_is_found() -> None:
    await views.record("ticket:1", "caller", purpose="联系诉求人", by=OPERATOR, at=NOW)
    await View.all().delete()
    assert await looked_at() == (0, ["查看记录 2026-03-02 第 1 条的用途与摘要不符"])


async def test_a_hall_at_work_is_no_difference() -> None:
    ticket = await a_ticket()

    async def at_work() -> None:
        now = ticket
        for number in range(MOVES):
            now = await actions.note(now, forms.Note(text=Sealed(f"第 {number} 次")), **way(now, OPERATOR))

    work, looks = asyncio.create_task(at_work()), 0
    while not work.done():
        assert await found() == []
        looks += 1
    await work
    assert looks
