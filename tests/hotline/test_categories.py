"""分类 (categories): codes are given once and stay; the tree goes out and comes back."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from httpx import AsyncClient

from hotline.categories import queries
from hotline.categories.importing import CATEGORIES, CATEGORIES_OUT
from hotline.categories.models import Category
from kernel.importing import reading, running
from kernel.importing.running import Asked, Report
from kernel.importing.writing import write
from kernel.permissions import ANONYMOUS, SYSTEM, Actor
from tests.conftest import shared_data

ASKED = Asked(source="表.csv", by=SYSTEM, at=datetime(2026, 3, 2, tzinfo=UTC))
LEAVES, TOPS = 517, 15


async def take_in(file: Path) -> Report:
    return await running.run(CATEGORIES, reading.read(file, CATEGORIES), ASKED, progress=lambda done: None)


def a_table(folder: Path, *rows: tuple[str, ...], headings: tuple[str, ...] = ("l1", "l2", "l3")) -> Path:
    file = folder / "分类.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([headings, *rows])
    return file


async def codes() -> dict[str, str]:
    return {one.path_name: one.code for one in await Category.all()}


async def test_the_517_leaves_of_a_real_tree_import_with_codes_of_two_digits_a_level(database: str) -> None:
    report = await take_in(shared_data("hotline_labelled", "taxonomy_3level.csv"))

    assert (report.created, report.refused) == (LEAVES, 0)
    known = await codes()
    assert sum(len(code) == 6 for code in known.values()) == LEAVES
    assert sum(len(code) == 2 for code in known.values()) == TOPS
    assert known["城乡建设 / 安全生产 / 事故处理"] == "010101"
    assert all(known[path.rpartition(" / ")[0]] == code[:-2] for path, code in known.items() if " / " in path)


async def test_the_same_tree_in_another_order_keeps_every_code(database: str, tmp_path: Path) -> None:
    rows = [("城乡建设", "市政", "供水"), ("城乡建设", "市政", "路灯"), ("交通", "公交", "线路")]
    await take_in(a_table(tmp_path, *rows))
    before = await codes()
    report = await take_in(a_table(tmp_path, ("环境", "噪声", "施工"), *reversed(rows), ("城乡建设", "市政", "井盖")))

    assert (report.created, report.unchanged) == (2, 3)
    after = await codes()
    assert after | before == after
    assert after["城乡建设 / 市政 / 井盖"] == "010103"


async def test_a_retired_leaf_keeps_its_code_and_its_name_and_is_offered_no_more(database: str, tmp_path: Path) -> None:
    headings = ("l1", "l2", "l3", "在用")
    await take_in(a_table(tmp_path, ("城乡建设", "市政", "供水", "是"), headings=headings))
    report = await take_in(a_table(tmp_path, ("城乡建设", "市政", "供水", "否"), headings=headings))

    assert report.updated == 1
    assert await queries.names() == {"010101": "城乡建设 / 市政 / 供水"}
    assert await queries.leaves() == ()
    assert not await queries.is_active_leaf("010101")
    assert (await take_in(a_table(tmp_path, ("城乡建设", "市政", "供水")))).unchanged == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("0101", "须为六位数字"),
        ("020101", "与上级"),
        ("01010a", "须为六位数字"),
        ("010101", "已用于“城乡建设 / 市政 / 供水”"),
    ],
)
async def test_a_code_that_does_not_fit_or_belongs_to_another_matter_is_refused(
    database: str, tmp_path: Path, code: str, said: str
) -> None:
    headings = ("编码", "l1", "l2", "l3")
    first = ("010101", "城乡建设", "市政", "供水")
    report = await take_in(a_table(tmp_path, first, (code, "城乡建设", "市政", "路灯"), headings=headings))

    assert (report.created, report.refused) == (1, 1)
    assert said in str(report.rows[0]["reason"])


async def test_a_code_that_differs_from_the_known_one_is_refused_for_codes_stay(database: str, tmp_path: Path) -> None:
    headings = ("编码", "l1", "l2", "l3")
    await take_in(a_table(tmp_path, ("010101", "城乡建设", "市政", "供水"), headings=headings))
    report = await take_in(a_table(tmp_path, ("010109", "城乡建设", "市政", "供水"), headings=headings))

    assert report.refused == 1
    assert "010101" in str(report.rows[0]["reason"])


@pytest.mark.parametrize("name", ["出.csv", "出.xlsx", "出.jsonl"])
async def test_what_goes_out_comes_back_unchanged(database: str, tmp_path: Path, name: str) -> None:
    headings = ("l1", "l2", "l3", "关键词", "承办单位代码", "在用")
    rows = (("城乡建设", "市政", "供水", "停水 水压", "SW", "是"), ("交通", "公交", "线路", "", "", "否"))
    await take_in(a_table(tmp_path, *rows, headings=headings))
    assert await write(CATEGORIES_OUT, tmp_path / name, progress=lambda done: None) == len(rows)

    report = await take_in(tmp_path / name)
    assert (report.unchanged, report.refused) == (len(rows), 0)
    await Category.all().delete()
    report = await take_in(tmp_path / name)
    assert (report.created, report.refused) == (len(rows), 0)
    retired = await Category.get(path_name="交通 / 公交 / 线路")
    assert not retired.active


async def test_anyone_reads_the_tree(database: str, tmp_path: Path, signed_in: Callable[[Actor], AsyncClient]) -> None:
    await take_in(a_table(tmp_path, ("城乡建设", "市政", "供水")))
    async with signed_in(ANONYMOUS) as client:
        answer = await client.get("/api/v1/categories")

    assert answer.status_code == 200
    assert answer.json()["items"][-1] == {
        "code": "010101",
        "name": "供水",
        "path": "城乡建设 / 市政 / 供水",
        "level": 3,
        "active": True,
    }
