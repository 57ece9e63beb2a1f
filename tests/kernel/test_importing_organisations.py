"""单位: the published lists of divisions and of agencies import as they are."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel.importing import reading, running
from kernel.importing.running import Asked, Report
from kernel.importing.writing import write
from kernel.people.importing import ORGS, ORGS_OUT
from kernel.people.models import Organisation, OrganisationKind
from kernel.permissions import SYSTEM
from tests.conftest import shared_data

ASKED = Asked(source="表.csv", by=SYSTEM, at=datetime(2026, 3, 2, tzinfo=UTC))


async def take_in(*files: Path) -> Report:
    for file in files:
        report = await running.run(ORGS, reading.read(file, ORGS), ASKED, progress=lambda done: None)
    return report


def a_table(folder: Path, headings: tuple[str, ...], *rows: tuple[str, ...]) -> Path:
    file = folder / "单位.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([headings, *rows])
    return file


async def test_the_published_divisions_form_a_tree_by_their_codes(database: str) -> None:
    names = ("provinces.csv", "cities.csv", "areas.csv")
    report = await take_in(*(shared_data("divisions", name) for name in names))
    district = await Organisation.get(code="110101")

    assert report.refused == 0
    assert district.path == "/11/1101/110101/"
    assert district.kind is OrganisationKind.GOVERNMENT
    assert (await take_in(shared_data("divisions", "cities.csv"))).created == 0


async def test_real_agencies_import_and_the_three_whose_code_fails_its_check_are_warned(database: str) -> None:
    report = await take_in(shared_data("idcodes", "uscc_real_agencies.csv"))

    assert (report.created, report.refused, report.warned) == (218, 0, 3)
    assert all("校验位不对" in str(row["reason"]) for row in report.rows)


async def test_a_credit_code_of_digits_only_is_no_division(database: str, tmp_path: Path) -> None:
    rows = (("12", "天津市"), ("121200004013590816", "天津某院"))
    await take_in(a_table(tmp_path, ("代码", "名称"), *rows))
    agency = await Organisation.get(code=rows[1][0])
    assert (agency.path, agency.kind) == (f"/{rows[1][0]}/", OrganisationKind.AGENCY)


async def test_a_parent_that_is_not_there_refuses_the_row_and_says_what_to_do(database: str, tmp_path: Path) -> None:
    table = a_table(tmp_path, ("代码", "名称", "上级代码"), ("CG", "城管局", "没有"), ("CGD", "城管队", "CG"))
    report = await take_in(table)
    assert report.refused == 2
    assert "请先导入上级" in str(report.rows[0]["reason"])


async def test_a_unit_never_moves_by_import_for_its_grants_would_move_with_it(database: str, tmp_path: Path) -> None:
    headings = ("代码", "名称", "上级代码")
    await take_in(a_table(tmp_path, headings, ("A1", "甲局", ""), ("B1", "乙局", ""), ("C1", "丙处", "A1")))
    report = await take_in(a_table(tmp_path, headings, ("C1", "丙处", "B1")))
    assert report.refused == 1
    assert (await Organisation.get(code="C1")).path == "/a1/c1/"


@pytest.mark.parametrize("name", ["出.csv", "出.xlsx", "出.jsonl"])
async def test_what_goes_out_comes_back_unchanged(database: str, tmp_path: Path, name: str) -> None:
    await Organisation.all().delete()
    headings = ("代码", "名称", "上级代码", "职责", "在用")
    await take_in(a_table(tmp_path, headings, ("A1", "甲局", "", "管甲", "是"), ("C1", "丙处", "A1", "", "否")))
    count = await write(ORGS_OUT, tmp_path / name, progress=lambda done: None)
    report = await take_in(tmp_path / name)

    assert (report.unchanged, report.updated, report.refused) == (count, 0, 0)
    assert not (await Organisation.get(code="C1")).active
