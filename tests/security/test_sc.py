"""Supply chain and deployment: rows SC and DE of the security reference, as far as no container engine is needed."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from portal.city import topology
from portal.city.elasticsearch import VERSION
from tests.servers import program

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PARTS = ("platform", "hotline", "trading", "search", "portal")
OURS = {"web", "worker", "migrate", "archive"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """As docker-compose itself understands the file."""
    command = [program("docker-compose"), "-f", str(ROOT / "docker-compose.yml"), "--profile", "archive", "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def service(compose: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"][name]
    return found


def test_de_the_table_of_services_and_the_compose_file_say_the_same(compose: dict[str, Any]) -> None:
    table = topology.services(topology.in_containers())
    assert set(table) == set(compose["services"])
    for name, row in table.items():
        told = service(compose, name)
        assert told.get("command", []) == row.command, name
        healthy = ["CMD", *(sign.replace("$", "$$") for sign in row.health)]
        assert told.get("healthcheck", {"test": ["CMD"]})["test"] == healthy, name
        assert {other: how["condition"] for other, how in told.get("depends_on", {}).items()} == row.after, name
        assert (told.get("restart") == "no") is row.once, name
        assert told.get("profiles", []) == ([row.profile] if row.profile else []), name
        assert ("sunhall_database_owner_url" in secrets_of(told)) is row.owner, name
        assert told["image"] == (row.image or "sunhall:0.1")
        environment = topology.environment(topology.in_containers())
        assert row.command[:1] != ["sunhall"] or told["environment"] | environment == told["environment"], name


def test_de_the_node_that_tests_use_is_of_the_version_that_the_city_runs() -> None:
    assert topology.services({})["elasticsearch"].image.endswith(f":{VERSION}")


def secrets_of(told: dict[str, Any]) -> set[str]:
    return {secret["source"] for secret in told.get("secrets", [])}


@pytest.mark.parametrize("name", sorted(topology.services({})))
def test_de01_every_container_is_shut_as_far_as_it_can_be(compose: dict[str, Any], name: str) -> None:
    told = service(compose, name)
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["read_only"] is True
    assert not told.get("privileged")
    assert int(told["user"].partition(":")[0]) > 0
    assert told["pids_limit"] > 0
    assert told["deploy"]["resources"]["limits"]["memory"]
    assert ("/tmp" in str(told["tmpfs"])) or name == "redis"  # noqa: S108 (the container's)


def test_de04_only_the_web_port_is_published_and_the_others_have_no_way_out(compose: dict[str, Any]) -> None:
    assert {name for name, told in compose["services"].items() if told.get("ports")} == {"web"}
    assert compose["networks"]["inside"]["internal"] is True
    assert {name for name, told in compose["services"].items() if "outside" in told["networks"]} == {"web"}


def test_ke01_passwords_come_by_file_and_each_service_gets_its_own_alone(compose: dict[str, Any]) -> None:
    assert all("file" in secret for secret in compose["secrets"].values())
    given = {name: secrets_of(told) for name, told in compose["services"].items()}
    assert given["web"] == given["worker"] == {"sunhall_database_url", "sunhall_redis_url"}
    assert given["redis"] == {"redis.acl"}
    for told in compose["services"].values():
        spoken = " ".join(map(str, (told.get("environment") or {}).items()))
        assert not re.search(r"asyncpg://|redis://|PASSWORD'", spoken)


def test_sc03_the_image_has_no_compiler_and_runs_as_nobody_in_particular() -> None:
    build, run = DOCKERFILE.split("\nFROM ")[1:]
    assert "gcc" in build
    assert not re.search(r"gcc|build-essential|-dev\b|tests", run)
    assert "USER 10001:10001" in run
    assert "fonts-noto-cjk" in run
    assert "pip uninstall -y pip" in run


def test_de_the_images_command_is_the_web_service_of_the_table() -> None:
    told = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    assert [yaml.safe_load(one) for one in told] == [topology.services(topology.in_containers())["web"].command]


def test_sc01_the_image_installs_what_the_lock_holds_and_asks_nobody_else() -> None:
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert DOCKERFILE.count("--no-index") == 2
    copied = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert all((ROOT / source).exists() for line in copied for source in line.split())


def test_sc03_everything_the_builder_copies_may_come_in_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {part for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for part in line.split()}
    assert let_in == copied
    assert {"**/demo", "portal/city"} <= set(lines)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the image's builder makes it: of what .dockerignore lets in."""
    import shutil

    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "demo", *(["city"] if name == "portal" else []))
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return built(folder, tmp_path_factory.mktemp("dist"))


def built(source: Path, out: Path) -> Path:
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(out)], cwd=source, check=True, capture_output=True)
    (made,) = out.glob("*.whl")
    return made


def test_sc03_the_wheel_holds_every_template_and_asset_and_no_test_and_no_demo(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        str(file.relative_to(ROOT / "platform" if part == "platform" else ROOT))
        for part in PARTS
        for file in (ROOT / part).rglob("*")
        if file.is_file() and not {"__pycache__", "demo", "city"} & {*file.parts[len(ROOT.parts) :]}
    }
    assert names == wanted
    assert any(name.endswith("kernel/ui/templates/base.html") for name in names)


def test_sc03_a_clone_s_own_wheel_has_the_demo_city_for_who_tries_it(tmp_path: Path) -> None:
    names = zipfile.ZipFile(built(ROOT, tmp_path)).namelist()
    assert "portal/demo/accounts.csv" in names
    assert "portal/city/topology.toml" in names
    assert not [name for name in names if name.startswith("tests/")]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The wheel alone in a folder, beside the libraries; none of this clone is on the path."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    home = tmp_path_factory.mktemp("home") / "hall"
    return {"PYTHONPATH": str(folder), "SUNHALL_HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def sunhall(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from portal.cli import main; sys.exit(main())"
    command = [sys.executable, "-P", "-c", code, *words]
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False, timeout=120)


def test_sc03_the_installed_wheel_makes_a_hall_and_finds_it_in_order(installed: dict[str, str]) -> None:
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert entry == {"sunhall": "portal.cli:main"}
    made = sunhall(installed, "init")
    assert made.returncode == 0, made.stderr
    assert "三个管理员" in made.stdout
    found = sunhall(installed, "doctor", "--json")
    assert {part["part"] for part in yaml.safe_load(found.stdout)["problems"]} <= {"检索索引", "工作日历", "磁盘"}


def test_sc03_without_a_demo_city_it_says_so(installed: dict[str, str]) -> None:
    told = sunhall(installed, "init", "--demo")
    assert told.returncode == 1
    assert "不带演示城市" in told.stderr
