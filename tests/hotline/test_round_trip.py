"""What one hall gives out, another takes in as the same closed history."""

import csv
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.importing import TICKETS, TICKETS_OUT
from hotline.tickets import actions
from hotline.tickets.forms import Answer
from hotline.tickets.models import Ticket
from kernel import verify
from kernel.citytime import CITY
from kernel.clocks.models import Clock
from kernel.database import opened
from kernel.importing import reading, running, writing
from kernel.journal import Sealed
from kernel.models import Event
from kernel.module import database_config
from kernel.permissions import SYSTEM
from portal.modules import MODULES
from tests import factories as f
from tests.factories import NOW, a_ticket, a_ticket_in, way

THERE = ("原编号", "来源系统", "工单编号", "状态")  # what is each hall's own


async def some_lives() -> None:
    """Closed in every way, with and without a judgement; two of them alike but for their time."""
    for turn in range(3):
        await a_ticket_in("closed", title="小区停水两天", at=NOW + timedelta(minutes=turn))
    await a_ticket_in("arch", title="路灯不亮", content="=三盏路灯\n都不亮，“很暗”。")
    await a_ticket_in("refused", title="法院的判决不服")
    await a_ticket_in("wdrawn", title="自来水发黄", type="complaint", urgency="urgent")
    await a_ticket_in("closed", title="举报偷排", secrecy="confidential", address="滨江大道 1 号")
    asked = await a_ticket_in("reg", title="怎样办居住证", type="consult", channel="web", by=f.CITIZEN)
    answer = Answer(answer=Sealed("带身份证到居住地派出所办理。"))
    await actions.answer_directly(asked, answer, **way(asked, f.OPERATOR))


async def taken_in(path: Path, source: str) -> running.Report:
    asked = running.Asked(source=source, by=SYSTEM, at=NOW + timedelta(days=1))
    return await running.run(TICKETS, reading.read(path, TICKETS), asked, progress=lambda done: None)


async def given_out(path: Path) -> list[dict[str, str]]:
    await writing.write(TICKETS_OUT, path, progress=lambda done: None)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [*csv.DictReader(file)]
    return []


def same(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return sorted(tuple(value for name, value in row.items() if name not in THERE) for row in rows)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "xlsx"])
async def test_a_hall_that_was_empty_has_the_same_closed_history_afterwards(
    url: str, sqlite_template: Path, tmp_path: Path, ending: str
) -> None:
    async with opened(database_config(MODULES, url)):
        await some_lives()
        path = tmp_path / f"out.{ending}"
        await given_out(path)
        told = await given_out(tmp_path / "told.csv")
        assert (await taken_in(path, "out")).unchanged == 8, "its own come back without doubles"
    shutil.copy(sqlite_template, tmp_path / "other.db")
    async with opened(database_config(MODULES, f"sqlite://{tmp_path / 'other.db'}")):
        report = await taken_in(path, "另一个城市")
        assert (report.created, report.refused, report.warned) == (8, 0, 0), report.rows
        assert same(await given_out(tmp_path / "again.csv")) == same(told)
        numbers = {row["工单编号"] for row in told}
        assert {ticket.source_no for ticket in await Ticket.all()} == numbers
        assert {ticket.source for ticket in await Ticket.all()} == {"另一个城市"}
        assert not await Clock.all().exists()
        assert await Event.filter(topic__startswith="ticket.").count() == 8
        assert (await taken_in(path, "另一个城市")).unchanged == 8
        assert (await verify.chains(full=True, progress=lambda done, total: None))[1] == []
        secret = await Ticket.get(title="举报偷排")
        assert secret.secrecy == "confidential", "what was closed to most eyes stays closed"


async def test_who_called_and_where_a_confidential_matter_lies_leaves_no_hall(url: str, tmp_path: Path) -> None:
    async with opened(database_config(MODULES, url)):
        await some_lives()
        await given_out(tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text("utf-8-sig")
    for hidden in ("13900002206", "张三", "滨江大道 1 号"):
        assert hidden not in text
    assert "江北区云谷路 66 号" in text


async def test_tickets_of_two_sources_with_one_number_stay_two_and_an_open_one_is_told_of(
    url: str, sqlite_template: Path, tmp_path: Path
) -> None:
    table = tmp_path / "in.csv"
    table.write_text("编号,标题,内容,时间\n7,路灯不亮,三天了,2026/3/2 10:00\n", encoding="utf-8")
    async with opened(database_config(MODULES, url)):
        for source in ("甲", "乙"):
            await taken_in(table, source)
        await a_ticket(title="还在办的一件")
        await given_out(tmp_path / "out.csv")
    shutil.copy(sqlite_template, tmp_path / "other.db")
    async with opened(database_config(MODULES, f"sqlite://{tmp_path / 'other.db'}")):
        report = await taken_in(tmp_path / "out.csv", "丙")
        assert report.created == 3
        assert {ticket.source for ticket in await Ticket.all()} == {"甲", "乙", "丙"}
        assert [row["reason"] for row in report.rows] == ["在原系统还是“待派单”，按已办结的历史导入"]


BROKEN = """原编号,标题,内容,登记时间,诉求性质,紧急程度,保密要求,办结时间
A1,第一次的这一行,内容是这样的,2026-01-02 08:00,求助,一般,普通,2026-01-02
A1,又一次的这一行,内容却是那样,2026-01-02 08:00,求助,一般,普通,
A3,性质不认识的一行,内容是这样的,2026-01-02,骂人,火急,普通,
A4,保密写法不认识的,内容是这样的,2026-01-02,举报,一般,绝密,
A5,办结早于登记的行,内容是这样的,2026-01-02,求助,一般,普通,2025-12-31
A6,还没有到的登记时间,内容是这样的,2036-01-02,求助,一般,普通,
A7,格林尼治的时间写法,内容是这样的,2026-01-02T00:00:00Z,求助,一般,普通,
"""


async def test_every_broken_row_is_named_with_what_is_wrong_and_again_nothing_changes(url: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(BROKEN, encoding="utf-8")
    async with opened(database_config(MODULES, url)):
        first = await taken_in(path, "旧系统")
        again = await taken_in(path, "旧系统")
        tickets = {one.source_no: one for one in await Ticket.all()}
    said = {row["line"]: (row["result"], str(row["reason"])) for row in first.rows}
    assert [(line, result) for line, (result, _) in said.items()] == [
        (3, "refused"), (4, "warned"), (5, "refused"), (6, "warned"), (7, "refused"),
    ]  # fmt: skip
    for line, words in ((3, "“A1”"), (4, "“骂人”"), (4, "“火急”"), (5, "“绝密”"), (6, "早于登记"), (7, "还没有到")):
        assert words in said[line][1]
    assert (first.created, first.refused) == (4, 3)
    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 4, 3)
    assert tickets["A1"].closed_at == tickets["A1"].registered_at
    assert f"{tickets['A7'].registered_at.astimezone(CITY):%H:%M}" == "08:00"
