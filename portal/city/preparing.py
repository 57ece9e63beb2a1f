"""What a city on one machine needs before its first start: passwords, roles, PostgreSQL's data, Redis's users.

Everything lies in one folder; a second start finds it and changes nothing."""

import hashlib
import os
import pwd
import secrets as entropy
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from kernel.errors import Refusal
from portal.city.elasticsearch import missing_programs
from portal.city.ports import free_port

PROGRAMS = {
    "initdb": "postgresql", "postgres": "postgresql", "psql": "postgresql", "pg_isready": "postgresql",
    "redis-server": "redis-server", "redis-cli": "redis-tools", "curl": "curl",
}  # fmt: skip
PLACES = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin")
OWNER, APP, READER, DATABASE = "sunhall_owner", "sunhall_app", "sunhall_reader", "sunhall"
ROLES = files("portal.city") / "roles.sql"
ACL = """user default on nopass resetkeys resetchannels -@all +ping
user sunhall on #{digest} ~* &* +@all -@admin -@dangerous -@scripting +info
"""


class Unfit(Refusal):
    status, code, text = 503, "no_city", "{problem}。"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the city of this machine lies."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "hall"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def owners_secrets(self) -> Path:
        """The same, and the owner's address of the database: for what migrates and copies, nobody else."""
        return self.root / "secrets-owner"

    @property
    def data(self) -> Path:
        return self.root / "postgres"

    @property
    def built(self) -> Path:
        """There once the database holds everything that the first start puts into it."""
        return self.root / "built"

    @property
    def logs(self) -> Path:
        return self.root / "logs"


def prepare(folder: Folder, web_port: int) -> dict[str, str]:
    """The places of the table's names on this machine. Raises Unfit with what is missing."""
    packages = {package for name, package in PROGRAMS.items() if which(name) is None}
    if missing := [*sorted(packages), *missing_programs()]:
        raise Unfit(problem=f"还缺程序，请先安装：apt-get install {' '.join(missing)}")
    for path in (folder.root, folder.home, folder.secrets, folder.logs):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    let_servants_pass(folder)
    places = {
        "listen": "127.0.0.1", "home": str(folder.home), "secrets": str(folder.secrets), "web_port": str(web_port),
        **{f"{name}_host": "127.0.0.1" for name in ("postgres", "redis", "elasticsearch")},
        **{f"{name}_port": str(free_port()) for name in ("postgres", "redis", "elasticsearch")},
    }  # fmt: skip
    words = {name: _password(folder.secrets / f"{name}.password") for name in ("owner", "app", "reader", "redis")}
    _addresses(folder, places, words)
    _redis_users(folder, words["redis"])
    if not folder.built.exists():  # a first start that was broken off would leave half a demo city: begin anew
        shutil.rmtree(folder.data, ignore_errors=True)
        _new_database(folder)
    return places


def which(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))


def servant() -> dict[str, object]:
    """PostgreSQL refuses to run as root; as root, the servers are given to nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def let_servants_pass(folder: Folder) -> None:
    """As root: the way to the servers' folders may be walked, not read; hall and keys stay shut."""
    if os.geteuid() != 0:
        return
    for path in (folder.root, folder.root.parent):
        path.chmod(0o711)
    for path in folder.root.resolve().parents:
        if not path.stat().st_mode & 0o001:
            raise Unfit(
                problem=f"PostgreSQL 不能以 root 运行，别的用户又进不了 {path}："
                "请改用普通用户，或把 SUNHALL_HOME 设到 /var/lib/sunhall"
            )


def give(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _password(file: Path) -> str:
    if not file.exists():
        write_private(file, entropy.token_urlsafe(24))
    return file.read_text()


def _addresses(folder: Folder, places: dict[str, str], words: dict[str, str]) -> None:
    """Settings with a password in them, as files: not in an environment, not in a list of processes."""
    server = f"127.0.0.1:{places['postgres_port']}/{DATABASE}"
    told = {
        "sunhall_database_url": f"asyncpg://{APP}:{words['app']}@{server}",
        "sunhall_redis_url": f"redis://sunhall:{words['redis']}@127.0.0.1:{places['redis_port']}/0",
    }
    folder.owners_secrets.mkdir(exist_ok=True, mode=0o700)
    for name, address in told.items():
        write_private(folder.secrets / name, address)
        write_private(folder.owners_secrets / name, address)
    owner = f"asyncpg://{OWNER}:{words['owner']}@{server}"
    write_private(folder.owners_secrets / "sunhall_database_owner_url", owner)


def _redis_users(folder: Folder, password: str) -> None:
    file = folder.secrets / "redis.acl"
    write_private(file, ACL.format(digest=hashlib.sha256(password.encode()).hexdigest()))


def _new_database(folder: Folder) -> None:
    """A cluster with checksums; its superuser is reached through the socket in its own folder alone."""
    folder.data.mkdir(exist_ok=True, mode=0o700)
    give(folder.data)
    initdb = [
        str(which("initdb")), "-D", str(folder.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
        "--data-checksums", "--auth-local=trust", "--auth-host=scram-sha-256",
    ]  # fmt: skip
    made = subprocess.run(initdb, capture_output=True, text=True, check=False, cwd="/", **servant())  # type: ignore[call-overload] # noqa: S603
    if made.returncode:
        shutil.rmtree(folder.data, ignore_errors=True)
        raise Unfit(problem=f"不能建立 PostgreSQL 的数据目录：{made.stderr.strip()[-300:]}")


def make_roles(folder: Folder, port: str) -> None:
    """Roles and the database, once PostgreSQL answers; `asked` says whether they are there."""
    asked = [str(which("psql")), "-qAtX", "-h", str(folder.data), "-p", port, "-U", "postgres", "-d", "postgres"]
    env = {"PATH": os.environ.get("PATH", ""), "SECRETS": str(folder.secrets)}
    found = subprocess.run(  # noqa: S603
        [*asked, "-c", "SELECT 1 FROM pg_database WHERE datname = 'sunhall'"],
        capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip
    if found.stdout.strip() == "1":
        return
    with as_file(ROLES) as file:
        made = subprocess.run([*asked, "-f", str(file)], capture_output=True, text=True, check=False, env=env)  # noqa: S603
    if made.returncode:
        raise Unfit(problem=f"不能建立数据库的角色：{made.stderr.strip()[-300:]}")


def write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text)
