"""`sunhall restore`, step by step: into an empty home; then writing waits for a person's word."""

import asyncio
from datetime import datetime
from pathlib import Path

from rich.console import Console

from kernel.backup import manifest
from kernel.maintenance import actions as maintenance
from kernel.maintenance.models import Mode
from kernel.owndata import actions as own_data
from kernel.permissions import SYSTEM
from kernel.settings import settings
from portal import commands
from portal.hall import database_file
from search import queries as searching

REASON = "刚从备份恢复，正在核对"


def run(
    place: Path, *, yes: bool, key: Path | None, data: Path | None, at: datetime, console: Console
) -> tuple[dict[str, object], str]:
    """A second time with `--yes` only gives the word: what stands is never written over."""
    file = database_file()
    if yes and _waits(file, place):
        asyncio.run(commands.replay_erasures(at=at))
        asyncio.run(commands.set_mode(Mode.OPEN, "", at=at))
        waiting().unlink(missing_ok=True)
        return {"restored": False, "mode": Mode.OPEN.value}, "已确认：大厅恢复写入。"
    done = commands.restore(place, key=key, data=data, console=console)
    told: dict[str, object] = {
        "restored": True, "from": done.manifest.at, "commits": done.commits, "seconds": done.seconds,
        "where": str(done.where),
    }  # fmt: skip
    words = [
        f"已恢复到 {done.where}：备份做于 {done.manifest.at}，变更记录补上 {done.commits} 次提交，",
        f"用时 {done.seconds} 秒。",
    ]
    told["erased_again"] = 0
    if file is not None and (again := asyncio.run(commands.replay_erasures(at=at))):
        told["erased_again"] = again
        words.append(f"备份之后删除过的个人信息已再次删除：{again} 件。")
    if file is None:
        words += [
            f"请用数据目录 {done.where} 启动 PostgreSQL（postgres -D），它会先重放归档；",
            "启动后运行 sunhall verify --full 核对，再运行 sunhall restore DIR --yes 恢复写入。",
        ]
        waiting().touch(mode=0o600)
    elif yes:
        words.append("建议接着运行 sunhall verify --full 和 sunhall reindex，并做一份新备份。")
    else:
        asyncio.run(commands.set_mode(Mode.READ_ONLY, REASON, at=at))
        words.append("现在只供查看：核对（sunhall verify --full）后再运行一次，加 --yes，恢复写入。")
    return told | {"mode": (Mode.OPEN if yes else Mode.READ_ONLY).value}, "\n".join(words)


def _waits(file: Path | None, place: Path) -> bool:
    """Whether a hall stands here already that was restored before."""
    manifest.newest(place)
    return file.exists() if file is not None else waiting().exists()


def waiting() -> Path:
    """Beside a PostgreSQL that was restored but not yet started: its own table can't say it."""
    return settings().home / "restored"


async def rest_if_restored(at: datetime) -> None:
    """A server that comes up after a restore serves for reading only until somebody gives the word; a search server
    may know versions that the restored database doesn't, so its index is built anew."""
    if waiting().exists():
        await own_data.replay(at=at)
        if await searching.asked_rebuild() is None:
            await searching.ask_for_rebuild(at)
        await maintenance.set_mode(Mode.READ_ONLY, REASON, by=SYSTEM, at=at)
