"""Keys and what is done with them: rows KE of the security reference."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac

from kernel import secrets
from kernel.models import SealedText
from kernel.secrets import cipher, keys, rekeying
from kernel.settings import settings
from tests import servers
from tests.factories import NOW
from tests.faults.test_several_processes import descendants, within
from tests.halls import ROOT, Hall, a_hall

HERE = secrets.Place(subject="ticket:1", place="1:content")


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "keys.json"
    keys.create(file)
    monkeypatch.setattr(settings(), "secret", None)
    monkeypatch.setattr(settings(), "secret_file", file)
    monkeypatch.setattr(rekeying, "SETTLE_S", 0)
    keys.forget()
    yield file
    keys.forget()


def row_place(row: SealedText) -> secrets.Place:
    return row.sealed["ciphertext"](row)


async def sealed_rows(count: int) -> None:
    for number in range(count):
        row = SealedText(subject=f"memo:{number}", seq=1, field="text", salt=bytes(16))
        row.ciphertext = secrets.seal(f"第 {number} 件", **row_place(row))
        await row.save()


async def test_ke02_a_new_key_seals_everything_anew_and_the_old_one_is_destroyed_only_after_proof(
    database: str, key_file: Path
) -> None:
    await sealed_rows(20)
    done = await rekeying.rekey(at=NOW)
    assert (done.current, done.retired) == (2, [1])
    assert done.resealed >= 20
    assert set(await rekeying.used()) == {2}
    await SealedText.filter(subject="memo:7").update(ciphertext=_under(1, "memo:7"))
    with pytest.raises(rekeying.StillNeeded, match="还有 1 处"):
        await rekeying.destroy(1, at=NOW)
    again = await rekeying.rekey(at=NOW)
    assert again.current == 3
    await rekeying.destroy(1, at=NOW)
    assert set(keys.load(key_file).keys) == {2, 3}, "and the file is still its owner's alone, else it wouldn't load"
    rows = await SealedText.filter(subject__startswith="memo:").order_by("id")
    assert [secrets.unseal(row.ciphertext, **row_place(row)) for row in rows[:3]] == [
        "第 0 件", "第 1 件", "第 2 件"
    ]  # fmt: skip


def _under(key: int, subject: str) -> bytes:
    suite = cipher.SUITES[1]
    header, nonce = cipher.HEADER.pack(1, key), os.urandom(12)
    aead = suite.aead(keys.derived(keys.ring().keys[key], f"field:{subject}"))
    return header + nonce + aead.encrypt(nonce, "第 7 件".encode(), header + b"1:text")


async def test_ke02_the_key_in_use_and_a_key_that_is_not_there_are_never_destroyed(
    database: str, key_file: Path
) -> None:
    for number in (1, 5):
        with pytest.raises(rekeying.StillNeeded):
            await rekeying.destroy(number, at=NOW)


async def test_ke02_a_run_that_was_stopped_goes_on_with_the_key_it_had_begun(database: str, key_file: Path) -> None:
    await sealed_rows(5)
    keys.add(key_file)
    keys.ring(anew=True)
    done = await rekeying.rekey(at=NOW)
    assert done.current == 2
    assert set(await rekeying.used()) == {2}


async def test_ke02_what_was_erased_or_written_meanwhile_is_left_as_it_is(database: str, key_file: Path) -> None:
    await sealed_rows(2)
    rows = await SealedText.filter(subject__startswith="memo:").order_by("id")
    keys.add(key_file)
    keys.ring(anew=True)
    await SealedText.filter(id=rows[0].id).delete()
    newer = secrets.seal("新写的", **rows[1].sealed["ciphertext"](rows[1]))
    await SealedText.filter(id=rows[1].id).update(ciphertext=newer)
    assert [await rekeying._reseal(SealedText, row) for row in rows] == [0, 0]
    assert (await SealedText.get(id=rows[1].id)).ciphertext == newer


def test_ke02_killed_in_the_middle_under_a_running_hall_everything_is_readable_and_the_next_run_ends_it(
    tmp_path: Path,
) -> None:
    with a_hall(tmp_path / "home", demo=True) as hall:
        hall.serve()
        agency = hall.token("dispatcher")
        for pause in (1.0, 2.3, 2.6):
            running = hall.begin("rekey")
            time.sleep(pause)
            running.send_signal(signal.SIGKILL)
            running.wait()
            assert _texts(hall, agency), "nothing is closed to its readers meanwhile"
        told = json.loads(hall.run("rekey", "--json").stdout)
        assert told["retired"], told
        assert _texts(hall, agency)
        hall.run("verify", "--full")
        hall.run("rekey", "--destroy", str(told["retired"][0]))
        assert _texts(hall, agency)


def _texts(hall: Hall, headers: dict[str, str]) -> list[str]:
    import httpx

    listed = httpx.get(f"{hall.url}/api/v1/tickets?limit=5", headers=headers).raise_for_status().json()["items"]
    things = [httpx.get(f"{hall.url}/api/v1/tickets/{row['no']}", headers=headers) for row in listed]
    return [thing.raise_for_status().json()["content"] for thing in things]


def test_ke03_no_two_purposes_share_a_key(key_file: Path) -> None:
    ring = keys.ring()
    infos = ["purpose:csrf", "purpose:rates", "purpose:lockouts", "purpose:search cursor", "blind:phone", "field:x"]
    made = {keys.derived(ring.lasting, info) for info in infos} | {keys.derived(ring.keys[1], info) for info in infos}
    assert len(made) == 2 * len(infos)


async def test_ke04_the_texts_of_two_rows_swapped_do_not_open(database: str, key_file: Path) -> None:
    await sealed_rows(2)
    one, two = await SealedText.filter(subject__startswith="memo:").order_by("id")
    one.ciphertext, two.ciphertext = two.ciphertext, one.ciphertext
    for row in (one, two):
        with pytest.raises(InvalidTag):
            secrets.unseal(row.ciphertext, **row_place(row))


def test_ke05_the_index_key_stays_when_the_sealing_key_changes_and_is_no_plain_hash(key_file: Path) -> None:
    before = secrets.blind_index("phone", "13900002206")
    keys.add(key_file)
    keys.ring(anew=True)
    plain = hashes.Hash(hashes.SHA256())
    plain.update(b"13900002206")
    assert secrets.blind_index("phone", "13900002206") == before != plain.finalize()


def test_ke06_sm4_gcm_gives_the_vector_of_rfc_8998() -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    also = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    text = b"".join(bytes([one]) * 8 for one in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15"
        "A56834CBCF98C397B4024A2691233B8D83DE3541E4C2B58177E065A9BF7B62EC"
    )
    aead = cipher.Sm4Gcm(key)
    assert aead.encrypt(nonce, text, also) == sealed
    assert aead.decrypt(nonce, sealed, also) == text
    for broken in (sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:10]):
        with pytest.raises(InvalidTag):
            aead.decrypt(nonce, broken, also)


def test_ke06_sm3_gives_the_vector_of_gb_t_32905() -> None:
    digest = hashes.Hash(keys.HASHES["sm"]())
    digest.update(b"abc")
    assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_ke06_both_suites_stand_behind_one_header_and_open_what_the_other_sealed(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = secrets.seal("市民来电", **HERE)
    monkeypatch.setattr(settings(), "cipher", "sm")
    new = secrets.seal("市民来电", **HERE)
    assert [one[0] for one in (old, new)] == [1, 2]
    assert [secrets.unseal(one, **HERE) for one in (old, new)] == ["市民来电"] * 2
    with pytest.raises(InvalidTag):
        secrets.unseal(bytes([2]) + old[1:], **HERE)


def test_ke06_a_ring_made_for_the_sm_profile_indexes_with_sm3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "secret", None)
    monkeypatch.setattr(settings(), "cipher", "sm")
    monkeypatch.setattr(settings(), "secret_file", tmp_path / "sm.json")
    keys.create(tmp_path / "sm.json")
    keys.forget()
    keyed = hmac.HMAC(keys.derived(keys.ring().lasting, "blind:phone", "sm"), hashes.SM3())
    keyed.update(b"13900002206")
    assert secrets.blind_index("phone", "13900002206") == keyed.finalize()
    keys.forget()


async def test_ke06_rekeying_under_the_sm_profile_leaves_nothing_under_the_other(
    database: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed_rows(3)
    monkeypatch.setattr(settings(), "cipher", "sm")
    await rekeying.rekey(at=NOW)
    rows = await SealedText.all().order_by("id")
    assert {row.ciphertext[0] for row in rows} == {2}
    assert secrets.unseal(rows[0].ciphertext, **row_place(rows[0])) == "第 0 件"


def test_ke09_no_process_of_ours_dumps_its_memory_or_shows_it_to_another(tmp_path: Path) -> None:
    with servers.postgres() as server, servers.redis() as redis:
        told = {"SUNHALL_DATABASE_URL": server.create("hall"), "SUNHALL_REDIS_URL": redis.url}
        with a_hall(tmp_path / "home", demo=False, **told) as hall:
            worker = hall.begin("worker")
            try:
                hall.serve("--workers", "2")
                assert hall.process is not None
                web = [pid for pid in descendants(hall.process.pid) if b"spawn_main" in process(pid, "cmdline")]
                within(20, (hall.home / "worker.beat").exists)
                assert len(web) == 2
                for pid in (hall.process.pid, worker.pid, *web):
                    limits = process(pid, "limits").decode()
                    assert re.search(r"Max core file size +0 +0 ", limits), pid
                    assert re.search(r"Umask:\s+0077", process(pid, "status").decode()), pid
            finally:
                worker.kill()
                worker.wait()


def process(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def test_ke09_a_process_says_of_itself_that_it_is_not_to_be_dumped() -> None:
    get_dumpable = 3  # linux/prctl.h
    code = "import ctypes; from kernel.hardening import close_to_others; get = ctypes.CDLL(None).prctl; "
    code += f"before = get({get_dumpable}); close_to_others(); print(before, get({get_dumpable}))"
    env = os.environ | {"PYTHONPATH": str(ROOT / "platform")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]
