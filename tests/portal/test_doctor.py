"""`sunhall doctor` names each problem with what mends it, and nothing where all is well."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.city.ports import free_port
from tests.halls import Hall, a_hall

SEASON = {"工作日历", "磁盘"}  # what the month or this machine's disk may add
FRESH = {"检索索引"}  # the first start builds it


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with a_hall(tmp_path_factory.mktemp("installed") / "hall", demo=False) as hall:
        yield hall.home


@pytest.fixture
def hall(installed: Path, tmp_path: Path) -> Hall:
    """A copy that may be spoiled."""
    shutil.copytree(installed, tmp_path / "hall")
    return Hall(tmp_path / "hall", free_port(), {})


def problems(hall: Hall) -> dict[str, tuple[str, str]]:
    done = hall.run("doctor", "--json", check=False)
    told = {one["part"]: (one["problem"], one["mend"]) for one in json.loads(done.stdout)["problems"]}
    assert done.returncode == (1 if told else 0)
    assert all(problem and mend for problem, mend in told.values())
    return {part: said for part, said in told.items() if part not in SEASON | FRESH}


def no_key(hall: Hall) -> None:
    (hall.home / "keys.json").unlink()


def open_key(hall: Hall) -> None:
    (hall.home / "keys.json").chmod(0o644)


def spoiled_key(hall: Hall) -> None:
    (hall.home / "keys.json").write_text("{}")


def open_home(hall: Hall) -> None:
    hall.home.chmod(0o755)


def no_database(hall: Hall) -> None:
    (hall.home / "hall.db").unlink()


def old_database(hall: Hall) -> None:
    with sqlite3.connect(hall.home / "hall.db") as database:
        database.execute("DELETE FROM tortoise_migrations WHERE app = 'search'")


def spoiled_database(hall: Hall) -> None:
    for file in hall.home.glob("hall.db*"):
        file.write_bytes(b"not a database at all" * 100)


def clock_behind(hall: Hall) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat(sep=" ")
    with sqlite3.connect(hall.home / "hall.db") as database:
        database.execute(
            "INSERT INTO kernel_event (topic, subject, seq, at) VALUES ('memo.told', 'memo:1', 1, ?)", (later,)
        )


def no_administrator(hall: Hall) -> None:
    with sqlite3.connect(hall.home / "hall.db") as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("UPDATE kernel_account SET username = 'gone' WHERE username = 'auditor'")


def no_redis(hall: Hall) -> None:
    hall.more["SUNHALL_REDIS_URL"] = "redis://127.0.0.1:1/0"


def slip_of_the_pen(hall: Hall) -> None:
    hall.more["SUNHALL_PUBLICURL"] = "https://hall.example.gov.cn"


def demo_password_in_public(hall: Hall) -> None:
    """A hall that is open to the world has a gateway, too: without one that would be said as well."""
    secret = hall.home / "sms.key"
    secret.write_text("the gateway's key\n")
    hall.more |= {
        "SUNHALL_PUBLIC_URL": "https://hall.example.gov.cn", "SUNHALL_SMS_URL": "https://sms.example.gov.cn/send",
        "SUNHALL_SMS_SECRET_FILE": str(secret), "SUNHALL_OUTGOING_HOSTS": '["sms.example.gov.cn"]',
    }  # fmt: skip


def test_a_hall_in_order_has_no_problem(hall: Hall) -> None:
    hall.home.chmod(0o700)
    assert problems(hall) == {}


@pytest.mark.parametrize(
    ("spoil", "part", "mend"),
    [
        (no_key, "密钥", "sunhall init"),
        (open_key, "密钥", "chmod 600"),
        (spoiled_key, "密钥", "副本"),
        (open_home, "数据目录", "chmod 700"),
        (no_database, "数据库", "sunhall init"),
        (old_database, "数据库", "sunhall init"),
        (spoiled_database, "数据库", "核对"),
        (clock_behind, "时钟", "时间同步"),
        (no_administrator, "管理员", "sunhall init"),
        (no_redis, "Redis", "redis-server"),
        (slip_of_the_pen, "设置", "docs/settings.md"),
        (demo_password_in_public, "演示帐号", "SUNHALL_DEMO_PASSWORD"),
    ],
)
def test_each_problem_is_named_alone_with_what_mends_it(
    hall: Hall, spoil: Callable[[Hall], None], part: str, mend: str
) -> None:
    hall.home.chmod(0o700)
    spoil(hall)
    found = problems(hall)
    assert set(found) == {part}
    assert mend in found[part][1]
