"""What was frozen stays: append-only, hashed, signed, journaled, checked by a person; on both databases."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tortoise.exceptions import BaseORMException

from kernel.errors import NotAllowed, StaleVersion, WrongState
from kernel.models import Entry
from kernel.permissions import SYSTEM
from oversight.snapshots import actions, forms, proof, queries, rules, series
from oversight.snapshots.models import Report, Snapshot
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, way

pytestmark = pytest.mark.usefixtures("database")
DAY = date(2026, 3, 1)
BODY: dict[str, Any] = {"title": "日报", "parameters": {}, "definitions": [], "tables": []}


async def a_report(**more: Any) -> Report:
    return await actions.freeze("test_daily", DAY, DAY, BODY | more, by=SYSTEM, at=NOW)


async def counted_anew(first: date, last: date, at: datetime) -> dict[str, Any]:
    assert (first, last) == (DAY, DAY)
    return BODY | {"title": "改"}


async def verified() -> list[str]:
    _, found = await proof.snapshots(True, lambda done, of: None)
    return found


async def test_a_snapshot_holds_its_rows_their_hash_and_the_halls_signature_and_stands_in_the_journal() -> None:
    report = await a_report(tables=[{"code": "x", "rows": [{"cells": ["投诉", 3]}]}])
    snapshot = await queries.snapshot(report, 1)
    assert queries.said(snapshot)["tables"][0]["rows"][0]["cells"] == ["投诉", 3]
    assert snapshot.sha256 == actions.digest(snapshot.body.encode()) == report.sha256
    entry = await Entry.get(subject=report.ref, seq=1)
    assert (entry.move, entry.facts["sha256"]) == ("freeze", report.sha256)
    assert await verified() == []


async def test_one_period_is_frozen_once_and_a_correction_is_a_new_edition_beside_the_old_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = series.Series(code="test_daily", label="日报", every="day", key="d", count=counted_anew)
    monkeypatch.setitem(series._declared, ours.code, ours)  # no job of another test counts it
    report = await a_report()
    with pytest.raises(rules.AlreadyFrozen):
        await a_report()
    await actions.publish(report, forms.Checked(sha256=report.sha256), **way(report, f.MANAGER))
    first = report.sha256
    await actions.correct(report, forms.Why(reason="补录了两件工单"), **way(report, f.MANAGER))
    editions = await queries.editions(report)
    assert [(one.edition, queries.said(one)["title"]) for one in editions] == [(2, "改"), (1, "日报")]
    assert editions[1].sha256 == first
    assert report.state == "frozen"
    assert await verified() == []


async def test_only_a_person_publishes_and_only_what_they_saw() -> None:
    report = await a_report()
    with pytest.raises(NotAllowed):
        await actions.publish(report, forms.Checked(sha256=report.sha256), **way(report, SYSTEM))
    with pytest.raises(StaleVersion):
        await actions.publish(report, forms.Checked(sha256="0" * 64), **way(report, f.SUPERVISOR))
    for stranger in (f.OPERATOR, f.LEADER, f.CITIZEN):
        with pytest.raises(NotAllowed):
            await actions.publish(report, forms.Checked(sha256=report.sha256), **way(report, stranger))
    await actions.publish(report, forms.Checked(sha256=report.sha256), **way(report, f.SUPERVISOR))
    with pytest.raises(WrongState):
        await actions.publish(report, forms.Checked(sha256=report.sha256), **way(report, f.SUPERVISOR))


async def test_the_database_lets_nobody_change_or_remove_a_snapshot() -> None:
    report = await a_report()
    with pytest.raises(BaseORMException, match="append-only"):
        await Snapshot.filter(report=report.no).update(body="{}")
    with pytest.raises(BaseORMException, match="append-only"):
        await Snapshot.filter(report=report.no).delete()


async def test_verify_finds_a_forged_snapshot_whose_hash_was_forged_with_it() -> None:
    report = await a_report()
    forged = actions.digest(b"{}")
    await Snapshot.create(
        report=report.no, edition=2, at=NOW, by_id=0, body="{}", sha256=forged,
        signature=(await queries.snapshot(report, 1)).signature,
    )  # fmt: skip
    found = await verified()
    assert any("第 2 版的签名不符" in line for line in found)
    assert any("版次与日志不符" in line for line in found)


async def test_a_changed_snapshot_says_so_where_it_is_read_and_is_not_printed(signed_in: Client) -> None:
    report = await a_report()
    await Snapshot.create(
        report=report.no, edition=2, at=NOW, by_id=0, body=(await queries.snapshot(report, 1)).body,
        sha256=actions.digest(b"another"), signature="0" * 64,
    )  # fmt: skip
    async with signed_in(f.SUPERVISOR) as client:
        page = (await client.get(f"/oversight/reports/{report.no}?edition=2")).text
        assert "内容与指纹不符、签名不符" in page
        for ending, status in (("xlsx", 409), ("pdf", 409), ("json", 200)):
            assert (await client.get(f"/oversight/reports/{report.no}/2.{ending}")).status_code == status
        assert "不可信" not in (await client.get(f"/oversight/reports/{report.no}?edition=1")).text


@pytest.mark.parametrize(
    ("every", "period", "before"),
    [
        ("day", (date(2026, 3, 1), date(2026, 3, 1)), (date(2026, 2, 28), date(2026, 2, 28))),
        ("week", (date(2026, 2, 23), date(2026, 3, 1)), (date(2026, 2, 16), date(2026, 2, 22))),
        ("month", (date(2026, 2, 1), date(2026, 2, 28)), (date(2026, 1, 1), date(2026, 1, 31))),
    ],
)
def test_the_last_closed_period_and_the_one_before(
    every: str, period: tuple[date, date], before: tuple[date, date]
) -> None:
    assert series.last_closed(every, NOW) == period
    assert series.before(every, period[0]) == before
    night: datetime = NOW.replace(hour=15, minute=59) - timedelta(days=1)  # 23:59 of Sunday in the city
    assert series.last_closed("day", night) == (date(2026, 2, 28), date(2026, 2, 28))
