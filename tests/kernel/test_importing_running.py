"""An import takes what it can, says why it doesn't take the rest, and begun again doubles nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hotline.categories.importing import CATEGORIES
from hotline.categories.models import Category
from kernel.errors import FormRejected, NotAllowed
from kernel.importing import running
from kernel.importing.running import Asked, Outcome, Report, Result, Row, Unreadable
from kernel.permissions import SYSTEM
from tests.factories import OPERATOR

ASKED = Asked(source="表.csv", by=SYSTEM, at=datetime(2026, 3, 2, tzinfo=UTC))


def leaf(name: str, **more: str) -> Row:
    return {"l1": "城乡建设", "l2": "市政", "l3": name} | more


def lines(*rows: Row | Unreadable) -> list[tuple[int, Row | Unreadable]]:
    return list(enumerate(rows, start=2))


async def run(*rows: Row | Unreadable, atomic: bool = False, dry: bool = False) -> Report:
    return await running.run(CATEGORIES, lines(*rows), ASKED, progress=lambda done: None, atomic=atomic, dry=dry)


async def test_every_row_has_its_fate_and_the_report_has_the_agreed_shape(database: str) -> None:
    report = await run(leaf("供水"), leaf("路灯"), leaf(""), Unreadable("有 9 格，表头只有 3 格。"), leaf("供水"))

    assert report.as_json() == {
        "created": 2,
        "updated": 0,
        "unchanged": 1,
        "warned": 0,
        "refused": 2,
        "rows": [
            {"line": 4, "result": "refused", "reason": "缺少“三级分类”，请补上后重新导入。"},
            {"line": 5, "result": "refused", "reason": "有 9 格，表头只有 3 格。"},
        ],
    }


async def test_a_refused_row_leaves_nothing_of_itself_behind(database: str) -> None:
    """Its parents were written before its own code was found unfit."""
    report = await run(leaf("供水"), {"l1": "交通", "l2": "公交", "l3": "线路", "code": "99"}, leaf("路灯"))

    assert (report.created, report.refused) == (2, 1)
    assert not await Category.filter(path_name__startswith="交通").exists()


async def test_a_value_that_no_column_holds_refuses_its_row_alone(database: str) -> None:
    report = await run(leaf("供水"), leaf("长" * 80), leaf("路灯"))

    assert (report.created, report.refused) == (2, 1)
    assert "太长" in str(report.rows[0]["reason"])


async def test_again_is_unchanged_and_a_difference_is_an_update(database: str) -> None:
    await run(leaf("供水"), leaf("路灯"))
    report = await run(leaf("供水"), leaf("路灯", words="灯不亮"))

    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    assert await Category.filter(level=3).count() == 2


async def test_all_or_nothing_takes_back_what_was_good_when_one_row_is_refused(database: str) -> None:
    report = await run(leaf("供水"), leaf(""), atomic=True)

    assert (report.created, report.refused) == (0, 1)
    assert not await Category.exists()
    assert (await run(leaf("供水"), leaf("路灯"), atomic=True)).created == 2
    assert await Category.filter(level=3).count() == 2


async def test_a_dry_run_says_what_would_be_and_writes_nothing(database: str) -> None:
    report = await run(leaf("供水"), leaf("路灯"), leaf("供水"), leaf(""), dry=True)

    assert (report.created, report.unchanged, report.refused) == (2, 1, 1)
    assert not await Category.exists()


async def test_a_warned_row_counts_in_its_own_kind_as_well(database: str) -> None:
    async def take(row: Row, asked: Asked) -> Outcome:
        return Outcome(Result.CREATED, "没有时间，按导入时间登记")

    importer = replace(CATEGORIES, headings={"no": ("编号",)}, needed=("no",), take=take)
    report = await running.run(importer, lines({"no": "1"}), ASKED, progress=lambda done: None)

    assert (report.created, report.warned) == (1, 1)
    assert report.rows == [{"line": 2, "result": "warned", "reason": "没有时间，按导入时间登记"}]


async def test_who_may_not_import_is_refused_before_the_first_row(database: str) -> None:
    asked = replace(ASKED, by=OPERATOR)
    with pytest.raises(NotAllowed, match="导入诉求分类"):
        await running.run(CATEGORIES, lines(leaf("供水")), asked, progress=lambda done: None)
    assert not await Category.exists()


async def test_progress_counts_every_row_once_over_all_batches(database: str) -> None:
    done: list[int] = []
    rows = lines(*(leaf(f"第{n}类") for n in range(90)), *(leaf("供水") for _ in range(160)))
    await running.run(CATEGORIES, rows, ASKED, progress=done.append)

    assert sum(done) == 250
    assert len(done) == 3


async def test_a_fault_of_ours_ends_the_import_but_keeps_the_batches_before_it(database: str) -> None:
    async def take(row: Row, asked: Asked) -> Outcome:
        if row["l3"] == "坏":
            raise ZeroDivisionError
        return await CATEGORIES.take(row, asked)

    importer = replace(CATEGORIES, take=take)
    rows = lines(*(leaf(f"第{n}类", l2=f"{n % 2}") for n in range(100)), leaf("路灯"), leaf("坏"))
    with pytest.raises(ZeroDivisionError):
        await running.run(importer, rows, ASKED, progress=lambda done: None)

    assert await Category.filter(level=3).count() == running.BATCH


@pytest.mark.parametrize("dry", [True, False])
async def test_one_document_is_one_transaction(database: str, dry: bool) -> None:
    async def whole(document: object, asked: Asked) -> Report:
        report = Report()
        report.add(1, await CATEGORIES.take(leaf("供水"), asked))
        if document == "坏":
            raise FormRejected({"year": "不是一年"})
        return report

    assert (await running.run_whole(whole, "好", ASKED, dry=True)).created == 1
    with pytest.raises(FormRejected):
        await running.run_whole(whole, "坏", ASKED, dry=dry)
    assert not await Category.exists()
