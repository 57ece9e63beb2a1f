"""`sunhall archive`: PostgreSQL's own receiver, so that every commit stands on a second path before it is acknowledged.

The server waits for it by `synchronous_standby_names = 'sunhall_archive'`; the slot keeps what it hasn't had."""

import os
import subprocess

from kernel.backup.copying import Unsaved, connection, program
from kernel.errors import Refusal
from kernel.settings import settings

SLOT = NAME = "sunhall_archive"


class NoPlace(Refusal):
    code, text = "no_place", "{problem}"


def run() -> int:
    """Until it is told to stop; its own exit code."""
    if settings().on_sqlite:
        raise NoPlace(problem="SQLite 的变更记录由服务自己写，不需要 sunhall archive。")
    folder = settings().changes_dir
    if folder is None:
        raise NoPlace(problem="请先设 SUNHALL_CHANGES_DIR：变更记录要放在另一块磁盘上。")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    receiver, env = program("pg_receivewal"), connection() | {"PGAPPNAME": NAME}
    env.pop("PGDATABASE", None)
    ours = [receiver, "--no-password", f"--slot={SLOT}", f"--directory={folder}"]
    made = subprocess.run([*ours, "--create-slot", "--if-not-exists"], env=env, capture_output=True, check=False)  # noqa: S603
    if made.returncode:
        raise Unsaved(why=made.stderr.decode(errors="replace").strip())
    os.execve(receiver, [*ours, "--synchronous"], env)  # noqa: S606 (it becomes the receiver: signals reach it)
