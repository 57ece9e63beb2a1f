"""The command line as a person types it: what it does, what it says, how it ends."""

import json
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from portal.city.ports import free_port
from tests.halls import Hall, a_hall

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("hall"), demo=False) as installed:
        yield installed


@pytest.fixture
def nowhere(tmp_path: Path) -> Hall:
    return Hall(tmp_path / "none", free_port(), {})


def a_table(folder: Path, count: int, name: str = "分类.csv") -> Path:
    """A tree of `count` leaves."""
    rows = [f"甲{n // 2000},乙{n // 40 % 50},丙{n % 40}" for n in range(count)]
    (folder / name).write_text("\n".join(["l1,l2,l3", *rows, ""]), encoding="utf-8")
    return folder / name


def problems(hall: Hall) -> set[str]:
    """What doctor names, apart from what the season or this machine's disk may add."""
    told = json.loads(hall.run("doctor", "--json", check=False).stdout)["problems"]
    assert all(problem["mend"] for problem in told)
    return {problem["part"] for problem in told} - {"工作日历", "磁盘"}


def leaves(hall: Hall) -> int:
    with sqlite3.connect(hall.home / "hall.db") as database:
        return int(database.execute("SELECT count(*) FROM hotline_category WHERE level = 3").fetchone()[0])


def test_au05_a_new_hall_has_three_administrators_whose_passwords_are_told_once(tmp_path: Path) -> None:
    hall = Hall(tmp_path / "new", free_port(), {})
    first = json.loads(hall.run("init", "--json").stdout)
    again = json.loads(hall.run("init", "--json").stdout)

    assert set(first["administrators"]) == {"admin", "security", "auditor"}
    assert len(set(first["administrators"].values())) == 3
    assert again["administrators"] == {}
    assert (hall.home / "keys.json").stat().st_mode & 0o077 == 0
    assert (hall.home / "hall.db").stat().st_mode & 0o077 == 0
    assert problems(hall) == {"检索索引"}  # the first start builds it


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["verify"], REFUSED, "请先运行 sunhall init"),
        (["serve"], REFUSED, "请先运行 sunhall init"),
        (["worker"], REFUSED, "请先运行 sunhall init"),
        (["import", "tickets", "无.csv"], REFUSED, "请先运行 sunhall init"),
        (["serve", "--host", "0.0.0.0"], WRONG_USAGE, "需要 https"),  # noqa: S104 (it is refused)
        (["serve", "--host", "::", "--workers", "1"], WRONG_USAGE, "需要 https"),
        (["serve", "--workers", "2"], WRONG_USAGE, "多个网页进程需要 PostgreSQL 和 Redis"),
        (["serve", "--port", "70000"], WRONG_USAGE, "用法有误"),
        (["import"], WRONG_USAGE, "缺少 KIND"),
        (["sweep", "--fast"], WRONG_USAGE, "没有选项 --fast"),
        (["dance"], WRONG_USAGE, "用法有误"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error_and_a_code(
    nowhere: Hall, words: list[str], code: int, said: str
) -> None:
    done = nowhere.run(*words, check=False)

    assert done.returncode == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not nowhere.home.exists()


@pytest.mark.parametrize(
    ("setting", "value", "code", "said"),
    [
        ("SUNHALL_DATABASE_URL", "asyncpg://hall:x@127.0.0.1:1/hall", REFUSED, "确认数据库服务已启动"),
        ("SUNHALL_DATABASE_URL", "oracle://hall", REFUSED, "请核对 SUNHALL_DATABASE_URL"),
        ("SUNHALL_SECRET", "short", WRONG_USAGE, "SUNHALL_SECRET"),
        ("SUNHALL_STATEMENT_S", "soon", WRONG_USAGE, "SUNHALL_STATEMENT_S"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, setting: str, value: str, code: int, said: str) -> None:
    done = Hall(tmp_path / "none", free_port(), {setting: value}).run("verify", check=False)

    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert said in done.stderr


def test_a_kind_that_is_not_imported_is_wrong_usage_and_names_those_that_are(hall: Hall) -> None:
    for words in (["import", "horses", "x.csv"], ["export", "horses", "--out", "x.csv"]):
        done = hall.run(*words, check=False)
        assert done.returncode == WRONG_USAGE
        assert "calendar、categories、orgs、policies、tickets" in done.stderr
    for word in ("import", "export"):
        told = hall.run(word, "--help").stdout
        assert all(kind in told for kind in ("calendar", "categories", "orgs", "policies", "tickets")), told


def test_a_port_that_is_taken_is_said_with_another(hall: Hall) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = hall.run("serve", "--port", str(taken.getsockname()[1]), check=False)

    assert done.returncode == REFUSED
    assert "请换一个：--port" in done.stderr


def test_an_import_reports_in_the_agreed_shape_and_ends_with_1_when_a_row_is_refused(
    hall: Hall, tmp_path: Path
) -> None:
    table = tmp_path / "分类.csv"
    table.write_text("l1,l2,l3\n文旅,景区,门票\n文旅,景区,\n", encoding="utf-8")
    done = hall.run("import", "categories", str(table), "--json", check=False)

    assert done.returncode == REFUSED
    assert json.loads(done.stdout) == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "warned": 0,
        "refused": 1,
        "rows": [{"line": 3, "result": "refused", "reason": "缺少“三级分类”，请补上后重新导入。"}],
    }


def test_of_several_files_each_reason_names_its_own_and_an_unreadable_one_stops_no_other(
    hall: Hall, tmp_path: Path
) -> None:
    (tmp_path / "一.csv").write_text("l1,l2,l3\n卫健,医院,\n", encoding="utf-8")
    (tmp_path / "二.pdf").write_text("%PDF", encoding="utf-8")
    (tmp_path / "三.csv").write_text("l1,l2,l3\n卫健,医院,挂号\n", encoding="utf-8")
    names = [str(tmp_path / name) for name in ("一.csv", "二.pdf", "三.csv")]
    done = hall.run("import", "categories", *names, "--json", check=False)

    report = json.loads(done.stdout)
    assert (done.returncode, report["created"], report["refused"]) == (REFUSED, 1, 2)
    assert [row["reason"].partition("：")[0] for row in report["rows"]] == ["一.csv", "二.pdf"]


def test_a_dry_run_and_a_refused_atomic_import_change_nothing(hall: Hall, tmp_path: Path) -> None:
    before = leaves(hall)
    table = a_table(tmp_path, 150)
    assert json.loads(hall.run("import", "categories", str(table), "--dry-run", "--json").stdout)["created"] == 150
    with table.open("a", encoding="utf-8") as file:
        file.write("甲0,乙0,\n")
    done = hall.run("import", "categories", str(table), "--atomic", "--json", check=False)
    assert (done.returncode, json.loads(done.stdout)["created"]) == (REFUSED, 0)
    assert leaves(hall) == before


def test_an_import_killed_in_the_middle_is_complete_and_without_doubles_when_begun_again(tmp_path: Path) -> None:
    table, count = a_table(tmp_path, 4_000), 4_000
    with a_hall(tmp_path / "hall", demo=False) as hall:
        process = hall.begin("import", "categories", str(table))
        until = time.monotonic() + 60
        while leaves(hall) == 0 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
        half = leaves(hall)
        assert 0 < half < count

        report = json.loads(hall.run("import", "categories", str(table), "--json").stdout)
        assert (report["created"], report["unchanged"], report["refused"]) == (count - half, half, 0)
        assert leaves(hall) == count


def test_what_is_exported_is_imported_unchanged(hall: Hall, tmp_path: Path) -> None:
    hall.run("import", "categories", str(a_table(tmp_path, 45)))
    out = tmp_path / "出.xlsx"
    written = json.loads(hall.run("export", "categories", "--out", str(out), "--json").stdout)
    assert written == {"rows": leaves(hall), "file": str(out)}
    again = json.loads(hall.run("import", "categories", str(out), "--json").stdout)
    assert (again["unchanged"], again["created"], again["refused"]) == (leaves(hall), 0, 0)


def test_the_other_commands_have_json_and_end_well(hall: Hall) -> None:
    assert json.loads(hall.run("sweep", "--json").stdout) == {"rung": 0}
    for _ in range(2):
        assert "documents" in json.loads(hall.run("reindex", "--json").stdout)
    assert json.loads(hall.run("reindex", "--back", "--json").stdout) == {"caught_up": 0}
    verified = json.loads(hall.run("verify", "--full", "--json").stdout)
    assert verified["differences"] == []
    assert {part["name"] for part in verified["parts"]} >= {"日志链与时限", "检索索引"}


def test_an_account_gets_a_first_password_and_a_reset_one(hall: Hall) -> None:
    (hall.home / "单位.csv").write_text("代码,名称\nCGJ,城管局\n", encoding="utf-8")
    hall.run("import", "orgs", str(hall.home / "单位.csv"))
    words = ("user", "add", "zhou.min", "--name", "周敏", "--org", "CGJ", "--role", "handler", "--json")
    first = json.loads(hall.run(*words).stdout)
    again = hall.run(*words, check=False)
    reset = json.loads(hall.run("user", "reset", "zhou.min", "--json").stdout)

    assert first["username"] == "zhou.min"
    assert first["password"] != reset["password"]
    assert (again.returncode, again.stderr.count("\n")) == (REFUSED, 1)
    assert hall.run("user", "reset", "nobody", check=False).returncode == REFUSED


def test_a_hall_that_was_set_up_without_the_demo_city_gets_it_later_and_keeps_its_administrators(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path / "hall", free_port(), {})
    first = json.loads(hall.run("init", "--json").stdout)["administrators"]
    later = hall.run("init", "--demo")
    assert "三个管理员的口令不变" in later.stdout
    hall.serve()
    try:
        sent = {"username": "admin", "password": first["admin"]}
        assert httpx.post(f"{hall.url}/api/v1/session", json=sent, timeout=20).status_code != 401
        assert hall.token("operator")
    finally:
        hall.kill(signal.SIGTERM)


def test_the_demo_city_never_stands_behind_a_public_address(tmp_path: Path) -> None:
    public = {"SUNHALL_PUBLIC_URL": "https://hall.example.gov.cn"}
    hall = Hall(tmp_path / "hall", free_port(), public)
    done = hall.run("init", "--demo", check=False)
    assert (done.returncode, done.stderr.count("\n")) == (REFUSED, 1)
    assert "演示城市" in done.stderr
    assert not hall.home.exists()


def test_the_laptops_server_starts_says_where_and_ends_when_it_is_told(hall: Hall) -> None:
    began = time.monotonic()
    hall.serve()
    try:
        assert time.monotonic() - began < 60
        answer = httpx.get(hall.url, timeout=10)
        assert answer.status_code == 200
        assert "server" not in answer.headers
        assert hall.process is not None
        status = Path(f"/proc/{hall.process.pid}/status").read_text()
        resident_kib = int(status.partition("VmRSS:")[2].split()[0])
        assert resident_kib <= 300 * 1024
        assert problems(hall) == set()
    finally:
        assert hall.process is not None
        process = hall.process
        hall.kill(signal.SIGTERM)
    assert process.returncode in {0, -signal.SIGTERM}


def test_de02_a_hall_open_to_the_local_network_says_on_every_page_that_nothing_is_encrypted(tmp_path: Path) -> None:
    with a_hall(tmp_path / "hall", demo=False, SUNHALL_INSECURE_LAN="true") as hall:
        hall.serve()
        assert "连接没有加密" in httpx.get(hall.url, timeout=10).text
        assert "连接没有加密" in httpx.get(f"{hall.url}/nowhere", timeout=10).text


def test_the_page_of_a_laptop_has_no_such_line(hall: Hall) -> None:
    hall.serve()
    try:
        assert "连接没有加密" not in httpx.get(hall.url, timeout=10).text
    finally:
        hall.kill()


def test_tickets_that_this_hall_gave_out_itself_come_back_without_doubles(hall: Hall, tmp_path: Path) -> None:
    table = tmp_path / "来信.csv"
    table.write_text(
        "编号,标题,内容,时间\n7,路灯不亮,三天了,2026/3/2 10:00\n8,=积水,路口,2026-03-02\n", encoding="utf-8"
    )
    assert json.loads(hall.run("import", "tickets", str(table), "--json").stdout)["created"] == 2
    out = tmp_path / "工单.csv"
    hall.run("export", "tickets", "--out", str(out))
    again = json.loads(hall.run("import", "tickets", str(out), "--json").stdout)
    assert (again["unchanged"], again["created"], again["updated"]) == (2, 0, 0)
