"""Taking in the policy documents of other sites as published history, a page a file or a table; and giving them out."""

from collections.abc import AsyncIterator
from datetime import date
from hashlib import sha256

from approvals.disclosure import actions, chrome, markup, queries
from approvals.disclosure.extracting import extract
from approvals.disclosure.forms import AGENCY_CHARS_MAX, BODY_CHARS_MAX, NUMBER_CHARS_MAX, Brought, Theme
from approvals.disclosure.models import Policy
from approvals.disclosure.states import PUBLISHED, PolicyState
from approvals.permissions import P
from kernel import numbering
from kernel.errors import FormRejected
from kernel.importing.running import Asked, Exporter, Importer, Outcome, Result, Row
from kernel.lifecycle import Way
from kernel.settings import settings
from search import analysis

BATCH, NUMBERS_AT_ONCE = 100, 100
BY_TITLE = (  # the first word that a title holds; folded, so of either script
    (Theme.SERVICE, ("政务服务", "行政服务", "便民服务", "审批", "办事", "窗口", "一件事")),
    (Theme.OPENNESS, ("政务公开", "信息公开", "公开")),
    (Theme.BUSINESS, ("营商", "企业", "投资", "招标", "采购", "市场")),
    (Theme.CITY, ("城市", "市容", "交通", "环境", "建设", "供水", "停车", "垃圾")),
    (Theme.LIVELIHOOD, ("养老", "社会保障", "救助", "教育", "医疗", "住房", "就业", "补贴")),
)


async def prepare(count: int, asked: Asked) -> None:
    """Numbers are drawn outside of the batch's transaction."""
    await numbering.reserve(Policy.prefix, asked.at, count, block=NUMBERS_AT_ONCE)


def page(text: str) -> Row:
    """One scraped page, HTML or text, as one row."""
    found = extract(text)
    return {
        "title": found.title, "body": found.body, "number": found.number, "agency": found.agency,
        "issued": found.issued.isoformat() if found.issued else "",
        "posted": found.posted.isoformat() if found.posted else "",
        "origin": found.source, "doubts": "；".join(found.doubts),
    }  # fmt: skip


async def take(row: Row, asked: Asked) -> Outcome:
    """Known by its source and its number there; without a number, by its title. What this hall has written itself is
    known by its own number: an export is no way round the moves."""
    doubts = row.get("doubts", "")
    if (ours := row.get("ours", "")) and await _is_ours(ours):
        return Outcome(Result.UNCHANGED)
    facts = _facts(row, asked)
    known = await queries.brought(facts.source, facts.source_no)
    if known is None:
        no = numbering.reserved(Policy.prefix, asked.at)
        await actions.bring(facts, no=no, region=settings().region_path, by=asked.by, at=asked.at)
        return Outcome(Result.CREATED, doubts)
    if known.source_hash == facts.source_hash:
        return Outcome(Result.UNCHANGED)
    if known.state not in PUBLISHED:
        raise FormRejected({"state": f"这份文件在本站{known.state.label}，没有再导入；要恢复请先重新发布。"})
    await actions.bring_again(known, facts, **Way(by=asked.by, at=asked.at, version=known.version))
    return Outcome(Result.UPDATED, doubts)


async def _is_ours(no: str) -> bool:
    return any(one.source is None for one in await queries.numbered([no]))


def _facts(row: Row, asked: Asked) -> Brought:
    body, title = row.get("body", "").strip(), row.get("title", "").strip()
    if markup.read(body).marked_up:
        body = extract(body).body
    if not body:
        raise FormRejected({"body": "没有找到正文：页面上只有网站栏目，或正文在图片、附件里，请导入正文所在的页面。"})
    if len(body) > BODY_CHARS_MAX:
        raise FormRejected({"body": f"正文有 {len(body)} 字，超过 {BODY_CHARS_MAX} 字的上限，请拆成几件。"})
    number = row.get("number", "").strip()[:NUMBER_CHARS_MAX]
    told = {
        "title": title, "body": body, "number": number, "agency": row.get("agency", "").strip()[:AGENCY_CHARS_MAX],
        "theme": _theme(row.get("theme", ""), title), "issued": _day(row, "issued"), "posted": _day(row, "posted"),
        "effective_from": _day(row, "effective_from"), "origin": row.get("origin", "")[:80],
        "source": (row.get("source") or asked.source)[:80], "source_no": _known_by(number, title),
        "source_hash": sha256(repr(sorted(row.items())).encode()).hexdigest(), "validity": _validity(row),
    }  # fmt: skip
    return Brought.check({name: value for name, value in told.items() if value is not None})


def _known_by(number: str, title: str) -> str:
    if number:
        return analysis.identifier(number)[:80]
    return f"无文号-{sha256(chrome.folded(title).encode()).hexdigest()[:24]}"


def _theme(told: str, title: str) -> Theme:
    if chosen := next((theme for theme in Theme if told.strip() in (theme.label, theme.value)), None):
        return chosen
    named = chrome.folded(title)
    return next((theme for theme, words in BY_TITLE if any(word in named for word in words)), Theme.OTHER)


def _validity(row: Row) -> str | None:
    told = row.get("state", "").strip()
    return next((state.value for state in PolicyState if state in PUBLISHED and told in (state.label, state)), None)


def _day(row: Row, name: str) -> str | None:
    told = row.get(name, "").strip().replace("/", "-").replace(".", "-")
    if not told:
        return None
    try:
        return date.fromisoformat(told).isoformat()
    except ValueError as wrong:
        raise FormRejected({name: f"日期“{told[:20]}”无法识别，请写成 2026-03-02 这样。"}) from wrong


async def rows() -> AsyncIterator[tuple[object, ...]]:
    """Every published document with its text."""
    last = 0
    while batch := await queries.following(last, BATCH):
        last = batch[-1].id
        for one in batch:
            yield (
                one.no, one.title, one.number, one.agency, one.theme.label, one.issued or "", one.posted or "",
                one.effective_from or "", one.state.label, one.body, one.origin, one.source or "",
            )  # fmt: skip


POLICIES = Importer(
    kind="policies",
    label="政策文件",
    headings={
        "ours": ("本站编号",),
        "title": ("标题", "title"),
        "number": ("文号", "发文字号", "number"),
        "agency": ("发文机关", "发布机构", "agency"),
        "theme": ("主题", "theme"),
        "issued": ("成文日期", "issued"),
        "posted": ("原发布日期", "posted"),
        "effective_from": ("施行日期",),
        "state": ("效力", "state"),
        "body": ("正文", "内容", "body"),
        "origin": ("原载",),
        "source": ("来源",),
    },
    needed=("title", "body"),
    permission=P.POLICY_IMPORT,
    prepare=prepare,
    take=take,
    page=page,
)
POLICIES_OUT = Exporter(
    kind="policies",
    label="政策文件",
    columns=(
        "本站编号", "标题", "文号", "发文机关", "主题", "成文日期", "原发布日期", "施行日期", "效力", "正文", "原载",
        "来源",
    ),
    rows=rows,
)  # fmt: skip
