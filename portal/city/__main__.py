"""`make city`: the whole city column with the demo city, on this machine, without containers."""

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

from kernel.errors import Refusal
from kernel.settings import settings
from portal.city.preparing import Folder
from portal.city.running import City, told_by_signals


def main() -> int:
    os.umask(0o077)
    folder = Folder((settings().home / "city").resolve())
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = int(os.environ.get("PORT", "8000"))
    with (folder.root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"这里的城市已经在运行：{folder.root}", file=sys.stderr)
            return 1
        return run(folder, port)


def run(folder: Folder, port: int) -> int:
    print("正在启动 PostgreSQL、Redis、Elasticsearch、两个网页进程和一个后台进程……", flush=True)
    try:
        city = City(folder, port)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    with told_by_signals(city):
        try:
            city.start()
            if city.stopping:
                return 0
            print(city.said)
            print(f"阳光大厅：http://127.0.0.1:{port}  （按 Ctrl-C 结束；日志在 {folder.logs}）")
            print(
                f"在另一个终端里用它的命令：set -a; . {Path(folder.root) / 'environment'}; sunhall doctor", flush=True
            )
            return city.watch()
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            return 1
        finally:
            with suppress(KeyboardInterrupt):
                city.stop()


if __name__ == "__main__":
    sys.exit(main())
