"""What was put comes back as it was, from the folder of a laptop; what has rotted is named and never given."""

import hashlib
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kernel.errors import TooLarge
from kernel.files import store
from kernel.secrets.envelope import PIECE_BYTES
from kernel.settings import settings

SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 2 * PIECE_BYTES + 5]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "home", tmp_path)
    return tmp_path / "files"


async def sent(data: bytes, block: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), block):
        yield data[start : start + block]


async def read(sha256: str, *places: int) -> bytes:
    return b"".join([piece async for piece in store.opened(sha256, *places)])


def lying(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


async def listed() -> list[str]:
    return [name async for name in store.names()]


@pytest.mark.parametrize("size", SIZES)
async def test_bytes_come_back_as_they_were(size: int) -> None:
    data = os.urandom(size)
    kept = await store.put(sent(data))
    assert (kept.sha256, kept.size) == (hashlib.sha256(data).hexdigest(), size)
    assert await read(kept.sha256) == data


@pytest.mark.parametrize("size", SIZES[1:])
async def test_any_range_is_that_part(size: int) -> None:
    data = os.urandom(size)
    sha256 = (await store.put(sent(data))).sha256
    edges = {0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, size - 1, size, size + 9}
    for start in (edge for edge in edges if edge < size):
        for end in (edge for edge in edges if edge > start):
            assert await read(sha256, start, end) == data[start:end], (start, end)


async def test_the_same_bytes_are_kept_once() -> None:
    await store.put(sent(b"once"))
    await store.put(sent(b"once"))
    assert len(await listed()) == 1


async def test_neither_the_bytes_nor_their_hash_can_be_read_in_the_folder(folder: Path) -> None:
    kept = await store.put(sent("身份证 369900199001011234".encode()))
    files = lying(folder)
    assert [b"369900" in file.read_bytes() for file in files] == [False]
    assert kept.sha256 not in str(files)


async def test_one_byte_too_many_is_refused_and_leaves_nothing(folder: Path) -> None:
    assert (await store.put(sent(b"x" * 1000), size_max=1000)).size == 1000
    before = lying(folder)
    with pytest.raises(TooLarge):
        await store.put(sent(b"x" * 1001), size_max=1000)
    assert lying(folder) == before


async def test_bytes_that_were_announced_otherwise_are_refused(folder: Path) -> None:
    with pytest.raises(store.Differs):
        await store.put(sent(b"this"), sha256=hashlib.sha256(b"that").hexdigest())
    assert await listed() == []


@pytest.mark.parametrize("where", [0.0, 0.3, 0.6, 0.9999])
async def test_a_bit_that_flips_anywhere_is_named_and_nothing_false_is_given(folder: Path, where: float) -> None:
    data = os.urandom(2 * PIECE_BYTES + 5)
    sha256 = (await store.put(sent(data))).sha256
    file = folder / store.name_of(sha256)
    rotten = bytearray(file.read_bytes())
    rotten[int(where * len(rotten))] ^= 1
    file.write_bytes(rotten)
    given = b""
    with pytest.raises(store.Damaged, match=sha256):
        async for piece in store.opened(sha256):
            given += piece
    assert data.startswith(given)
    assert sha256 in await store.check(sha256)
    await store.put(sent(data))
    assert await store.check(sha256) == ""


@pytest.mark.parametrize("left", [0, 40, 3000, PIECE_BYTES])
async def test_a_file_that_was_cut_off_is_named(folder: Path, left: int) -> None:
    sha256 = (await store.put(sent(os.urandom(2 * PIECE_BYTES)))).sha256
    os.truncate(folder / store.name_of(sha256), left)
    with pytest.raises(store.Damaged):
        await read(sha256)


async def test_a_file_that_lies_under_anothers_name_is_not_taken_for_it(folder: Path) -> None:
    one, other = await store.put(sent(b"one")), await store.put(sent(b"two"))
    (folder / store.name_of(one.sha256)).write_bytes((folder / store.name_of(other.sha256)).read_bytes())
    with pytest.raises(store.Damaged):
        await read(one.sha256)


async def test_what_was_never_put_is_missing() -> None:
    with pytest.raises(store.Missing):
        await read("0" * 64)


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file of this process may become larger than 2 MB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_is_an_outage_with_its_own_sentence_and_nothing_half(folder: Path, small_disk: None) -> None:
    with pytest.raises(store.NoRoom, match="已满") as refused:
        await store.put(sent(os.urandom(3_000_000)))
    assert refused.value.status == 503
    assert lying(folder) == []
    assert (await store.put(sent(b"small"))).size == 5
