"""How times, spans and numbers are said (文风): one way in prose, one in tables, one in logs."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from kernel.citytime import CITY

WEEKDAYS = "一二三四五六日"


def day(at: datetime) -> str:
    """11 月 23 日 星期一"""
    local = at.astimezone(CITY)
    return f"{local.month} 月 {local.day} 日 星期{WEEKDAYS[local.weekday()]}"


def day_and_time(at: datetime) -> str:
    """11 月 23 日 星期一 14:26"""
    return f"{day(at)} {at.astimezone(CITY):%H:%M}"


def last_day(bound: datetime) -> str:
    """The day that an exclusive bound ends: 24:00 of Monday is said as Monday."""
    return day(bound - timedelta(microseconds=1))


def date(at: datetime) -> str:
    """2026-11-23, for tables and data"""
    return f"{at.astimezone(CITY):%Y-%m-%d}"


def moment(at: datetime, now: datetime) -> str:
    """11-23 14:26 in logs; with the year when it is another."""
    local = at.astimezone(CITY)
    same_year = local.year == now.astimezone(CITY).year
    return f"{local:%m-%d %H:%M}" if same_year else f"{local:%Y-%m-%d %H:%M}"


def bound(at: datetime, now: datetime) -> str:
    """An end that isn't included, in lists: midnight is said as 12-14 24:00, or it is taken for the day after."""
    if at.astimezone(CITY).time() != time():
        return moment(at, now)
    return moment(at - timedelta(microseconds=1), now)[:-5] + "24:00"


def iso(at: datetime) -> str:
    return at.astimezone(CITY).isoformat(timespec="seconds")


def clock_face(at: datetime) -> str:
    """11 月 23 日 星期一 14:26:08, on a desk's bar"""
    return f"{day(at)} {at.astimezone(CITY):%H:%M:%S}"


def thousands(number: int) -> str:
    return f"{number:,}"


def hash_words(value: bytes) -> str:
    """9f3c 27a1 …: the first eight signs, in fours."""
    text = bytes(value).hex()
    return f"{text[:4]} {text[4:8]}"


def size_of(count: int) -> str:
    """Bytes as people say them: 812 KB, 3.4 MB."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(count // 1024, 1)} KB"


FILTERS: dict[str, Callable[..., str]] = {
    said.__name__: said
    for said in (day, day_and_time, last_day, date, moment, bound, iso, clock_face, thousands, hash_words, size_of)
}
