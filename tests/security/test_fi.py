"""The rows FI of the specification: files that people send."""

import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from kernel.edge import csrf
from kernel.files import store
from kernel.files.arriving import Arriving
from kernel.files.models import Attachment, File
from kernel.permissions import ANONYMOUS
from kernel.settings import settings
from tests.conftest import SECRET, Client
from tests.factories import CITIZEN, LIAISON, NEIGHBOUR, OPERATOR
from tests.kernel.test_files_recognise import picture

DYING = """
import asyncio, os, signal
from kernel.files import store

async def source():
    yield b"x" * 3_000_000
    if {point!r} == "while it arrives":
        os.kill(os.getpid(), signal.SIGKILL)

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if {point!r} == "before the rename":
    store._rename = die
asyncio.run(store.put(source()))
die()
"""


async def sent(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_fi03_only_our_hash_makes_the_path_and_nobody_else_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "home", tmp_path)
    before = os.umask(0)
    try:
        kept = await store.put(sent(b"x"))
    finally:
        os.umask(before)
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "files").rglob("*")}
    name = store.name_of(kept.sha256)
    assert set("0123456789abcdef/") >= set(name)
    assert {str(path.relative_to(tmp_path / "files")): oct(mode) for path, mode in found.items()} == {
        "spool": "0o700", name.split("/")[0]: "0o700", name: "0o600",
    }  # fmt: skip


@pytest.mark.parametrize("point", ["while it arrives", "before the rename", "after the rename"])
async def test_fi06_a_process_that_is_killed_leaves_all_or_nothing_and_fi07_its_spool_is_emptied(
    point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "home", tmp_path)
    env = os.environ | {"SUNHALL_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", DYING.format(point=point)], env=env, timeout=60, check=False)  # noqa: ASYNC221
    assert done.returncode == -signal.SIGKILL
    whole = hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert [name async for name in store.names()] == ([store.name_of(whole)] if point == "after the rename" else [])
    store.empty_spool()
    assert not any((tmp_path / "files" / store.SPOOL).iterdir())


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "home", tmp_path)
    return tmp_path


def left_in(home: Path) -> list[Path]:
    return [path for path in (home / "files").rglob("*") if path.is_file()]


async def upload(client: AsyncClient, data: bytes, name: str = "a.txt") -> Response:
    return await client.post(
        "/api/v1/files",
        files={"file": (name, data)},
        data={"slot": "ticket"},
        headers={"X-Csrf-Token": csrf.token(SECRET)},
    )


async def test_fi02_a_file_may_have_its_limit_and_not_one_byte_more(
    signed_in: Client, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "upload_bytes_max", 100_000)
    client = signed_in(CITIZEN)
    assert (await upload(client, b"x" * 100_000)).status_code == 201
    over = await upload(client, b"x" * 100_001)
    assert (over.status_code, over.json()["error"]["code"]) == (413, "too_large")
    begun = await client.post("/api/v1/files/uploads", json={"name": "a.txt", "size": 100_001})
    assert begun.status_code == 413
    assert await File.all().count() == 1


async def test_fi02_a_person_may_send_so_much_a_day_and_not_one_byte_more(
    signed_in: Client, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "upload_day_bytes_max", 5_000)
    client = signed_in(CITIZEN)
    assert (await upload(client, b"x" * 3_000)).status_code == 201
    assert (await upload(client, b"y" * 2_001)).status_code == 429
    begun = await client.post("/api/v1/files/uploads", json={"name": "a.txt", "size": 2_000})
    assert begun.status_code == 201, "what is announced counts, too"
    assert (await upload(client, b"z")).status_code == 429
    assert (await upload(signed_in(NEIGHBOUR), b"z")).status_code == 201, "another's day is their own"
    await File.all().update(uploaded_at=datetime.now(UTC) - timedelta(hours=25))
    assert (await upload(client, b"y" * 3_000)).status_code == 201, "a day later"


NAMES = ["a\r\nSet-Cookie: x=1.png", 'a"; filename="b.html.png', "a;b=c.png", "停水 照片.png", "../../etc/passwd.png"]


@pytest.mark.parametrize("name", NAMES)
async def test_fi04_a_name_ends_neither_the_header_nor_its_quotes(
    signed_in: Client, own_place: Path, name: str
) -> None:
    client, data = signed_in(CITIZEN), picture("PNG")
    begun = await client.post("/api/v1/files/uploads", json={"name": name, "size": len(data)})
    if begun.status_code == 422:
        assert "\r" in name, "controls are refused at the door"
        return
    at = f"/api/v1/files/uploads/{begun.json()['upload']}"
    await client.put(f"{at}?offset=0", content=data, headers={"Content-Type": "application/octet-stream"})
    no = (await client.post(f"{at}/complete", json={})).json()["file"]
    answer = await client.get(f"/files/{no}")
    told = answer.headers["content-disposition"]
    assert re.fullmatch(r"inline; filename=\"[A-Za-z0-9 ._-]+\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+", told), told
    assert "set-cookie" not in answer.headers


async def test_fi04_what_is_no_picture_is_saved_and_nothing_in_it_is_run(signed_in: Client, own_place: Path) -> None:
    client = signed_in(CITIZEN)
    no = (await upload(client, b"hello")).json()["file"]
    answer = await client.get(f"/files/{no}")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_fi06_a_form_that_was_cut_off_leaves_nothing(signed_in: Client, own_place: Path) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + b"x" * 200_000
    sending = {"Content-Type": "multipart/form-data; boundary=b", "X-Csrf-Token": csrf.token(SECRET)}
    answer = await signed_in(CITIZEN).post("/api/v1/files", content=body, headers=sending)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
    assert await File.all().count() == 0
    assert left_in(own_place) == []


async def test_fi06_bytes_swept_while_the_row_was_on_its_way_are_put_there_again(
    signed_in: Client, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweeper takes the bytes between `put` and the row: the worst moment, made to happen."""
    put, swept = store.put, list[str]()

    async def then_swept(*given: object, **named: object) -> store.Kept:
        kept = await put(*given, **named)  # type: ignore[arg-type]
        if not swept:
            swept.append(kept.sha256)
            await store.remove(store.name_of(kept.sha256))
        return kept

    monkeypatch.setattr(store, "put", then_swept)
    told = (await upload(signed_in(CITIZEN), b"hello")).json()
    assert swept == [told["sha256"]]
    assert await store.check(told["sha256"]) == ""


async def test_fi07_what_arrives_has_no_name_anywhere_and_its_parts_are_sealed(
    signed_in: Client, own_place: Path
) -> None:
    arriving = Arriving("a.txt", 10_000_000)
    await arriving.write(b"the canary sings" * 100_000)
    assert left_in(own_place) == []
    arriving.close()
    client = signed_in(CITIZEN)
    begun = (await client.post("/api/v1/files/uploads", json={"name": "a.txt", "size": 100_000})).json()
    await client.put(
        f"/api/v1/files/uploads/{begun['upload']}?offset=0", content=b"the canary sings" * 5_000,
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    found = left_in(own_place)
    assert len(found) == 1
    assert b"canary" not in found[0].read_bytes()
    assert stat.S_IMODE(found[0].stat().st_mode) == 0o600


async def test_ac07_a_file_is_readable_iff_one_thing_it_hangs_on_is(signed_in: Client, own_place: Path) -> None:
    citizen = signed_in(CITIZEN)
    no = (await upload(citizen, b"hello")).json()["file"]
    for other in (NEIGHBOUR, OPERATOR, ANONYMOUS):
        assert (await signed_in(other).get(f"/files/{no}")).status_code == 404, "nobody's but the uploader's"
    wanted = {"channel": "web", "type": "help", "title": "小区停水两天", "content": "云谷家园停水两天", "files": [no]}
    created = await citizen.post("/api/v1/tickets", json=wanted)
    assert created.status_code == 201, created.text
    assert [one["file"] for one in created.json()["attachments"]] == [no]
    for who, status in ((CITIZEN, 200), (OPERATOR, 200), (NEIGHBOUR, 404), (ANONYMOUS, 404), (LIAISON, 404)):
        assert (await signed_in(who).get(f"/files/{no}")).status_code == status, who.name


async def test_ac07_knowing_a_hash_or_a_number_gives_nothing(signed_in: Client, own_place: Path) -> None:
    told = (await upload(signed_in(CITIZEN), b"hello")).json()
    neighbour = signed_in(NEIGHBOUR)
    for known in (told["sha256"], told["sha256"][:32], told["file"], store.name_of(told["sha256"]).replace("/", "")):
        assert (await neighbour.get(f"/files/{known}")).status_code == 404
    wanted = {
        "channel": "web",
        "type": "help",
        "title": "小区停水两天",
        "content": "云谷家园停水两天",
        "files": [told["file"]],
    }
    assert (await neighbour.post("/api/v1/tickets", json=wanted)).status_code == 404
    assert await Attachment.all().count() == 0
    claimed = {"name": "a.txt", "size": 5, "sha256": told["sha256"]}
    begun = (await neighbour.post("/api/v1/files/uploads", json=claimed)).json()
    assert begun["received"] == 0
    assert (await neighbour.post(f"/api/v1/files/uploads/{begun['upload']}/complete", json={})).status_code == 409
