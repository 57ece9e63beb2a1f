"""Passwords: what is taken, what they cost, and the one place where a session begins. Rows AU01, AU03, AU13."""

import ast
import asyncio
import resource

import pytest

from kernel.errors import FormRejected
from kernel.people import passwords
from tests.conftest import ROOT
from tests.test_rules import SOURCES, called, calls

LONG = "长一点的口令 with blanks, " * 3


@pytest.mark.parametrize(("staff", "least"), [(True, 12), (False, 8)])
def test_au01_length_alone_is_asked_for_from_both_ends(staff: bool, least: int) -> None:
    sound = "y7#Kp2!mQz9$Lw"
    passwords.must_be_good(sound[:least], staff=staff, names=())
    passwords.must_be_good(LONG[:64], staff=staff, names=())
    passwords.must_be_good((LONG * 3)[:128], staff=staff, names=())
    for wrong in (sound[: least - 1], (LONG * 3)[:129]):
        with pytest.raises(FormRejected):
            passwords.must_be_good(wrong, staff=staff, names=())


async def test_au01_every_sign_counts_also_the_blank_at_the_end() -> None:
    known = await passwords.hashed(LONG)
    assert await passwords.fits(LONG, known)
    assert not await passwords.fits(LONG.rstrip(), known)
    assert not await passwords.fits(LONG.upper(), known)


async def test_au03_a_password_is_argon2id_of_nineteen_mebibytes_and_eight_at_once_stay_below_sixty_four() -> None:
    known = await passwords.hashed(LONG)
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.outdated(known)
    assert passwords.outdated(known.replace("t=2", "t=1"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert all(await asyncio.gather(*[passwords.fits(LONG, known) for _ in range(8)]))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 64 * 1024, "KiB"


def test_au13_a_session_begins_in_one_place() -> None:
    begun = [
        (file.relative_to(ROOT).as_posix(), call.lineno)
        for file in SOURCES
        for call in calls(file)
        if called(call) in {"create", "bulk_create", "get_or_create", "update_or_create"}
        and ast.unparse(call.func).rpartition(".")[0] == "Session"
    ]
    assert [file for file, _ in begun] == ["platform/kernel/people/sessions.py"]
