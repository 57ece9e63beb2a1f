"""Replay every chain and hold it against the tables: state, version, deadlines, sealed texts. Nothing is believed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag

from kernel import kinds, views
from kernel.clocks import replay
from kernel.journal import GENESIS, broken_link, opened, plain, salted
from kernel.models import Entry, SealedText, Thing, View

BATCH = 500
LOOKS_MORE = 5
Progress = Callable[[int, int], None]


async def chains(full: bool, progress: Progress) -> tuple[int, list[str]]:
    """Every thing of every kind with its journal. `full`: sealed texts are opened and clocks are derived anew."""
    checked, found = 0, []
    total = sum([await kind.model.all().count() for kind in kinds.every()])
    for kind in kinds.every():
        last = 0
        while things := await kind.model.filter(id__gt=last).order_by("id").limit(BATCH):
            last = things[-1].id
            found += await _settled(things, full=full)
            checked += len(things)
            progress(checked, total)
    return checked, found + await _orphans()


async def _settled(things: Sequence[Thing], *, full: bool) -> list[str]:
    """A row and its chain are read one after the other; in a hall at work a move comes between. What seems to differ is
    read again, and told if it stays."""
    found = await _batch(things, full=full)
    for _ in range(LOOKS_MORE):
        suspects = [thing for thing in things if any(line.startswith(f"{thing.ref} ") for line in found)]
        if not suspects:
            break
        things = await type(suspects[0]).filter(id__in=[thing.id for thing in suspects]).order_by("id")
        before, found = found, await _batch(things, full=full)
        if found == before:
            break
    return found


async def _batch(things: Sequence[Thing], *, full: bool) -> list[str]:
    refs = [thing.ref for thing in things]
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in await Entry.filter(subject__in=refs).order_by("subject", "seq"):
        entries[entry.subject].append(entry)
    texts: dict[str, list[SealedText]] = defaultdict(list)
    if full:
        for row in await SealedText.filter(subject__in=refs):
            texts[row.subject].append(row)
    found = []
    for thing in things:
        chain = differences(thing, entries[thing.ref])
        found += chain or changed_columns(thing, entries[thing.ref], texts[thing.ref])
        found += broken_seals(texts[thing.ref], entries[thing.ref])
    if full:
        found += await replay.differences(things, entries)
    return found


def differences(thing: Any, entries: Sequence[Entry]) -> list[str]:
    """One chain, replayed, against its row. Empty means that all holds."""
    head, seq, state = GENESIS, 0, ""
    for seq, entry in enumerate(entries, start=1):
        if broken_link(entry, seq, head):
            return [f"{thing.ref} 第 {seq} 条记录断链"]
        head, state = entry.hash, entry.facts.get("_state", state)
    found = []
    if (thing.version, bytes(thing.head)) != (seq, head):
        found.append(f"{thing.ref} 版本为 {thing.version}，日志有 {seq} 条，首尾不符")
    if thing.state.value != state:
        found.append(f"{thing.ref} 状态为“{thing.state.label}”，与日志不一致")
    return found


def changed_columns(thing: Any, entries: Sequence[Entry], texts: Sequence[SealedText]) -> list[str]:
    """Each column that a move wrote must still say what the newest such move told the journal."""
    salts = {(row.seq, row.field): row.salt for row in texts}
    told: dict[str, tuple[int, Any]] = {}
    for entry in entries:
        move = thing.moves.get(entry.move)
        for name in move.columns if move else ():
            told[name] = (entry.seq, entry.facts.get(name))
        for name, value in entry.facts.get("_set", {}).items():
            told[name] = (entry.seq, value)
    wrong = [name for name, (seq, value) in told.items() if not _says(thing, name, value, salts.get((seq, name)))]
    return [f"{thing.ref} 的“{name}”与日志不一致" for name in wrong]


def _says(thing: Any, name: str, value: Any, salt: bytes | None) -> bool:
    """A sealed fact is compared by its salted digest; erased, it can be compared no more, nor can an emptied index."""
    now = plain(getattr(thing, name))
    if now is None and name in thing.erasable:
        return True
    if isinstance(value, dict) and "sealed" in value:
        return salt is None or salted(salt, str(now)) == value["sealed"]
    return bool(now == value)


def broken_seals(rows: Sequence[SealedText], entries: Sequence[Entry]) -> list[str]:
    """Each text that isn't erased must be the one whose digest stands in the chain."""
    found, told = [], {entry.seq: entry.facts for entry in entries}
    for row in rows:
        place = f"{row.subject} 第 {row.seq} 条的“{row.field}”"
        try:
            digest = salted(row.salt, opened(row))
        except (InvalidTag, ValueError):
            found.append(f"{place}无法解开")
            continue
        if told.get(row.seq, {}).get(row.field) != {"sealed": digest}:
            found.append(f"{place}与摘要不符")
    return found


async def _orphans() -> list[str]:
    """Entries whose thing is gone: a row that was deleted behind the journal's back."""
    found = []
    for kind in kinds.every():
        begun = Entry.filter(seq=1, subject__startswith=f"{kind.model.kind}:")
        if await begun.count() == await kind.model.all().count():
            continue
        last = 0
        while rows := await begun.filter(id__gt=last).order_by("id").limit(BATCH).values_list("id", "subject"):
            last = rows[-1][0]
            nos = {str(subject).partition(":")[2] for _, subject in rows}
            known = {str(no) for no in await kind.model.filter(no__in=nos).values_list("no", flat=True)}
            found += [f"{kind.model.kind}:{no} 只剩日志，数据表里没有" for no in sorted(nos - known)]
    return found


async def looked_at(full: bool, progress: Progress) -> tuple[int, list[str]]:
    """Every day's chain of looks; `full`: why they looked is opened, too."""
    checked, found = await views.differences()
    progress(checked, checked)
    return checked, found + (await changed_purposes() if full else [])


async def changed_purposes() -> list[str]:
    """Each purpose that isn't erased must be the one whose digest stands in the chain."""
    found, last = [], 0
    texts = SealedText.filter(subject__startswith=views.place_of(""), field=views.PURPOSE)
    while rows := await texts.filter(id__gt=last).order_by("id").limit(BATCH):
        last = rows[-1].id
        days, seqs = {row.subject.partition(":")[2] for row in rows}, {row.seq for row in rows}
        looks = View.filter(day__in=days, seq__in=seqs)
        told = {(views.place_of(view.day), view.seq): view.purpose for view in await looks}
        for row in rows:
            place = f"查看记录 {row.subject.partition(':')[2]} 第 {row.seq} 条的用途"
            try:
                text = opened(row)
            except (InvalidTag, ValueError):
                found.append(f"{place}无法解开")
                continue
            if told.get((row.subject, row.seq)) != salted(row.salt, text):
                found.append(f"{place}与摘要不符")
    return found
