"""Passwords (口令): argon2id, two at a time; the same work for an account that doesn't exist."""

import asyncio
import re
import secrets as entropy
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from kernel.errors import FormRejected
from kernel.settings import settings

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES, AT_ONCE = 19_456, 2, 1, 2
STAFF_CHARS_MIN, CITIZEN_CHARS_MIN, CHARS_MAX = 12, 8, 128
FIRST_BYTES = 12  # 96 bits
COMMON = frozenset(  # what everybody tries first
    {
        "123456789012", "111111111111", "000000000000", "1234567890ab",
        "abcd12345678", "password1234", "passwordpassword",
        "qwertyuiop12", "qwerty123456", "1qaz2wsx3edc", "1q2w3e4r5t6y", "admin1234567", "administrator", "adminadmin12",
        "88888888", "12345678", "123456789", "1234567890", "11111111", "00000000", "66666666",
        "password", "password1", "iloveyou", "qwertyui", "abc12345", "a1234567", "woaini1314",
        "5201314520", "147258369", "987654321", "1qaz2wsx", "q1w2e3r4", "zxcvbnm123", "asdfghjkl",
        "sunhall12345",
    }
)  # fmt: skip
WORDS = (  # what is put together when a longer one is asked for
    "password", "passwd", "administrator", "admin", "root", "user", "guest", "test", "welcome", "login", "letmein",
    "qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "asdf", "zxcvbnm", "zxcvbn", "iloveyou", "woaini", "dragon",
    "monkey",
    "master", "sunshine", "princess", "football", "baseball", "superman", "batman", "shadow", "trustno", "secret",
    "changeme", "default", "system", "server", "oracle", "huawei", "china", "zhongguo", "beijing", "nihao", "wang",
    "zhang",
    "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "qaz", "wsx", "edc", "q1w2e3r4t5y6", "q1w2e3r4", "1q2w3e4r", "5t6y",
    "520", "1314", "p@ssw0rd", "passw0rd",
)  # fmt: skip
ROWS = "01234567890 abcdefghijklmnopqrstuvwxyz qwertyuiop asdfghjkl zxcvbnm"
EASY = "|".join([*sorted(map(re.escape, WORDS), key=len, reverse=True), r"(?:19|20)\d\d", r"(.)\1\1+"])
GUESSED = re.compile(EASY)
OWN_SIGNS_MIN = 4
CLASSES, CLASSES_MIN = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum()), 3
CHANGED_EVERY = timedelta(days=90)
_room: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


async def hashed(password: str) -> str:
    async with _place():
        return await asyncio.to_thread(_hasher().hash, password)


async def fits(password: str, known: str) -> bool:
    """Against nobody's hash it takes as long as against somebody's, and never fits."""
    from argon2.exceptions import VerificationError

    async with _place():
        try:
            fitting = await asyncio.to_thread(_hasher().verify, known or _nobodys(), password)
        except VerificationError:
            return False
    return bool(fitting and known)


def outdated(known: str) -> bool:
    return bool(_hasher().check_needs_rehash(known))


def first() -> str:
    """A first or reset password: random, shown once."""
    return entropy.token_urlsafe(FIRST_BYTES)


def must_be_good(password: str, *, staff: bool, names: tuple[str, ...]) -> None:
    """Any signs, long enough, not common, not made of what everybody knows about the account."""
    least = STAFF_CHARS_MIN if staff else CITIZEN_CHARS_MIN
    problem = ""
    if len(password) < least:
        problem = f"新口令至少 {least} 个字符，可以是一句话。"
    elif len(password) > CHARS_MAX:
        problem = f"新口令最多 {CHARS_MAX} 个字符。"
    elif password.lower() in COMMON or len({*own_signs(password)}) < OWN_SIGNS_MIN:
        problem = "这个口令太常见，请换一个。"
    else:
        city = settings().city_name
        known = ("sunhall", settings().hall_name, city, city.removesuffix("市"), *names)
        found = next((name for name in known if len(name) > 1 and name.lower() in password.lower()), "")
        problem = f"新口令里不要出现“{found}”这样容易猜到的内容。" if found else ""
    if not problem and settings().by_dengbao3:
        kinds = sum(any(map(kind, password)) for kind in CLASSES)
        problem = "" if kinds >= CLASSES_MIN else "新口令须含大写字母、小写字母、数字、其他符号中的三种。"
    if problem:
        raise FormRejected({"new": problem})


def own_signs(password: str) -> str:
    """What is left of it without the words, years, rows and repetitions that everybody tries."""
    left = GUESSED.sub("", password.lower())
    for row in ROWS.split():
        for walk in (row, row[::-1]):
            for size in range(len(walk), 2, -1):
                for first in range(len(walk) - size + 1):
                    left = left.replace(walk[first : first + size], "")
    return left


def too_old(changed_at: datetime, at: datetime) -> bool:
    """Only the profile `dengbao3` asks for a change by age (GB/T 22239-2019 8.1.4.1 a); ASVS 6.2.10 forbids it."""
    return settings().by_dengbao3 and at - changed_at > CHANGED_EVERY


def _place() -> asyncio.Semaphore:
    return _room.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobodys() -> str:
    return str(_hasher().hash(entropy.token_urlsafe(32)))
