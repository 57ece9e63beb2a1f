"""A list is carried away: without personal data at once, with it only after somebody else has said yes."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest

from hotline.permissions import ROLES
from kernel import views
from kernel.edge import csrf
from kernel.edge.models import SecurityEvent
from kernel.errors import NotAllowed, Refusal, WrongState
from kernel.exports import actions
from kernel.exports.forms import Ask, Refuse
from kernel.exports.models import Export
from kernel.exports.rules import TooLate
from kernel.exports.states import MOVES, ExportState
from kernel.lifecycle import Nothing
from kernel.models import View
from kernel.permissions import Actor
from tests import factories as f
from tests.conftest import SECRET, Client

pytestmark = pytest.mark.usefixtures("database")
ASK = Ask(listing="tickets", query="state=wait", purpose="向水务局移交本周停水户回访名单")
OTHER = f.officer(13, "热线副主管", "manager")
WHO = {
    "who asked": f.MANAGER, "another manager": OTHER, "supervisor": f.SUPERVISOR, "operator": f.OPERATOR,
    "liaison": f.LIAISON, "citizen": f.CITIZEN,
}  # fmt: skip
PLACE = {"asked": None, "approved": "approve", "refused": "refuse", "wdrawn": "withdraw"}
MAY = {  # the table once more, as a person would say it
    ("asked", "approve"): {"another manager"}, ("asked", "refuse"): {"another manager"},
    ("asked", "withdraw"): {"who asked"}, ("approved", "withdraw"): {"who asked"}, ("approved", "take"): {"who asked"},
}  # fmt: skip


async def an_export(state: str = "asked", at: datetime = f.NOW) -> Export:
    await f.a_ticket(title="=HYPERLINK(1) 停水，电话 13900002206")
    export = await actions.ask(ASK, params={}, by=f.MANAGER, at=at)
    if step := PLACE[state]:
        by = f.MANAGER if step == "withdraw" else OTHER
        facts = Refuse(reason="用途不清楚") if step == "refuse" else Nothing()
        export = await actions.VERBS[step](export, facts, **f.way(export, by, at))
    return export


async def test_every_state_with_every_move_by_everybody_is_allowed_or_refused_as_said() -> None:
    cells = 0
    for state in ExportState:
        for name in (name for name in MOVES if name != "ask"):
            for who, actor in WHO.items():
                export = await an_export(state.value)
                facts = Refuse(reason="用途不清楚") if name == "refuse" else Nothing()
                if who in MAY.get((state.value, name), set()):
                    await actions.VERBS[name](export, facts, **f.way(export, actor))
                else:
                    with pytest.raises(Refusal) as refused:
                        await actions.VERBS[name](export, facts, **f.way(export, actor))
                    assert isinstance(refused.value, NotAllowed | WrongState)
                cells += 1
    assert cells == 4 * 5 * 6


async def test_a_day_after_the_yes_it_is_too_late() -> None:
    export = await an_export("approved")
    await actions.take(export, Nothing(), **f.way(export, f.MANAGER, f.NOW + timedelta(hours=23, minutes=59)))
    with pytest.raises(TooLate):
        await actions.take(export, Nothing(), **f.way(export, f.MANAGER, f.NOW + timedelta(hours=24)))


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
async def test_in10_a_list_without_personal_data_is_there_at_once_and_holds_no_formula(
    signed_in: Client, ending: str
) -> None:
    await f.a_ticket(title="=HYPERLINK(1) 停水，电话 13900002206")
    answer = await signed_in(f.MANAGER).get(f"/lists/tickets.{ending}?state=")
    assert answer.status_code == 200
    if ending == "xlsx":
        (sheet,) = openpyxl.load_workbook(BytesIO(answer.content)).worksheets
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert "f" not in {cell.data_type for cell in cells}, "no cell is a formula"
        text = " ".join(str(cell.value) for cell in cells)
    else:
        text = answer.text
        assert "'=HYPERLINK" in text
    assert "13900002206" not in text
    assert "停水，电话 ***" in text
    assert "张三" not in text
    event = await SecurityEvent.filter(kind="export").get()
    assert event.detail == {"list": "tickets", "rows": 1, "personal": False}


async def test_what_was_approved_holds_names_and_numbers_and_every_row_is_on_record_as_a_look(
    signed_in: Client,
) -> None:
    export = await an_export()
    secret = await f.a_ticket(title="举报有人偷排", secrecy="confidential")
    now = datetime.now(UTC)
    export = await actions.approve(export, Nothing(), **f.way(export, OTHER, now))
    manager = signed_in(f.MANAGER)
    page = (await manager.get("/exports")).text
    assert export.no in page
    sent = {"_csrf": csrf.token(SECRET), "_version": str(export.version)}
    answer = await manager.post(f"/exports/{export.no}/take", data=sent)
    assert answer.status_code == 200, answer.text[-400:]
    (sheet,) = openpyxl.load_workbook(BytesIO(answer.content)).worksheets
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][-2:] == ("诉求人", "电话")
    assert ("张三", "13900002206") in [row[-2:] for row in rows[1:]]
    looked = await views.purposes(await View.all())
    assert len(looked) == len(rows) - 1
    assert set(looked.values()) == {f"导出 {export.no}：{export.purpose}"}
    assert (await views.differences())[1] == []
    assert secret.no in {row[0] for row in rows}


async def test_who_may_not_see_the_list_gets_no_file_and_who_asks_for_nothing_is_told(signed_in: Client) -> None:
    for who in (f.CITIZEN, f.LIAISON):
        assert (await signed_in(who).get("/lists/tickets.csv")).status_code == 404
    assert (await signed_in(f.NOBODY).get("/lists/tickets.csv")).status_code == 303
    sent = {"_csrf": csrf.token(SECRET), "listing": "tickets", "query": "state=", "purpose": "x" * 10, "ending": "csv"}
    empty = await signed_in(f.MANAGER).post("/exports", data=sent)
    assert empty.status_code == 422
    assert "筛选结果是空的" in empty.text


async def test_the_sixth_file_within_an_hour_waits(signed_in: Client) -> None:
    await f.a_ticket()
    manager = signed_in(f.MANAGER)
    told = [(await manager.get("/lists/tickets.csv")).status_code for _ in range(6)]
    assert told == [200] * 5 + [429]


def test_who_may_say_yes_is_somebody_who_works_with_the_list() -> None:
    approvers = {role for role, held in ROLES.items() if "kernel:export:approve" in {one.value for one in held}}
    assert approvers == {"manager", "leader"}
    assert isinstance(f.MANAGER, Actor)
