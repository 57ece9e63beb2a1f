"""接口客户端: a long-lived token for somebody else's program, issued, changed and revoked by the hotline's head."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from httpx import AsyncClient, Response

from hotline.clients import actions, queries
from hotline.clients.forms import Ask, Issue, Revoke, Rotate
from hotline.clients.models import Client as Program
from hotline.tickets.models import Ticket
from kernel import verify
from kernel.citytime import day_of
from kernel.edge import rates
from kernel.errors import FormRejected, NotAllowed, TooMany, WrongState
from kernel.models import Entry
from kernel.people.models import Account
from kernel.people.permissions import ROLES as KERNEL
from kernel.permissions import Actor, merged, powers
from tests import factories as f
from tests.conftest import Client
from tests.factories import CITY, way
from tests.hotline.test_open311 import AT, FORM, SENT

ROLES = merged(f.ROLES, KERNEL)
KEEPER = replace(f.STRANGER, id=70, name="热线主管", powers=powers([("manager", "/")], ROLES))
ADMIN = replace(f.STRANGER, id=71, name="系统管理员", powers=powers([("system_admin", "/")], ROLES))
ADDRESS, NEVER = "/hotline/clients", "203.0.113.7"


async def issued(*, networks: str = "", days: int = 300, by: Actor = KEEPER) -> tuple[Program, str]:
    at, token = datetime.now(UTC), actions.new_token()
    facts = Issue(
        title="区网格化平台", valid_to=day_of(at) + timedelta(days=days), networks=networks,
        token_hash=queries.digest(token),
    )  # fmt: skip
    return await actions.issue(facts, no=await actions.draw_number(at), region=CITY, by=by, at=at), token


async def post(client: AsyncClient, token: str, **changed: str) -> Response:
    body = urlencode(SENT | {"api_key": token} | changed)
    return await client.post(f"{AT}/requests.json", content=body, headers=FORM)


async def send(browser: AsyncClient, path: str, **fields: str) -> Response:
    page = (await browser.get(ADDRESS)).text
    form = page.partition(f'action="{path}"')[2].partition("</form")[0]
    hidden = dict(re.findall(r'name="(_csrf|_key|_version)" value="([^"]*)"', form))
    return await browser.post(path, data=hidden | fields)


async def test_ap05_a_token_is_shown_once_kept_as_a_digest_and_posts_in_its_own_name(signed_in: Client) -> None:
    keeper, nobody = signed_in(KEEPER), signed_in(f.NOBODY)
    until = f"{day_of(datetime.now(UTC)) + timedelta(days=200)}"
    refused = await send(keeper, ADDRESS, title="区网格化平台", valid_to=until, networks="everywhere")
    assert refused.status_code == 422
    assert "不是 IP 地址或网段" in refused.text
    assert 'value="区网格化平台"' in refused.text, "what was typed stays"
    shown = await send(keeper, ADDRESS, title="区网格化平台", valid_to=until)
    [token] = re.findall(r"o311_[\w-]{43}", shown.text)
    assert token not in (await keeper.get(ADDRESS)).text
    program = await Program.get()
    assert (program.token_hash, program.state) == (queries.digest(token), "active")
    assert token not in repr([entry.facts for entry in await Entry.all()])

    told = (await post(nobody, token)).json()
    ticket = await Ticket.get(no=told[0]["service_request_id"])
    assert ticket.owner_id == program.account_id
    assert (await Entry.get(subject=ticket.ref, move="register")).actor_id == program.account_id
    body = urlencode({"service_request_id": ticket.no, "description": "还是不亮", "api_key": token})
    added = await nobody.post(f"{AT}/servicerequestupdates.json", content=body, headers=FORM)
    assert added.status_code == 200
    other = urlencode({"service_request_id": (await f.a_ticket()).no, "description": "别人的", "api_key": token})
    assert (await nobody.post(f"{AT}/servicerequestupdates.json", content=other, headers=FORM)).status_code == 404
    assert (await verify.chains(full=True, progress=lambda done, total: None))[1] == []


async def test_ap05_rotated_revoked_expired_and_foreign_tokens_open_nothing(signed_in: Client) -> None:
    keeper, nobody = signed_in(KEEPER), signed_in(f.NOBODY)
    program, token = await issued()
    until = f"{day_of(datetime.now(UTC)) + timedelta(days=100)}"
    shown = await send(keeper, f"{ADDRESS}/{program.no}/rotate", valid_to=until)
    [fresh] = re.findall(r"o311_[\w-]{43}", shown.text)
    assert [(await post(nobody, one)).status_code for one in (token, fresh)] == [403, 200]
    assert (await send(keeper, f"{ADDRESS}/{program.no}/revoke", reason="合作已经结束")).status_code == 303
    assert (await post(nobody, fresh)).status_code == 403

    _, near = await issued(networks="127.0.0.0/8")
    _, far = await issued(networks=f"{NEVER} 2001:db8::/32")
    assert [(await post(nobody, one)).status_code for one in (near, far)] == [200, 403]
    _, old = await issued(days=1)
    assert await queries.behind(old, "127.0.0.1", datetime.now(UTC)) is not None
    assert await queries.behind(old, "127.0.0.1", datetime.now(UTC) + timedelta(days=3)) is None
    assert (await post(nobody, f"{queries.PREFIX}{'x' * 43}")).status_code == 403
    moves = [entry.move for entry in await Entry.filter(subject=program.ref).order_by("seq")]
    assert moves == ["issue", "rotate", "revoke"]


@pytest.mark.usefixtures("database")
async def test_only_the_head_of_the_hotline_issues_and_for_a_year_at_most() -> None:
    for stranger in (ADMIN, f.SUPERVISOR, f.OPERATOR, f.CITIZEN):
        with pytest.raises(NotAllowed):
            await issued(by=stranger)
    for days in (-1, 400):
        with pytest.raises(FormRejected):
            await issued(days=days)
    program, token = await issued()
    facts = Rotate(valid_to=day_of(datetime.now(UTC)) + timedelta(days=400), token_hash=queries.digest("x"))
    with pytest.raises(FormRejected):
        await actions.rotate(program, facts, **way(program, KEEPER, datetime.now(UTC)))
    await actions.revoke(program, Revoke(reason="令牌泄露"), **way(program, KEEPER, datetime.now(UTC)))
    with pytest.raises(WrongState):
        await actions.revoke(program, Revoke(reason="令牌泄露"), **way(program, KEEPER, datetime.now(UTC)))
    account = await Account.get(id=program.account_id)
    assert (account.kind, account.password_hash) == ("service", ""), "nobody signs in as it"
    assert token.startswith(queries.PREFIX)


async def test_a_client_has_room_of_its_own_and_no_more(signed_in: Client) -> None:
    program, token = await issued()
    at = datetime.now(UTC)
    for _ in range(rates.TICKET_PERSON.limit + 1):
        assert (await post(signed_in(f.NOBODY), token)).status_code == 200
    with pytest.raises(TooMany):
        for _ in range(rates.SERVICE_CLIENT.limit):
            await rates.hit(rates.SERVICE_CLIENT, str(program.account_id), at=at)
    refused = await post(signed_in(f.NOBODY), token)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()[0]["code"] == 429


@pytest.mark.parametrize(
    ("typed", "kept"), [("", ""), ("10.1.2.3，10.2.0.0/16", "10.1.2.3 10.2.0.0/16"), ("2001:db8::/32", "2001:db8::/32")]
)
def test_networks_are_apart_by_blanks_or_commas(typed: str, kept: str) -> None:
    told: dict[str, Any] = {"title": "某系统", "valid_to": "2026-03-02", "networks": typed}
    assert Ask.check(told).networks == kept
    with pytest.raises(FormRejected):
        Ask.check(told | {"networks": " ".join(["10.0.0.1"] * 11)})
