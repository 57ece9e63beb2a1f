"""What is sealed opens only where it was sealed, by whom holds the key; what is looked up is never kept."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from kernel import secrets
from kernel.secrets import cipher, keys
from kernel.secrets.keys import KeyFileUnfit, KeyRing
from kernel.settings import settings

HERE = {"subject": "ticket:1", "place": "caller_phone"}


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A ring in a file instead of the tests' own secret."""
    file = tmp_path / "keys.json"
    keys.create(file)
    monkeypatch.setattr(settings(), "secret", None)
    monkeypatch.setattr(settings(), "secret_file", file)
    keys.forget()
    yield file
    keys.forget()


@given(st.text(max_size=500))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert secrets.unseal(secrets.seal(text, **HERE), **HERE) == text


def test_the_same_text_is_never_sealed_alike_and_stands_nowhere_in_it() -> None:
    sealed = {secrets.seal("13900002206", **HERE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"13900002206" in one for one in sealed)


@pytest.mark.parametrize("other", [{"subject": "ticket:2"}, {"place": "caller_name"}])
def test_ke04_a_ciphertext_that_was_moved_does_not_open(other: dict[str, str]) -> None:
    with pytest.raises(InvalidTag):
        secrets.unseal(secrets.seal("张三", **HERE), **(HERE | other))


@given(st.integers(0, 59), st.integers(1, 255))
def test_ke04_a_ciphertext_that_was_changed_anywhere_does_not_open(place: int, change: int) -> None:
    sealed = bytearray(secrets.seal("江北区云谷路 66 号", **HERE))
    sealed[place % len(sealed)] ^= change
    with pytest.raises((InvalidTag, ValueError)):
        secrets.unseal(bytes(sealed), **HERE)


def test_a_new_key_seals_and_the_old_one_still_opens(key_file: Path) -> None:
    old = secrets.seal("旧", **HERE)
    index, token = secrets.blind_index("phone", "13900002206"), secrets.derive("csrf")
    keys.add(key_file)
    keys.ring(anew=True)

    new = secrets.seal("新", **HERE)
    assert [cipher.key_of(one) for one in (old, new)] == [1, 2]
    assert [secrets.unseal(one, **HERE) for one in (old, new)] == ["旧", "新"]
    assert secrets.blind_index("phone", "13900002206") == index, "who called before is still found"
    assert secrets.derive("csrf") == token, "a form that is open may still be sent"


def test_what_another_process_sealed_under_a_new_key_opens_at_once(key_file: Path) -> None:
    secrets.seal("旧", **HERE)
    before = keys.ring()
    keys.add(key_file)
    keys.ring(anew=True)
    sealed = secrets.seal("新", **HERE)
    keys._kept[0].ring, keys._kept[0].seen = before, (0, 0)  # as a process that hasn't looked since
    assert secrets.unseal(sealed, **HERE) == "新"


def test_a_key_that_is_gone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = secrets.seal("张三", **HERE)
    monkeypatch.setattr(keys, "ring", lambda **_: KeyRing(9, {9: bytes(32)}, bytes(32)))
    with pytest.raises(ValueError, match="key 1: unknown"):
        secrets.unseal(sealed, **HERE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o700 | 0o077])
def test_ke01_a_key_file_that_others_can_read_is_no_start(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(KeyFileUnfit, match="chmod 600"):
        keys.ring(anew=True)


def test_a_new_key_file_is_its_owners_alone_and_never_written_over(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.stat().st_uid == os.geteuid()
    with pytest.raises(FileExistsError):
        keys.create(key_file)


def test_what_is_looked_up_is_no_hash_that_anybody_could_make() -> None:
    index = secrets.blind_index("phone", "13900002206")
    assert index != hashlib.sha256(b"13900002206").digest()
    assert index == secrets.blind_index("phone", "13900002206")
    assert index != secrets.blind_index("query_code", "13900002206"), "each purpose has its own key"


def test_ke03_every_purpose_has_a_key_of_its_own() -> None:
    labels = ("csrf", "cursor", "rates", "lockouts")
    assert len({secrets.derive(label) for label in labels}) == len(labels)
