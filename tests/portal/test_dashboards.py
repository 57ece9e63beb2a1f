"""The dashboard and the alert rules speak of figures that the hall really tells."""

import json
import re

import pytest

from tests import factories as f
from tests.conftest import ROOT, Client

DASHBOARDS = ROOT / "docs" / "dashboards"
NAME = re.compile(r"sunhall_[a-z_]+")
WHAT = re.compile(r'(sunhall_[a-z]+)\{what=~?"([a-z_|]+)"')


@pytest.mark.usefixtures("database")
async def test_every_figure_of_the_dashboard_and_of_the_alerts_is_told_by_the_hall(signed_in: Client) -> None:
    client = signed_in(f.OPERATOR)
    await client.get("/")
    told = (await client.get("/metrics")).text
    asked = written()
    for name in {*NAME.findall(asked)}:
        assert re.search(rf"^{name}[{{ ]", told, re.MULTILINE), name
    for name, values in WHAT.findall(asked.replace('\\"', '"')):
        for value in values.split("|"):
            assert f'{name}{{what="{value}"}}' in told, (name, value)


def written() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(DASHBOARDS.iterdir()))


def test_every_panel_has_a_question_and_a_place_of_its_own() -> None:
    panels = json.loads((DASHBOARDS / "sunhall.json").read_text(encoding="utf-8"))["panels"]
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels) == 11
    assert all(target["expr"] for panel in panels for target in panel["targets"])
