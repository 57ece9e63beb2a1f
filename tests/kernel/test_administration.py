"""The administrators' pages: what they show, what they do, and to whom they are shut."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from kernel import outbox
from kernel.edge import csrf
from kernel.inbox.models import Message
from kernel.models import Delivery, Event
from kernel.outbox import TRIES_MAX, Consumer
from kernel.people.models import Account, AccountKind
from kernel.people.permissions import P
from kernel.permissions import Actor
from tests import factories as f
from tests.conftest import SECRET, Client

pytestmark = pytest.mark.usefixtures("database")
ADMIN = Actor(
    id=90, name="系统管理员", kind="staff",
    powers={P.DELIVERY_READ: ("/",), P.DELIVERY_RETRY: ("/",), P.ACCOUNT_READ: ("/",), P.ACCOUNT_CREATE: ("/",)},
)  # fmt: skip
PAGES = ("/admin/deliveries", "/admin/accounts", "/admin/events")
broken = [True]


async def tell(event: Event) -> None:
    if broken[0]:
        raise ConnectionError("短信网关没有应答")
    await Message.create(account_id=90, title=event.subject, at=event.at)


async def parked() -> Delivery:
    outbox.subscribe([Consumer(name="test.parked", topics=("ticket.register",), handle=tell)])
    try:
        await f.a_ticket()
        at = datetime.now(UTC)
        for hour in range(TRIES_MAX * 3):
            await outbox.deliver(worker="w", now=lambda: at + timedelta(hours=hour))  # noqa: B023
    finally:
        outbox._consumers.pop("test.parked")
        outbox._wanting.cache_clear()
    return await Delivery.get(consumer="test.parked")


async def test_what_was_given_up_is_on_the_page_with_its_reason_and_goes_out_after_a_retry(signed_in: Client) -> None:
    broken[0] = True
    given_up = await parked()
    assert given_up.parked_at is not None
    admin = signed_in(ADMIN)
    page = (await admin.get("/admin/deliveries")).text
    assert "短信网关没有应答" in page
    assert "test.parked" in page

    broken[0] = False
    sent = {"_csrf": csrf.token(SECRET), "ids": str(given_up.id)}
    answer = await admin.post("/admin/deliveries/retry", data=sent)
    assert answer.status_code == 303, answer.text[-1500:]
    outbox.subscribe([Consumer(name="test.parked", topics=("ticket.register",), handle=tell)])
    try:
        await outbox.deliver(worker="w", now=lambda: datetime.now(UTC) + timedelta(hours=1))
    finally:
        outbox._consumers.pop("test.parked")
    assert await Message.filter(account_id=90).count() == 1
    assert "短信网关没有应答" not in (await admin.get("/admin/deliveries")).text


@pytest.mark.parametrize("who", [f.OPERATOR, f.MANAGER, f.CITIZEN, f.LIAISON], ids=lambda who: who.name)
@pytest.mark.parametrize("path", PAGES)
async def test_nobody_else_sees_the_administrators_pages(signed_in: Client, who: Actor, path: str) -> None:
    assert (await signed_in(who).get(path)).status_code == 403


@pytest.mark.parametrize("path", PAGES)
async def test_who_is_not_signed_in_is_led_to_the_sign_in(signed_in: Client, path: str) -> None:
    answer = await signed_in(f.NOBODY).get(path)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


async def test_the_system_administrator_sees_no_case_and_no_security_log(signed_in: Client) -> None:
    ticket = await f.a_ticket()
    admin = signed_in(ADMIN)
    assert (await admin.get("/admin/events")).status_code == 403
    assert (await admin.get(f"/hotline/tickets/{ticket.no}")).status_code == 404
    assert (await admin.get(f"/api/v1/tickets/{ticket.no}")).status_code == 404
    assert (await admin.get("/api/v1/tickets")).json()["items"] == []


async def test_an_account_is_found_by_name_and_has_a_page_of_its_own(signed_in: Client) -> None:
    for number in range(60):
        await Account.create(username=f"w{number}", name=f"窗口{number}", kind=AccountKind.STAFF, created_at=f.NOW)
    admin = signed_in(ADMIN)

    first = (await admin.get("/admin/accounts?q=窗口")).text
    after = re.findall(r'href="(\?q=[^"]+)" rel="next"', first)
    assert [name in first for name in ("窗口0<", "窗口49<", "窗口50<")] == [True, True, False]
    assert "窗口59<" in (await admin.get(f"/admin/accounts{html.unescape(after[0])}")).text
    assert "没有找到帐号" in (await admin.get("/admin/accounts?q=无此人")).text

    page = (await admin.get("/admin/accounts/w7")).text
    assert "窗口7" in page
    assert "重置口令" in page
    assert "停用" not in page, "that is the security administrator's"
    assert (await admin.get("/admin/accounts/nobody")).status_code == 404
