"""What is published of a month: nobody recognisable in it, and a stranger computes the same from the file."""

import csv
import re
import subprocess
import sys
from datetime import timedelta
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.sla import actions, rules
from hotline.sla.models import Published
from hotline.sla.rules import K_MIN, shown
from tests import factories as f
from tests.conftest import Client

LATER = f.NOW + timedelta(days=60)
CELLS = st.dictionaries(
    st.tuples(st.sampled_from("甲乙丙丁"), st.sampled_from("水电路")),
    st.integers(1, 40).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
)


@given(CELLS)
def test_no_cell_and_no_rest_is_smaller_than_k_and_the_sum_is_of_all(
    cells: dict[tuple[str, str], tuple[int, int]],
) -> None:
    kept, rest = shown(cells)
    assert all(of >= K_MIN for _, of in kept.values())
    assert rest[1] == 0 or rest[1] >= K_MIN
    assert all(cells[cell] == counts for cell, counts in kept.items())
    total = sum(of for _, of in cells.values())
    assert sum(of for _, of in kept.values()) + rest[1] == (total if total >= K_MIN else 0)


def test_one_small_cell_takes_the_next_along_so_that_no_subtraction_gives_it() -> None:
    kept, rest = shown({("甲", "水"): (20, 30), ("甲", "电"): (11, 12), ("乙", "水"): (1, 3)})
    assert kept == {("甲", "水"): (20, 30)}
    assert rest == (12, 15)


@pytest.mark.usefixtures("database")
async def test_the_script_computes_from_the_file_every_figure_of_the_page(
    signed_in: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "K_MIN", 2)
    for _ in range(3):
        await f.a_ticket_in("closed")
    for _ in range(2):
        await f.a_dispatched_ticket(lead="ZJ")
    assert await actions.publish(at=LATER) > 0
    async with signed_in(f.NOBODY) as anybody:
        page = await anybody.get("/hotline/sla?month=2026-03")
        data = await anybody.get("/hotline/sla/2026-03.csv")
        script = await anybody.get("/hotline/sla/recompute.py")
        assert '/hotline/sla"' in (await anybody.get("/hotline/")).text
        assert (await anybody.get("/hotline/sla?month=2031-01")).status_code == 404
        assert (await anybody.get("/hotline/sla/nothing.csv")).status_code == 404
    (tmp_path / "data.csv").write_bytes(data.content)
    (tmp_path / "recompute.py").write_bytes(script.content)
    run = subprocess.run(  # noqa: ASYNC221 (a stranger's machine)
        [sys.executable, "-I", "recompute.py", "data.csv"],
        cwd=tmp_path, capture_output=True, check=True, env={"PYTHONUTF8": "1"},
    )  # fmt: skip
    lines = [line.split("\t") for line in run.stdout.decode().splitlines()]
    computed = {(code, scope, name): text for code, _, scope, name, text in lines}
    cells = re.findall(r'data-figure="([^"|]+)\|([^"|]+)\|([^"]*)">([^<]+)</td>', page.text)
    published = {(code, scope, unescape(name)): text for code, scope, name, text in cells if text != "未公布"}
    assert published == computed
    assert ("on_time", "agency", "水务局") in published
    assert ("on_time", "agency", "住建局") in published


@pytest.mark.usefixtures("database")
async def test_few_matters_and_confidential_ones_are_not_published_and_a_month_only_once(signed_in: Client) -> None:
    for number in range(K_MIN + 1):
        await f.a_ticket_in("closed", secrecy="confidential" if number < 3 else "plain")
    assert await actions.publish(at=LATER) == 0
    async with signed_in(f.NOBODY) as anybody:
        assert "还没有公布的数据" in (await anybody.get("/hotline/sla")).text
    for _ in range(2):
        await f.a_ticket_in("closed")
    assert await actions.publish(at=LATER) > 0
    before = [one.rows for one in await Published.all()]
    rows = [row for one in before for row in one if row["code"] == "on_time"]
    assert [int(row["denominator"]) for row in rows] == [K_MIN]
    await f.a_ticket_in("closed")
    assert await actions.publish(at=LATER) == 0
    assert [one.rows for one in await Published.all()] == before
    async with signed_in(f.NOBODY) as anybody:
        told = csv.DictReader(StringIO((await anybody.get("/hotline/sla/2026-03.csv")).text.lstrip("\ufeff")))
        assert all(int(row["denominator"]) >= K_MIN for row in told)
