"""PR05 after a restore: what was erased stays erased, whichever backup it came from."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hotline.tickets import queries
from kernel.inbox.models import Message
from kernel.owndata import actions, erasures
from kernel.owndata.erasures import ListBroken
from kernel.owndata.forms import Right
from kernel.people.models import Account
from kernel.settings import settings
from tests.factories import NOW
from tests.halls import PASSWORD, Hall, a_hall
from tests.kernel.test_own_data import CONTENT, a_person, their_ticket

LATER = NOW + timedelta(days=1)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(settings(), "changes_dir", tmp_path / "second")
    return tmp_path / "second" / erasures.NAME


@pytest.mark.usefixtures("database")
async def test_pr05_an_erasure_that_the_database_has_forgotten_is_done_again_and_only_once(beside: Path) -> None:
    actor = await a_person()
    ticket = await their_ticket(actor)
    opened = (await Account.get(id=actor.id)).created_at
    erasures.note(actor.id, opened, Right.ERASE, at=NOW + timedelta(hours=1))
    assert CONTENT in str(await queries.texts(ticket))
    assert await actions.replay(at=LATER) == 1

    assert "caller_phone" not in str(await queries.texts(ticket))
    assert not await Message.filter(account_id=actor.id).exists()
    await Message.create(account_id=actor.id, event_id=None, title="新消息", url="/me", at=LATER)
    assert await actions.replay(at=LATER + timedelta(days=1)) == 0
    assert await Message.filter(account_id=actor.id).exists()
    assert len(erasures.listed()) == 2
    assert all(word not in read(beside) for word in (b"erase", b"account"))


@pytest.mark.usefixtures("database", "beside")
async def test_pr05_an_erasure_stands_on_the_list_and_isnt_done_twice() -> None:
    actor = await a_person()
    await actions.erase(by=actor, at=NOW)
    assert [(one.account, one.right, one.at) for one in erasures.listed()] == [(actor.id, Right.ERASE, NOW.isoformat())]
    assert await actions.replay(at=LATER) == 0


@pytest.mark.usefixtures("database", "beside")
async def test_pr05_another_account_that_got_the_number_is_left_alone() -> None:
    actor = await a_person()
    opened = (await Account.get(id=actor.id)).created_at - timedelta(seconds=1)
    erasures.note(actor.id, opened, Right.CLOSE, at=LATER)
    erasures.note(4_711, opened, Right.CLOSE, at=LATER)
    assert await actions.replay(at=LATER) == 0
    assert (await Account.get(id=actor.id)).active


@pytest.mark.usefixtures("database", "beside")
async def test_pr05_a_closed_account_is_closed_again() -> None:
    actor = await a_person()
    opened = (await Account.get(id=actor.id)).created_at
    erasures.note(actor.id, opened, Right.CLOSE, at=NOW)
    assert await actions.replay(at=LATER) == 1
    assert not (await Account.get(id=actor.id)).active


def read(path: Path) -> bytes:
    return path.read_bytes()


def test_pr05_a_changed_line_is_found_and_a_torn_one_was_never_acknowledged(beside: Path) -> None:
    for account in (1, 2):
        erasures.note(account, NOW, Right.ERASE, at=NOW)
    whole = beside.read_bytes()
    beside.write_bytes(whole + b"dG9ybg")
    assert len(erasures.listed()) == 2
    erasures.note(3, NOW, Right.ERASE, at=NOW)
    assert [one.account for one in erasures.listed()] == [1, 2, 3]
    head, first, second, third = beside.read_bytes().splitlines()
    beside.write_bytes(b"\n".join((head, second, first, third)) + b"\n")
    with pytest.raises(ListBroken):
        erasures.listed()


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Hall]:
    with a_hall(tmp_path / "home", demo=True, SUNHALL_CHANGES_DIR=str(tmp_path / "second" / "changes")) as hall:
        hall.serve()
        hall.settle()
        yield hall


@pytest.mark.timeout(600)
def test_pr05_restored_from_an_old_backup_alone_the_text_is_gone_again(laptop: Hall, tmp_path: Path) -> None:
    second, database = tmp_path / "second", laptop.home / "hall.db"
    before = contacts_of("citizen", database)
    assert before > 0
    laptop.run("backup", str(second))
    erase_as("citizen", laptop.url)
    assert contacts_of("citizen", database) < before
    kept = contacts_of("citizen", database)
    laptop.kill()
    shutil.copy(laptop.home / "keys.json", tmp_path / "keys.json")
    shutil.rmtree(laptop.home)
    for segment in (second / "changes").glob("0*.log"):
        segment.unlink()

    laptop.home.mkdir(mode=0o700)
    shutil.copy(tmp_path / "keys.json", laptop.home / "keys.json")
    done = laptop.run("restore", str(second))
    assert "已再次删除：1 件" in done.stdout + done.stderr
    assert contacts_of("citizen", database) == kept
    laptop.run("reindex")
    checked = laptop.run("verify", "--full", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def contacts_of(username: str, database: Path) -> int:
    """How many sealed names, telephones and addresses of that person's tickets there are."""
    asked = """select count(*) from kernel_sealed_text t join hotline_ticket h on t.subject = 'ticket:' || h.no
        join kernel_account a on a.id = h.owner_id
        where a.username = ? and t.field in ('caller_name', 'caller_phone', 'address')"""
    with closing(sqlite3.connect(database)) as reader:
        count: int = reader.execute(asked, (username,)).fetchone()[0]
    return count


def erase_as(username: str, url: str) -> None:
    with httpx.Client(base_url=url, timeout=20) as browser:
        for path, sent in (("/sign-in", {"username": username, "password": PASSWORD}), ("/me/data/erase", {})):
            token = re.search(r'name="_csrf" value="([^"]+)"', browser.get(path).text)
            assert token
            answer = browser.post(path, data=sent | {"_csrf": token[1]}, headers={"Origin": url})
            assert answer.status_code == 303, answer.text[-500:]
            for cookie in browser.cookies.jar:  # secure ones that a browser takes to this machine over http, too
                browser.headers["Cookie"] = f"{cookie.name}={cookie.value}"
    assert "/me/data/requests/44-" in answer.headers["location"]
