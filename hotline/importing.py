"""Taking in the tickets of other systems: closed history, or open work with `--open`; and giving tickets out."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hotline.categories import queries as categories
from hotline.permissions import P
from hotline.tickets import actions, forms, queries
from hotline.tickets.forms import CONTENT_MAX, TITLE_MAX, Channel, Satisfied, Secrecy, Solved, Type, Urgency
from hotline.tickets.models import Ticket
from hotline.tickets.states import OPEN
from kernel import numbering
from kernel.citytime import CITY, day_of, midnight
from kernel.errors import FormRejected
from kernel.importing.running import Asked, Exporter, Importer, Outcome, Result, Row
from kernel.labels import Labelled
from kernel.lifecycle import Way
from kernel.secrets import blind_index
from kernel.settings import settings

TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?\s*([Zz]|[+-]\d\d:?\d\d)?)?"
)
UNFINISHED_LABELS = {state.label for state in OPEN}
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # never shown: only texts that hold a time are asked
NUMBERS_AT_ONCE = 1_000
AHEAD_MAX = timedelta(days=1)  # another system's clock


async def prepare(count: int, asked: Asked) -> None:
    """Numbers are drawn outside of the batch's transaction."""
    await numbering.reserve(Ticket.prefix, asked.at, count, block=NUMBERS_AT_ONCE)


async def take(row: Row, asked: Asked) -> Outcome:
    """One message. Known by its source and its number there; without a number, by its own words. What this hall has
    given out itself is known by its own number: an export is no way round the moves."""
    if row.get("ours") and await _is_ours(row, asked):
        return Outcome(Result.UNCHANGED)
    facts, warnings = await _facts(row, asked)
    _must_be_one(facts, asked)
    known, region = await queries.brought(facts.source, facts.source_no), settings().region_path
    if known is not None:
        if known.source_hash == facts.source_hash:
            return Outcome(Result.UNCHANGED)
        await actions.bring_again(known, facts, **Way(by=asked.by, at=asked.at, version=known.version))
        return Outcome(Result.UPDATED, "；".join(warnings))
    no = numbering.reserved(Ticket.prefix, asked.at)
    verb = actions.register_brought if asked.open else actions.bring
    await verb(facts, no=no, region=region, by=asked.by, at=asked.at)
    return Outcome(Result.CREATED, "；".join(warnings))


def _must_be_one(facts: forms.Bring, asked: Asked) -> None:
    """Raises FormRejected: of two rows with one number the second would overwrite the first, at every import anew."""
    key, said = hash((facts.source, facts.source_no)), hash(facts.source_hash)
    if asked.seen.setdefault(key, said) != said:
        raise FormRejected({"no": f"编号“{facts.source_no[:40]}”在这个文件里出现过，内容不同，请改正其中一行。"})


async def _is_ours(row: Row, asked: Asked) -> bool:
    at = datetime.fromisoformat(_time(row.get("time", ""), asked.at, []))
    return await queries.is_ours(row["ours"].strip(), row.get("title", "").strip(), at)


async def _facts(row: Row, asked: Asked) -> tuple[forms.Bring, list[str]]:
    warnings: list[str] = []
    title, content = _title_and_content(row, warnings)
    number = row.get("no", "").strip()
    if not number:
        number = f"无编号-{blind_index('source_no', title + content).hex()[:24]}"
        warnings.append("没有原编号，按内容认定是否重复")
    begun = _time(row.get("time", ""), asked.at, warnings)
    if datetime.fromisoformat(begun) > asked.at + AHEAD_MAX:
        raise FormRejected({"time": f"登记时间“{row['time'].strip()[:20]}”还没有到，请改正。"})
    told: dict[str, Any] = {
        "channel": _coded(row, "channel", Channel, warnings) or Channel.OTHER.value,
        "type": _coded(row, "type", Type, warnings) or Type.OTHER.value,
        "urgency": _coded(row, "urgency", Urgency, warnings),
        "secrecy": _secrecy(row),
        "solved": _coded(row, "solved", Solved, warnings),
        "satisfied": _coded(row, "satisfied", Satisfied, warnings),
        "answer_waived": row.get("answer_waived", "").strip() == "是",
        "occurred_at": _moment(row, "occurred_at"),
        "closed_at": _closed(row, begun, warnings),
        "area_code": row.get("area_code") or None,
        "title": title,
        "content": content,
        "source": (row.get("source") or asked.source)[:80],
        "source_no": number[:80],
        "source_hash": actions.source_hash(row),
        "registered_at": begun,
        "caller_phone": row.get("phone") or None,
        "address": (row.get("address") or "")[:200] or None,
        "category": await _category(row, warnings),
        "answer": (row.get("answer") or "")[:CONTENT_MAX] or None,
    }
    ended = row.get("state", "").strip()
    if ended in UNFINISHED_LABELS and not asked.open:
        warnings.append(f"在原系统还是“{ended}”，按已办结的历史导入")
    return forms.Bring.check({name: value for name, value in told.items() if value is not None}), warnings


def _title_and_content(row: Row, warnings: list[str]) -> tuple[str, str]:
    """A title alone is a message, too; one that is too long goes in front of the text, so nothing is lost."""
    title, content = row.get("title", "").strip(), row.get("content", "").strip()
    if not title and not content:
        raise FormRejected({"content": "标题和内容都是空的，没有可以导入的诉求。"})
    if not content:
        content = title
        warnings.append("只有标题，没有内容")
    if not title:
        title = " ".join(content.split())[:40]
        warnings.append("没有标题，取内容开头为标题")
    if len(title) > TITLE_MAX:
        content = f"{title}\n{content}"
        title = title[: TITLE_MAX - 1] + "…"
        warnings.append(f"标题超过 {TITLE_MAX} 字，全文放在内容开头")
    if len(content) > CONTENT_MAX:
        raise FormRejected({"content": f"内容有 {len(content)} 字，超过 {CONTENT_MAX} 字的上限，请拆成几件。"})
    return title, content


def _time(text: str, at: datetime, warnings: list[str]) -> str:
    found = TIME.search(text.strip())
    if found is None:
        warnings.append(
            f"时间“{text.strip()[:20]}”无法识别，按导入时间登记" if text.strip() else "没有时间，按导入时间登记"
        )
        return at.isoformat()
    try:
        *parts, offset = found.groups()
        told = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type] # noqa: DTZ001 (its zone follows)
        zone = datetime.strptime(offset.upper(), "%z").tzinfo if offset else CITY
        return told.replace(tzinfo=zone).astimezone(UTC).isoformat()
    except ValueError as wrong:
        raise FormRejected({"time": f"时间“{text.strip()[:20]}”不存在，请改正。"}) from wrong


def _moment(row: Row, name: str) -> str | None:
    """A time that may be missing; one that can't be read is as good as missing."""
    text = row.get(name, "").strip()
    return _time(text, EPOCH, []) if TIME.search(text) else None


def _closed(row: Row, begun: str, warnings: list[str]) -> str | None:
    """A bare day of the same day isn't earlier than it began; what is earlier is said and not believed."""
    ended = _moment(row, "closed_at")
    if ended is None or ended >= begun:
        return ended
    at = datetime.fromisoformat(ended)
    if day_of(at) == day_of(datetime.fromisoformat(begun)):
        return begun if at == midnight(day_of(at)) else ended
    warnings.append(f"办结时间“{row['closed_at'].strip()[:20]}”早于登记时间，没有采用")
    return None


def _coded(row: Row, name: str, kind: type[Labelled], warnings: list[str]) -> str | None:
    """By its label or its code; anything else is left to the default, and said."""
    asked = row.get(name, "").strip()
    found = next((one.value for one in kind if asked in (one.label, one.value)), None)
    if asked and found is None:
        warnings.append(f"{TICKETS.headings[name][0]}“{asked[:20]}”不在选项中，没有采用")
    return found


def _secrecy(row: Row) -> str | None:
    """Who asked for secrecy in words of another system isn't made public by a default."""
    unknown: list[str] = []
    found = _coded(row, "secrecy", Secrecy, unknown)
    if unknown:
        choices = "、".join(one.label for one in Secrecy)
        raise FormRejected({"secrecy": f"保密要求“{row['secrecy'].strip()[:20]}”不在选项中，请改为{choices}。"})
    return found


async def _category(row: Row, warnings: list[str]) -> str | None:
    """A code, or a name that fits exactly one leaf; otherwise it is left open and said."""
    asked = row.get("category", "").strip()
    if not asked:
        return None
    if await categories.is_active_leaf(asked):
        return asked
    fitting = [leaf.code for leaf in await categories.leaves() if asked in {leaf.name, leaf.path_name}]
    if len(fitting) == 1:
        return fitting[0]
    warnings.append(f"分类“{asked[:20]}”在分类表中没有唯一的末级分类，未归类")
    return None


async def rows() -> AsyncIterator[tuple[object, ...]]:
    """Every ticket with its text, as an officer who may import them may also read them; who called isn't in it, nor
    where a confidential matter lies."""
    last = 0
    while batch := await queries.following(last, 500):
        last = batch[-1].id
        texts = await queries.histories(batch)
        for one in batch:
            yield _row(one, texts[one.ref])


def _row(one: Ticket, told: dict[str, str]) -> tuple[object, ...]:
    open_to_eyes = one.secrecy is not Secrecy.CONFIDENTIAL
    return (
        one.source_no or one.no, one.title, told.get("content", ""), _said(one.registered_at), one.type.label,
        one.category or "", one.state.label, one.no, one.source or "", one.channel.label, one.urgency.label,
        one.secrecy.label, "是" if one.answer_waived else "否", one.area_code or "",
        told.get("address", "") if open_to_eyes else "", _said(one.occurred_at),
        _said(one.closed_at or one.refused_at), told.get("answer", ""),
        one.solved.label if one.solved else "", one.satisfied.label if one.satisfied else "",
    )  # fmt: skip


def _said(at: datetime | None) -> str:
    return at.astimezone(CITY).isoformat(sep=" ", timespec="seconds") if at else ""


TICKETS = Importer(
    kind="tickets",
    label="工单",
    headings={
        "ours": ("工单编号",),
        "no": ("原编号", "编号", "msg_id", "platform_no", "no"),
        "title": ("标题", "主题", "title"),
        "content": ("内容", "诉求内容", "detail", "content"),
        "time": ("登记时间", "时间", "time", "posted_at"),
        "type": ("诉求性质", "类型", "type"),
        "category": ("诉求分类", "分类", "category", "label_l1"),
        "phone": ("联系电话", "电话", "phone"),
        "address": ("地址", "地点", "address"),
        "answer": ("答复", "回复", "reply", "answer"),
        "state": ("状态",),
        "source": ("来源系统",),
        "channel": ("来源渠道",),
        "urgency": ("紧急程度",),
        "secrecy": ("保密要求",),
        "answer_waived": ("不需答复",),
        "area_code": ("区划代码",),
        "occurred_at": ("发生时间",),
        "closed_at": ("办结时间",),
        "solved": ("解决情况",),
        "satisfied": ("满意情况",),
    },
    needed=(),
    permission=P.TICKET_IMPORT,
    prepare=prepare,
    take=take,
)
TICKETS_OUT = Exporter(
    kind="tickets",
    label="工单",
    columns=(
        "原编号",
        "标题",
        "内容",
        "登记时间",
        "诉求性质",
        "诉求分类",
        "状态",
        "工单编号",
        "来源系统",
        "来源渠道",
        "紧急程度",
        "保密要求",
        "不需答复",
        "区划代码",
        "地址",
        "发生时间",
        "办结时间",
        "答复",
        "解决情况",
        "满意情况",
    ),
    rows=rows,
)
