"""The officer of personal data answers what was asked, on the page that shows it."""

import re

import pytest

from kernel.journal import Sealed
from kernel.owndata import actions, queries
from kernel.owndata.forms import Ask, Right
from kernel.owndata.models import OwnRequest
from kernel.owndata.states import RequestState
from kernel.people.permissions import ROLES
from kernel.permissions import Actor, powers
from tests.conftest import Client
from tests.factories import CITY, NOW
from tests.kernel.test_own_data import a_person

pytestmark = pytest.mark.usefixtures("database")
OFFICER = powers([("privacy_officer", CITY)], ROLES)
TEXT = "登记的姓名少了一个字，请更正。"


@pytest.fixture
def officer() -> Actor:
    return Actor(id=91, name="专员", home=CITY, powers=OFFICER, roles=("privacy_officer",))


async def asked() -> OwnRequest:
    return await actions.ask(Ask(right=Right.CORRECT, text=Sealed(TEXT)), by=await a_person(), at=NOW)


async def form_of(browser: Client, officer: Actor, made: OwnRequest) -> dict[str, str]:
    async with browser(officer) as client:
        assert made.no in (await client.get("/privacy/requests")).text
        page = (await client.get(f"/me/data/requests/{made.no}")).text
    assert TEXT in page
    form = page.partition(f'action="/me/data/requests/{made.no}/answer"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


@pytest.mark.parametrize(("granted", "state"), [("true", RequestState.DONE), ("false", RequestState.REFUSED)])
async def test_the_form_is_filled_in_sent_and_its_answer_is_the_citizens_to_read(
    signed_in: Client, officer: Actor, granted: str, state: RequestState
) -> None:
    made = await asked()
    sent = await form_of(signed_in, officer, made) | {"granted": granted, "text": "已与户籍核对，处理如下。"}
    async with signed_in(officer) as client:
        short = await client.post(f"/me/data/requests/{made.no}/answer", data=sent | {"text": "好"})
        assert short.status_code == 422
        done = await client.post(f"/me/data/requests/{made.no}/answer", data=sent)
        assert done.headers["location"] == "/privacy/requests"
        assert made.no not in (await client.get("/privacy/requests")).text
    made = await OwnRequest.get(id=made.id)
    assert made.state is state
    assert await queries.said(made) == (TEXT, "已与户籍核对，处理如下。")


async def test_nobody_else_answers(signed_in: Client, officer: Actor) -> None:
    made = await asked()
    sent = await form_of(signed_in, officer, made) | {"granted": "true", "text": "已经更正。"}
    async with signed_in(Actor(id=77, name="小李", home=CITY)) as client:
        assert (await client.post(f"/me/data/requests/{made.no}/answer", data=sent)).status_code in (403, 404)
    assert (await OwnRequest.get(id=made.id)).state is RequestState.OPEN
