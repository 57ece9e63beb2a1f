"""What is taken away from somebody is gone everywhere, and they are told."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from kernel.errors import NotAllowed, NotFound
from kernel.inbox.models import Message
from kernel.people import actions, sessions
from kernel.people.models import Account, AccountKind, Session
from kernel.people.permissions import P
from kernel.permissions import Actor
from portal.city.ports import free_port
from tests.factories import NOW, OPERATOR
from tests.halls import Hall, a_hall
from tests.streams import Line

WITHIN_S = 5
KEEPER = Actor(id=99, name="安全管理员", kind="staff", powers={P.SESSION_END: ("/",)})


@pytest.fixture(scope="module")
def halls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hall, Hall]]:
    """Two processes of one installation."""
    home: Path = tmp_path_factory.mktemp("two") / "home"
    with a_hall(home, demo=True) as one:
        other = Hall(home, free_port(), {})
        one.serve()
        other.serve("--workers", "1")
        yield one, other
        other.kill()


def form(hall: Hall, headers: dict[str, str], path: str, **fields: str) -> httpx.Response:
    page = httpx.get(f"{hall.url}/admin/accounts", headers=headers, timeout=20)
    (token,) = re.findall(r'name="_csrf" value="([^"]+)"', page.text)[:1]
    return httpx.post(f"{hall.url}{path}", headers=headers, data={"_csrf": token, **fields}, timeout=20)


def until(hall: Hall, headers: dict[str, str], path: str, status: int) -> float:
    """Seconds until that process answers so; it has just answered otherwise."""
    begun = time.monotonic()
    while time.monotonic() - begun < 3 * WITHIN_S:
        if httpx.get(f"{hall.url}{path}", headers=headers, timeout=20).status_code == status:
            return time.monotonic() - begun
        time.sleep(0.1)
    raise AssertionError(f"{path} never became {status}")


def test_se04_a_disabled_account_is_out_of_every_process_within_five_seconds(halls: tuple[Hall, Hall]) -> None:
    one, other = halls
    clerk, keeper = one.token("operator"), one.token("security")
    for hall in halls:
        assert httpx.get(f"{hall.url}/api/v1/session", headers=clerk, timeout=20).status_code == 200
    assert form(one, keeper, "/admin/accounts/operator/disable").status_code == 303
    assert httpx.get(f"{one.url}/api/v1/session", headers=clerk, timeout=20).status_code == 401, "here at once"
    assert until(other, clerk, "/api/v1/session", 401) <= WITHIN_S + 1


def test_se04_a_role_that_was_taken_acts_nowhere_after_five_seconds(halls: tuple[Hall, Hall]) -> None:
    one, other = halls
    clerk, keeper = one.token("dispatcher"), one.token("security")
    for hall in halls:
        assert httpx.get(f"{hall.url}/hotline/dispatch", headers=clerk, timeout=20).status_code == 200
    accounts = httpx.get(f"{one.url}/admin/accounts/dispatcher", headers=keeper, timeout=20).text
    (number,) = re.findall(r"/admin/grants/(\d+)/revoke(?:(?!</form>).)*> dispatcher 的", accounts, re.DOTALL)[:1]
    assert form(one, keeper, f"/admin/grants/{number}/revoke").status_code == 303
    assert httpx.get(f"{one.url}/hotline/dispatch", headers=clerk, timeout=20).status_code == 403, "here at once"
    assert until(other, clerk, "/hotline/dispatch", 403) <= WITHIN_S + 1


def test_se04_live_streams_end_in_every_process_within_five_seconds(halls: tuple[Hall, Hall]) -> None:
    """Signed out by oneself, disabled by another, a right taken away: each in the other process."""
    one, other = halls
    leaving, keeper = one.token("manager"), one.token("security")
    stays = Line(f"{other.url}/hotline/wall/live", one.token("manager"))
    signed_out = Line(f"{other.url}/hotline/wall/live", leaving)
    disabled = Line(f"{other.url}/hotline/wall/live", one.token("supervisor"))
    assert (stays.status, signed_out.status, disabled.status) == (200, 200, 200)
    assert httpx.delete(f"{one.url}/api/v1/session", headers=leaving, timeout=20).status_code < 300
    assert signed_out.until(lambda: signed_out.over) <= WITHIN_S
    assert form(one, keeper, "/admin/accounts/supervisor/disable").status_code == 303
    assert disabled.until(lambda: disabled.over) <= WITHIN_S
    assert (signed_out.names[-1], disabled.names[-1]) == ("over", "over")
    assert not stays.over
    accounts = httpx.get(f"{one.url}/admin/accounts/manager", headers=keeper, timeout=20).text
    numbers = re.findall(r"/admin/grants/(\d+)/revoke(?:(?!</form>).)*> manager 的[^<]*热线主管", accounts, re.DOTALL)
    assert form(one, keeper, f"/admin/grants/{numbers[0]}/revoke").status_code == 303
    assert stays.until(lambda: stays.over) <= WITHIN_S


@pytest.mark.usefixtures("database")
async def test_se05_the_security_administrator_ends_anothers_session_and_the_owner_reads_of_it() -> None:
    clerk = await Account.create(username="zhou", name="小周", kind=AccountKind.STAFF, created_at=NOW, exempt=True)
    token = await sessions.begin(clerk, kind="web", address="10.0.0.7", agent="x", at=NOW)
    session = await Session.get()
    with pytest.raises(NotAllowed):
        await actions.end_session(session.id, by=OPERATOR, at=NOW)
    await actions.end_session(session.id, by=KEEPER, at=NOW)
    assert await sessions.of_token(token, NOW + timedelta(seconds=1)) is None
    message = await Message.get(account_id=clerk.id)
    assert "10.0.0.7" in message.title
    with pytest.raises(NotFound):
        await actions.end_session(session.id, by=KEEPER, at=NOW)
