"""Files on their way in and out: whole, in parts, through a form, by a signed link."""

import asyncio
import hashlib
import html
import io
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from httpx import AsyncClient, Response
from PIL import Image

from kernel import outbox
from kernel.edge import csrf
from kernel.files import actions, keeping, queries, store
from kernel.files.models import Attachment, File, Upload
from kernel.models import Event
from kernel.permissions import ANONYMOUS
from kernel.settings import settings
from kernel.upkeep.models import Alarm
from portal import checks, watching
from portal.modules import MODULES
from tests.conftest import SECRET, Client
from tests.factories import CITIZEN, LIAISON, NEIGHBOUR, NOW, OPERATOR
from tests.kernel.test_files_recognise import picture
from tests.servers import S3

PART = 65_536
_buckets = count(1)
TEXT = b"2026-11-19 18:00 no water\n" * 10_000


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "home", tmp_path)
    return tmp_path


def ours() -> dict[str, str]:
    return {"X-Csrf-Token": csrf.token(SECRET)}


async def sent(client: AsyncClient, data: bytes = TEXT, name: str = "a.txt", key: str = "") -> Response:
    return await client.post(
        "/api/v1/files",
        files={"file": (name, data)},
        data={"slot": "ticket"},
        headers=ours() | ({"Idempotency-Key": key} if key else {}),
    )


async def test_a_file_is_kept_and_its_uploader_reads_it_again(signed_in: Client) -> None:
    client = signed_in(CITIZEN)
    answer = await sent(client)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["sha256"], told["size"]) == (hashlib.sha256(TEXT).hexdigest(), len(TEXT))
    assert len(bytes.fromhex(told["file"])) * 8 >= 128
    assert (await client.get(f"/files/{told['file']}")).content == TEXT
    assert await Event.filter(topic="file.added", subject=f"file:{told['file']}").count() == 1


async def test_one_key_is_one_file(signed_in: Client) -> None:
    client = signed_in(CITIZEN)
    first, second = [await sent(client, key="k1") for _ in range(2)]
    assert first.json() == second.json()
    assert await File.all().count() == 1
    assert (await sent(client, b"other", key="k1")).status_code == 409


async def test_a_file_in_parts_goes_on_where_it_was_and_a_part_twice_is_one(signed_in: Client) -> None:
    client = signed_in(CITIZEN)
    wanted = {"name": "a.txt", "size": len(TEXT), "sha256": hashlib.sha256(TEXT).hexdigest(), "slot": "ticket"}
    begun = (await client.post("/api/v1/files/uploads", json=wanted)).json()
    at = f"/api/v1/files/uploads/{begun['upload']}"
    raw = {"Content-Type": "application/octet-stream"}
    for _ in range(2):
        answer = await client.put(f"{at}?offset=0", content=TEXT[:PART], headers=raw)
        assert answer.json()["received"] == PART
    wrong = await client.put(f"{at}?offset={2 * PART}", content=TEXT[:PART], headers=raw)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (409, "wrong_offset")
    assert str(PART) in wrong.json()["error"]["text"]
    other = await client.put(f"{at}?offset=0", content=b"x" * PART, headers=raw)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "other_part")
    early = await client.post(f"{at}/complete", json={})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "unfinished")
    received = (await client.get(at)).json()["received"]
    while received < len(TEXT):
        part = TEXT[received : received + PART]
        received = (await client.put(f"{at}?offset={received}", content=part, headers=raw)).json()["received"]
    told = [await client.post(f"{at}/complete", json={}) for _ in range(2)]
    assert [answer.status_code for answer in told] == [201, 201]
    assert told[0].json() == told[1].json()
    assert (await client.get(f"/files/{told[0].json()['file']}")).content == TEXT
    assert [path for path in store.spool().rglob("*") if path.is_file()] == []


async def test_an_upload_whose_part_lies_on_another_machine_or_is_gone_is_refused_not_shortened(
    signed_in: Client,
) -> None:
    client, raw = signed_in(CITIZEN), {"Content-Type": "application/octet-stream"}
    wanted = {"name": "a.txt", "size": len(TEXT), "slot": "ticket"}
    begun = (await client.post("/api/v1/files/uploads", json=wanted)).json()
    at = f"/api/v1/files/uploads/{begun['upload']}"
    for start in range(0, len(TEXT), PART):
        await client.put(f"{at}?offset={start}", content=TEXT[start : start + PART], headers=raw)
    max(store.spool().rglob("*.part")).unlink()
    answer = await client.post(f"{at}/complete", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "unfinished")
    assert await File.all().count() == 0


async def test_another_persons_upload_is_not_found(signed_in: Client) -> None:
    wanted = {"name": "a.txt", "size": 5, "slot": "ticket"}
    begun = (await signed_in(CITIZEN).post("/api/v1/files/uploads", json=wanted)).json()
    answer = await signed_in(NEIGHBOUR).get(f"/api/v1/files/uploads/{begun['upload']}")
    assert answer.status_code == 404


async def test_nobody_sends_files_from_elsewhere_or_without_an_open_form(signed_in: Client) -> None:
    answer = await signed_in(CITIZEN).post("/api/v1/files", files={"file": ("a.txt", TEXT)})
    assert answer.status_code == 403
    nobody, token = signed_in(ANONYMOUS), {"X-Csrf-Token": csrf.token(b"anonymous")}
    assert (await nobody.post("/api/v1/files", files={"file": ("a.txt", TEXT)}, headers=token)).status_code == 401
    key = token | {"X-Form-Key": "k" * 22}
    everywhere = {"file": ("a.txt", TEXT)}
    assert (await nobody.post("/api/v1/files", files=everywhere, headers=key)).status_code == 401
    with_slot = await nobody.post("/api/v1/files", files=everywhere, data={"slot": "ticket"}, headers=key)
    assert with_slot.status_code == 201
    assert (await nobody.get(f"/files/{with_slot.json()['file']}")).status_code == 404


async def test_a_range_is_read_alone_and_nonsense_is_the_whole(signed_in: Client) -> None:
    client = signed_in(CITIZEN)
    no = (await sent(client)).json()["file"]
    part = await client.get(f"/files/{no}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, TEXT[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(TEXT)}"
    last = await client.get(f"/files/{no}", headers={"Range": "bytes=-5"})
    assert last.content == TEXT[-5:]
    assert (await client.get(f"/files/{no}", headers={"Range": "bytes=0-1,5-9"})).status_code == 200
    beyond = await client.get(f"/files/{no}", headers={"Range": f"bytes={len(TEXT)}-"})
    assert beyond.status_code == 416


async def test_what_nothing_needed_is_gone_after_two_days_and_the_same_bytes_elsewhere_stay(
    signed_in: Client,
) -> None:
    mine, theirs = [(await sent(signed_in(who))).json() for who in (CITIZEN, NEIGHBOUR)]
    await File.filter(no=mine["file"]).update(uploaded_at=NOW - timedelta(days=3))
    assert await keeping.clear_unattached(NOW - actions.LIFE, 100) == 1
    assert await queries.by_no(mine["file"]) is None
    assert await store.exists(theirs["sha256"])
    await File.filter(no=theirs["file"]).update(uploaded_at=NOW - timedelta(days=3))
    await keeping.clear_unattached(NOW - actions.LIFE, 100)
    assert not await store.exists(theirs["sha256"])


@pytest.mark.parametrize("place", ["folder", "bucket"])
async def test_bytes_that_a_crash_left_without_a_row_are_swept_after_a_day_and_no_others(
    place: str, signed_in: Client, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "bucket":
        gateway: S3 = request.getfixturevalue("s3")
        for name, value in gateway.bucket(f"orphans-{next(_buckets)}").items():
            monkeypatch.setattr(settings(), name, value)
    kept = (await sent(signed_in(CITIZEN))).json()

    async def left() -> AsyncIterator[bytes]:
        yield b"bytes without a row"

    lost = await store.put(left())
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert await keeping.clear_orphans(later - keeping.GRACE, 100) == 0, "it may be on its way to its row"
    assert await keeping.orphans(later) == [store.name_of(lost.sha256)]
    assert await keeping.clear_orphans(later, 100) == 1
    assert not await store.exists(lost.sha256)
    assert await store.exists(kept["sha256"])


async def test_what_lists_the_whole_store_is_asked_once_a_night_and_its_alarm_stands_in_between(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "database_url", database)

    async def left() -> AsyncIterator[bytes]:
        yield b"bytes that nobody has swept"

    name = store.name_of((await store.put(left())).sha256)
    old = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    os.utime(store.spool().parent / name, (old, old))
    lost = Alarm.filter(part="附件的记录", cleared_at=None)

    await watching.watch({})
    assert not await lost.exists(), "not asked every five minutes"
    assert await watching.watch_nightly({}) == 1
    await watching.watch({})
    assert [alarm.problem for alarm in await lost] == ["有 1 个文件的内容没有记录"]
    assert "附件的记录" in {part for part, *_ in await checks.nightly(MODULES)}, "and by sunhall doctor"
    await store.remove(name)
    assert await watching.watch_nightly({}) == 0
    assert not await lost.exists()


async def test_an_unfinished_upload_is_swept_with_its_parts(signed_in: Client) -> None:
    client = signed_in(CITIZEN)
    wanted = {"name": "a.txt", "size": len(TEXT), "slot": "ticket"}
    begun = (await client.post("/api/v1/files/uploads", json=wanted)).json()
    await client.put(
        f"/api/v1/files/uploads/{begun['upload']}?offset=0", content=TEXT[:PART],
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    assert list(store.spool().rglob("*.part")) != []
    await Upload.filter(no=begun["upload"]).update(began_at=NOW - timedelta(days=3))
    assert await keeping.clear_uploads(NOW - actions.LIFE, 100) == 1
    assert list(store.spool().rglob("*.part")) == []


async def test_two_at_once_of_the_same_bytes_are_two_files_kept_once(signed_in: Client) -> None:
    answers = await asyncio.gather(*(sent(signed_in(who)) for who in (CITIZEN, NEIGHBOUR, OPERATOR, LIAISON)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len([name async for name in store.names()]) == 1


FIELDS = {"type": "help", "title": "小区停水两天", "content": "云谷家园 7 号楼停水两天", "secrecy": "plain"}
CODE = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}")
NO = re.compile(r"12345-\d{8}-\d{6}-\d")


async def file_form(client: AsyncClient, **more: str) -> dict[str, str]:
    page = (await client.get("/hotline/file")).text
    hidden = {name: re.findall(f'name="{name}" value="([^"]*)"', page)[0] for name in ("_csrf", "_key", "_files_key")}
    return FIELDS | hidden | more


async def test_a_form_without_script_brings_files_and_who_has_number_and_code_sees_them(signed_in: Client) -> None:
    client = signed_in(ANONYMOUS)
    typed, photo = await file_form(client), picture("PNG")
    sending = [("_files", ("门口.png", photo)), ("_files", ("经过.txt", b"18:00"))]
    filed = await client.post("/hotline/file", data=typed, files=sending)
    assert filed.status_code == 200, filed.text
    no, code = NO.findall(filed.text)[0], CODE.findall(filed.text)[0]
    again = await client.post("/hotline/file", data=typed, files=sending)
    assert NO.findall(again.text)[0] == no, "a double click is one ticket"
    files = (await queries.of([f"ticket:{no}"]))[f"ticket:{no}"]
    assert [file.name for file in files] == ["门口.png", "经过.txt"]
    assert (await client.get(f"/files/{files[0].no}")).status_code == 404
    while await outbox.deliver(worker="w", now=lambda: datetime.now(UTC)):
        pass  # the picture is made anew for others
    track = {"_csrf": typed["_csrf"], "no": no, "code": code}
    page = (await client.post("/hotline/track", data=track)).text
    assert "门口.png" in page
    assert "未查毒" in page
    signed = html.unescape(re.findall(r'<img src="([^"]+)"', page)[0])
    seen, sent_one = Image.open(io.BytesIO((await client.get(signed)).content)), Image.open(io.BytesIO(photo))
    assert seen.size == sent_one.size
    assert (await client.get(signed.replace("sig=", "sig=0"))).status_code == 404
    assert (await client.get(re.sub(r"until=\d+", "until=9999999999", signed))).status_code == 404
    assert (await signed_in(CITIZEN).get(signed)).status_code == 404, "it is bound to the session"
    desk = (await signed_in(OPERATOR).get(f"/hotline/tickets/{no}")).text
    assert "经过.txt" in desk


async def test_a_refused_form_keeps_the_files_that_came_with_it(signed_in: Client) -> None:
    client = signed_in(ANONYMOUS)
    typed = await file_form(client, title="停")
    refused = await client.post("/hotline/file", data=typed, files=[("_files", ("a.txt", b"18:00"))])
    assert refused.status_code == 422
    kept = re.findall(r'name="_file" value="(\w+)" checked', refused.text)
    assert len(kept) == 1
    again = await file_form(client, _file=kept[0])
    assert (await client.post("/hotline/file", data=again)).status_code == 200
    assert await Attachment.all().count() == 0, "another form's key doesn't open it"
    mine = await file_form(client, _file=kept[0], _files_key=typed["_files_key"])
    assert (await client.post("/hotline/file", data=mine)).status_code == 200
    assert await Attachment.all().count() == 1


async def test_six_files_or_a_program_among_them_are_refused_with_a_sentence(signed_in: Client) -> None:
    client = signed_in(CITIZEN)
    many = [("_files", (f"{n}.txt", b"18:00")) for n in range(6)]
    refused = await client.post("/hotline/file", data=await file_form(client), files=many)
    assert refused.status_code == 422
    assert "最多 5 个文件" in refused.text
    refused = await client.post("/hotline/file", data=await file_form(client), files=[("_files", ("a.exe", b"MZ"))])
    assert refused.status_code == 415
    assert FIELDS["content"] in refused.text, "what was typed is kept"
    assert await File.all().count() == 0


async def test_an_operator_registers_with_a_file(signed_in: Client) -> None:
    client = signed_in(OPERATOR)
    page = (await client.get("/hotline/new")).text
    hidden = {name: re.findall(f'name="{name}" value="([^"]*)"', page)[0] for name in ("_csrf", "_key", "_files_key")}
    typed = FIELDS | hidden | {"urgency": "normal", "channel": "phone", "then": "propose"}
    looked = await client.post("/hotline/new", data=typed, files=[("_files", ("a.txt", b"18:00"))])
    kept = re.findall(r'name="_file" value="(\w+)" checked', looked.text)
    done = await client.post("/hotline/new", data=typed | {"then": "register", "_file": kept[0]})
    no = NO.findall(done.text)[0]
    assert [file.no for file in (await queries.of([f"ticket:{no}"]))[f"ticket:{no}"]] == kept
