"""What the commands do: open the hall's database, call the modules, gather what there is to say."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kernel import granting as database_roles
from kernel.backup import copying, manifest, restoring
from kernel.clocks import alarms
from kernel.database import transaction
from kernel.errors import NotFound, Refusal
from kernel.importing import reading, running, writing
from kernel.importing.running import Asked, Importer, Outcome, Report, Result
from kernel.maintenance import actions as maintenance
from kernel.maintenance.models import Mode
from kernel.migrate import migrate
from kernel.module import install
from kernel.notices import actions as notices
from kernel.owndata import actions as own_data
from kernel.people import actions as people
from kernel.people import factor, granting
from kernel.people import queries as people_queries
from kernel.people.forms import NewAccount, NewGrant
from kernel.permissions import SYSTEM
from kernel.secrets import keys, rekeying
from kernel.settings import settings
from kernel.upkeep import runs
from portal.checks import BACKUP
from portal.hall import INIT, NoHall, database_file, hall, reachable
from portal.modules import MODULES
from portal.serving import DemoInPublic, WrongUsage


class NoDemo(Refusal):
    status, code, text = 404, "no_demo", "这份安装不带演示城市：请用源码目录里的 make demo。"


class SearchAway(Refusal):
    status, code, text = 503, "search_away", "没有做成：{why}。"


STANDS = "演示城市已在，口令在建立时显示过；忘了可以运行 sunhall user reset 用户名。"
REASONS_SHOWN = 20
IMPORTED = " ".join(sorted(importer.kind for module in MODULES for importer in module.importers))


@dataclass(frozen=True, slots=True)
class Options:
    source: str
    open: bool
    atomic: bool
    dry: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was verified."""

    name: str
    checked: int
    differences: list[str]


async def init(*, demo: bool, at: datetime, console: Console) -> dict[str, object]:
    """Keys, tables, seeds, administrators; with `demo` a whole city. Twice is once."""
    install(MODULES)
    if demo and settings().public_url.startswith("https://"):
        raise DemoInPublic
    if demo and find_spec("portal.demo") is None:
        raise NoDemo
    settings().home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings().secret is None and not keys.key_file().exists():
        keys.create(keys.key_file())
    with reachable():
        owner = settings().database_owner_url
        await migrate(MODULES, owner or settings().database_url)
        if owner:
            await database_roles.grant(MODULES, owner, app=settings().database_url, reader=settings().database_reader)
    async with hall():
        await people.seed_roles(MODULES)
        for module in MODULES:
            if module.seed:
                await module.seed(at)
            await notices.seed(module.notices, at)
        made: dict[str, object] = {"done": True}
        if demo:
            from portal.demo.build import build

            with _bar(console) as bar:
                made["demo"] = await build(at, progress=_steps(bar, "演示城市"))
        else:
            made["administrators"] = dict(await people.three_administrators(at=at))
    return made


def said_of_init(made: dict[str, object]) -> str:
    lines = ["数据库已是最新。"]
    administrators = made.get("administrators")
    if isinstance(administrators, dict) and administrators:
        lines.append("三个管理员的首次口令（只显示这一次，24 小时内有效）：")
        lines += [f"  {username}  {password}" for username, password in administrators.items()]
    demo = made.get("demo")
    if isinstance(demo, dict):
        from portal.demo.build import SAID

        accounts = [f"  {username:12} {words}" for username, words in SAID]
        lines += [str(line) for line in demo.get("said", ())] or [STANDS, *accounts]
    return "\n".join(lines)


async def import_files(kind: str, files: Iterable[Path], options: Options, *, at: datetime, console: Console) -> Report:
    """Several files are one import with one report; each is a source of its own unless told otherwise."""
    whole, paths = Report(), list(files)
    async with hall():
        importer = _importer(kind)
        with _bar(console) as bar:
            for path in paths:
                asked = Asked(source=options.source or path.name, by=SYSTEM, at=at, open=options.open)
                if len(paths) == 1:
                    return await _one_file(importer, path, asked, options, bar)
                _add(whole, path, await _one_of_several(importer, path, asked, options, bar))
    return whole


async def _one_of_several(importer: Importer, path: Path, asked: Asked, options: Options, bar: Progress) -> Report:
    """A file that can't be read at all is a refusal in the report of all, and the others go on."""
    try:
        return await _one_file(importer, path, asked, options, bar)
    except Refusal as refusal:
        report = Report()
        report.add(1, Outcome(Result.REFUSED), "；".join(refusal.fields.values()) or str(refusal))
        return report


async def _one_file(importer: Importer, path: Path, asked: Asked, options: Options, bar: Progress) -> Report:
    if importer.whole is not None:
        running.must_import(importer, asked)
        return await running.run_whole(importer.whole, reading.document(path), asked, dry=options.dry)
    rows = list(reading.read(path, importer))
    task = bar.add_task(path.name, total=len(rows))
    return await running.run(
        importer, rows, asked, progress=lambda done: bar.advance(task, done), atomic=options.atomic, dry=options.dry
    )


def _importer(kind: str) -> Importer:
    known = {importer.kind: importer for module in MODULES for importer in module.importers}
    if kind not in known:
        raise WrongUsage(f"不能导入“{kind}”，可以导入的有：{'、'.join(sorted(known))}。")
    return known[kind]


def _add(whole: Report, path: Path, one: Report) -> None:
    for name in ("created", "updated", "unchanged", "warned", "refused"):
        setattr(whole, name, getattr(whole, name) + getattr(one, name))
    whole.rows += [row | {"reason": f"{path.name}：{row['reason']}"} for row in one.rows]


def said_of_import(report: Report) -> str:
    counts = (
        f"新增 {report.created}，更新 {report.updated}，未变 {report.unchanged}，"
        f"提示 {report.warned}，未导入 {report.refused}"
    )
    lines = [f"  第 {row['line']} 行：{row['reason']}" for row in report.rows[:REASONS_SHOWN]]
    left = len(report.rows) - REASONS_SHOWN
    more = [f"  …… 另有 {left} 行，用 --json 看全部"] if left > 0 else []
    return "\n".join([counts, *lines, *more])


async def export(kind: str, out: Path, *, console: Console) -> int:
    known = {exporter.kind: exporter for module in MODULES for exporter in module.exporters}
    if kind not in known:
        raise WrongUsage(f"不能导出“{kind}”，可以导出的有：{'、'.join(sorted(known))}。")
    async with hall():
        with _bar(console) as bar:
            task = bar.add_task(out.name, total=None)
            return await writing.write(known[kind], out, progress=lambda done: bar.advance(task, done))


async def verify(*, full: bool, console: Console) -> list[Part]:
    found: list[Part] = []
    async with hall():
        with _bar(console) as bar:
            for module in MODULES:
                for verifier in module.verifiers:
                    checked, differences = await verifier.check(full, _steps(bar, verifier.name))
                    found.append(Part(verifier.name, checked, differences))
    return found


def as_json(found: list[Part]) -> dict[str, object]:
    parts = [{"name": part.name, "checked": part.checked, "differences": len(part.differences)} for part in found]
    differences = [difference for part in found for difference in part.differences]
    return {"checked": sum(part.checked for part in found), "differences": differences[:1_000], "parts": parts}


def said_of_verify(found: list[Part], show: int) -> str:
    lines = [f"{part.name}：核对 {part.checked} 项，出入 {len(part.differences)} 处" for part in found]
    differences = [difference for part in found for difference in part.differences]
    return "\n".join([*lines, *(f"  {one}" for one in differences[:show])])


async def reindex(*, console: Console, back: bool = False) -> int:
    """Documents read; or, `back`, in how many the one before had fallen behind."""
    from search import indexing

    async with hall():
        try:
            with _bar(console) as bar:
                return await indexing.reindex(_steps(bar, "检索索引"), back=back)
        except indexing.RebuildError as wrong:
            raise SearchAway(why=str(wrong)) from wrong


async def rekey(*, destroy: int, at: datetime, console: Console) -> rekeying.Rekeyed | None:
    async with hall():
        if destroy:
            await rekeying.destroy(destroy, at=at)
            return None
        with _bar(console) as bar:
            return await rekeying.rekey(at=at, progress=_steps(bar, "换钥"))


def backup(place: Path, *, at: datetime, console: Console) -> tuple[Path, manifest.Manifest, int]:
    """A new backup, then what is past its time goes: (folder, what it says of itself, backups removed)."""
    install(MODULES)
    file = database_file()
    if file is not None and not file.exists():
        raise NoHall(f"还没有数据库 {file}", INIT)
    with _bar(console) as bar:
        folder, told = copying.backup(place, at=at, progress=_steps(bar, "备份"))
    gone = manifest.prune(place, at=at)
    copying.forget_changes(place)
    asyncio.run(_note_backup(at))
    return folder, told, len(gone)


async def _note_backup(begun: datetime) -> None:
    """So that doctor can say when the last one is too long ago."""
    async with hall():
        await runs.note(BACKUP, worker="sunhall backup", begun=begun)


def restore(place: Path, *, key: Path | None, data: Path | None, console: Console) -> restoring.Restored:
    with _bar(console) as bar:
        return restoring.restore(manifest.newest(place), private=key, data=data, progress=_steps(bar, "恢复"))


async def set_mode(mode: Mode, reason: str, *, at: datetime) -> None:
    async with hall():
        await maintenance.set_mode(mode, reason, by=SYSTEM, at=at)


async def replay_erasures(*, at: datetime) -> int:
    """What was erased since the backup is erased again."""
    async with hall():
        return await own_data.replay(at=at)


async def sweep(*, at: datetime) -> int:
    total = 0
    async with hall():
        while rung := await alarms.sweep(at=at):
            total += rung
    return total


async def doctor(*, at: datetime) -> tuple[list[tuple[str, str, str]], list[str]]:
    """What is wrong, and what is worth knowing."""
    from portal import checks

    install(MODULES)
    return await checks.every(MODULES, at), await checks.notes()


async def add_user(username: str, name: str, org: str, roles: list[str], scope: str, *, at: datetime) -> str:
    """All of it or nothing: a role that is refused leaves no account behind."""
    async with hall(), transaction():
        facts = NewAccount.check({"username": username, "name": name, "org": org})
        account, password = await people.create_account(facts, by=SYSTEM, at=at)
        unit = await people_queries.active_organisation(org)
        if unit is None:
            raise NotFound(what=f"单位“{org}”")
        for role in roles:
            await granting.at_machine(account.username, role, scope or unit.path, at=at)
        return password


async def grant(username: str, role: str, scope: str, *, at: datetime) -> str:
    """The scope that was granted."""
    async with hall():
        facts = NewGrant.check({"username": username, "role": role, "scope": scope or settings().region_path})
        return (await granting.at_machine(facts.username, facts.role, facts.scope, at=at)).scope


async def reset_user(username: str, *, at: datetime) -> str:
    async with hall():
        return await people.reset_password(username, by=SYSTEM, at=at)


async def remove_second_factor(username: str, *, at: datetime) -> None:
    async with hall():
        await factor.remove(username, by=SYSTEM, at=at)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def _steps(bar: Progress, name: str) -> running.Steps:
    task = bar.add_task(name, total=None)

    def step(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)

    return step
