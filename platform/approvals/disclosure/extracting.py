"""From a scraped page to a document: its title, number, agency and date, and its text in our own markup."""

import re
from dataclasses import dataclass
from datetime import date

from approvals.disclosure import chrome, markup
from approvals.disclosure.markup import Line, Page
from approvals.disclosure.text import LINK, level_of
from search import analysis

HEAD_LINES_MAX, PARAGRAPH_CHARS_MIN, BROKEN_CHARS_MIN, SIGN_OFF_LINES = 40, 40, 60, 4
TITLE_CHARS_MIN, TITLE_CHARS_MAX = 4, 150
ENDINGS = (
    "通知", "意见", "办法", "规定", "决定", "条例", "方案", "公告", "通告", "批复", "函", "规划", "细则", "要点",
    "报告", "纪要", "命令", "计划", "措施", "目录", "指南", "解读", "规则", "制度", "清单", "标准", "章程",
)  # fmt: skip
DIGITS = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
NUMBER = re.compile(r"[\u3400-\u9fff（）()]{1,20}[〔［\[【(（]\s*\d{4}\s*[〕］\]】)）]\s*第?\s*\d{1,5}\s*[号號]")
NUMBERED = re.compile(r"(?:发文字号|發文字號|文号|文號|文件编号)\s*[:：]?\s*(\S.{2,40}?[号號])")
AGENCY = re.compile(
    r"[\u3400-\u9fff]{2,28}(?:委员会|委員會|政府|办公室|辦公室|办公厅|辦公廳|局|厅|廳|部|院|署|管委会|中心|委)"
)
AGENCIES = re.compile(rf"{AGENCY.pattern}(?:[ 　、]{{1,3}}{AGENCY.pattern})*")
SIGNED = re.compile(r"(?:[发發][布文][机機][构構关關]|[发發制][布文发發][单單]位)\s*[:：]\s*(.{2,60})")
SOURCE = re.compile(r"[来來]源\s*[:：]\s*(\S{2,40})")
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
CHINESE_DAY = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
ONLY_A_DAY = re.compile(rf"[(（]?\s*(?:{DAY.pattern}|{CHINESE_DAY.pattern})\s*(?:印发|發布|发布)?\s*[)）]?")
BYLINE = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:\s*\d{1,2}:\d{2})|^(?:来源|发布机构|发布时间|发布日期|发表于|时间|日期)[:]?"
)


@dataclass(frozen=True, slots=True)
class Extracted:
    """`body` in our own markup. `doubts`: what a clerk should look at, as sentences."""

    title: str
    body: str
    number: str = ""
    agency: str = ""
    issued: date | None = None
    posted: date | None = None
    source: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Head:
    """What stands before the text, and the lines of the text that stand between."""

    title: str = ""
    number: str = ""
    agencies: tuple[str, ...] = ()
    issued: date | None = None
    posted: date | None = None
    source: str = ""
    kept: tuple[Line, ...] = ()


def extract(raw: str) -> Extracted:
    """Never raises; what it can't find out is left empty and said."""
    text, glosses = chrome.unglossed(raw)
    page = markup.read(text)
    lines = _of_the_document(page.lines)
    begins = _first_paragraph(lines)
    head = _head(page, lines[:begins])
    body = _joined([one for one in (*head.kept, *lines[begins:]) if not chrome.is_of_the_site(one.text)])
    signed_by, signed_at = _sign_off(body)
    title = head.title or _beginning(body)
    agency = "、".join(dict.fromkeys(head.agencies)) or signed_by
    doubts = _doubts(head, body, glosses, signed_at or head.issued or head.posted)
    return Extracted(
        title=title[:TITLE_CHARS_MAX], body="\n".join(map(_written, body)), number=head.number, agency=agency,
        issued=signed_at or head.issued, posted=head.posted, source=head.source, doubts=doubts,
    )  # fmt: skip


def _of_the_document(lines: list[Line]) -> list[Line]:
    """Up to where the site begins again; bullets and page marks go."""
    plain = [Line(chrome.unmarked(one.text), one.kind, one.cells, one.url) for one in lines]
    plain = [one for one in plain if one.text]
    heard = 0
    for place, one in enumerate(plain):
        if heard and chrome.ends_the_document(one.text):
            return plain[:place]
        heard += len(one.text) >= PARAGRAPH_CHARS_MIN or level_of(one.text) > 0
    return plain


def _first_paragraph(lines: list[Line]) -> int:
    """Where the text begins: the first sentence, or numbered heading, that is no line of the page's head."""
    for place, one in enumerate(lines[:HEAD_LINES_MAX]):
        sentence = len(one.text) >= PARAGRAPH_CHARS_MIN and any(sign in one.text for sign in "，,。；")
        if (sentence or level_of(one.text) or one.kind == "row") and not chrome.is_of_the_site(one.text):
            return place
    return min(len(lines), HEAD_LINES_MAX) if len(lines) > HEAD_LINES_MAX else len(lines)


def _head(page: Page, lines: list[Line]) -> Head:
    head = Head()
    known = [place for place, one in enumerate(lines) if BYLINE.search(_spaced(one.text))]
    place = _title_at(lines, known[-1] if known else -1)
    head.title = page.told.get("articletitle", "").strip() or (lines[place].text if place >= 0 else "")
    if not head.title and page.title and not chrome.is_of_the_site(page.title):
        head.title = re.split(r"\s*[-_|–—]\s*", page.title)[0].strip()
    named = chrome.folded(head.title)
    head.kept = tuple(one for at, one in enumerate(lines) if not _is_a_fact(one.text, head, named) and at > place)
    return _with_what_the_page_tells(page, head)


def _title_at(lines: list[Line], byline: int) -> int:
    """What the markup calls the title; else the nearest line above the byline; else the first that sounds like one."""
    able = [place for place, one in enumerate(lines) if _could_be_a_title(one)]
    marked = [place for place in able if lines[place].kind == "title"]
    if marked:
        return marked[-1]
    above = [place for place in able if place < byline]
    if above:
        ending = [place for place in above if lines[place].text.endswith(ENDINGS) or _is_ended(lines[place].text)]
        return ending[-1] if ending else above[-1]
    ended = [place for place in able if _is_ended(lines[place].text)]
    return ended[0] if ended else able[0] if able else -1


def _is_ended(text: str) -> bool:
    return chrome.folded(text).rstrip("》)").endswith(ENDINGS)


def _could_be_a_title(one: Line) -> bool:
    text = one.text
    return (
        TITLE_CHARS_MIN <= len(text) <= TITLE_CHARS_MAX and text[-1] not in "。；：，:;,"
        and one.kind in {"", "title", "head"} and level_of(text) == 0 and NUMBER.fullmatch(text) is None
        and not chrome.is_of_the_site(text) and not BYLINE.search(_spaced(text)) and ONLY_A_DAY.fullmatch(text) is None
        and AGENCIES.fullmatch(text) is None
    )  # fmt: skip


def _is_a_fact(text: str, head: Head, title: str) -> bool:
    """A line of the head that says something about the document is remembered, not shown again above the text."""
    folded, said = chrome.folded(text), _spaced(text)
    if signed := SIGNED.search(text):
        head.agencies = head.agencies or (signed[1].strip(),)
    if found := SOURCE.search(text):
        head.source = found[1]
    if numbered := (NUMBER.fullmatch(text) or NUMBERED.search(text)):
        head.number = head.number or (numbered[1] if numbered.re is NUMBERED else numbered[0]).strip()
    elif ONLY_A_DAY.fullmatch(text):
        head.issued = head.issued or _day(text)
    elif BYLINE.search(said):
        head.posted = head.posted or _day(said)
        if not head.source and (place := re.match(r"(\S{2,12})\s+\d{4}[-/年]", text)):
            head.source = place[1] if not place[1].startswith(("发表于", "發表於", "时间", "日期")) else ""
    elif AGENCIES.fullmatch(text):
        head.agencies += (text,)
    else:
        return not folded or folded in title or chrome.is_of_the_site(text)
    return True


def _with_what_the_page_tells(page: Page, head: Head) -> Head:
    """The <meta> that government sites must set (政府网站发展指引): PubDate, ContentSource."""
    head.posted = head.posted or _day(page.told.get("pubdate", ""))
    head.source = head.source or page.told.get("contentsource", "").strip()[:40]
    return head


def _joined(lines: list[Line]) -> list[Line]:
    """A paragraph that a column or page has cut in two is one again."""
    joined: list[Line] = []
    for one in lines:
        before = joined[-1] if joined else None
        if before and not one.kind and not before.kind and _is_cut(before.text) and not level_of(one.text):
            joined[-1] = Line(before.text + one.text)
        else:
            joined.append(one)
    return joined


def _is_cut(text: str) -> bool:
    return len(text) >= BROKEN_CHARS_MIN and "\u3400" <= text[-1] <= "\u9fff"


def _sign_off(body: list[Line]) -> tuple[str, date | None]:
    """The agency and the day below the text; they stay where they are."""
    for place in range(len(body) - 1, max(-1, len(body) - 1 - SIGN_OFF_LINES), -1):
        if ONLY_A_DAY.fullmatch(body[place].text):
            above = [one.text for one in body[max(0, place - SIGN_OFF_LINES) : place]]
            return "、".join(text for text in above if AGENCIES.fullmatch(text)), _day(body[place].text)
    return "", None


def _beginning(body: list[Line]) -> str:
    """For a text without a title: its first clause."""
    return re.split(r"[，,。；;：:！!？?]", body[0].text)[0].strip() if body else ""


def _doubts(head: Head, body: list[Line], glosses: int, day: date | None) -> tuple[str, ...]:
    lost = chrome.lost_signs(one.text for one in body)
    said = {
        "没有标题，取正文开头为标题，请核对": not head.title and bool(body),
        "没有文号": not head.number,
        "没有日期": day is None,
        f"去掉了夹在字间的注音 {glosses} 处": glosses > 0,
        f"有 {lost} 个字在原网页上就已损坏，照原样保留": lost > 0,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)


def _written(one: Line) -> str:
    """A paragraph that happens to look like our markup is a paragraph."""
    if one.kind == "row":
        return f"| {' | '.join(cell.replace('|', '｜') for cell in one.cells)} |"
    if one.kind == "item" and not level_of(one.text):
        return f"- {one.text}"
    if one.kind == "link" and one.url:
        return f"[{one.text.replace('[', '［').replace(']', '］')[:200]}]({one.url})"
    if one.kind == "head" and not level_of(one.text):
        return f"# {one.text}"
    if one.text.startswith(("- ", "# ", "| ")) or LINK.fullmatch(one.text):
        return f"\u200b{one.text}"
    return one.text


def _spaced(text: str) -> str:
    """Simplified, half width; spaces stay."""
    return " ".join(analysis.folded(text).split())


def _day(text: str) -> date | None:
    """The first day that a line names; one that no calendar has is none."""
    if found := DAY.search(text):
        year, month, day = map(int, found.groups())
    elif said := CHINESE_DAY.search(text):
        year, month, day = int("".join(str(DIGITS[sign]) for sign in said[1])), _number(said[2]), _number(said[3])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(signs: str) -> int:
    """一 to 三十一."""
    tens, _, ones = signs.rpartition("十")
    return (DIGITS.get(tens or "一", 1) * 10 if "十" in signs else 0) + DIGITS.get(ones, 0)
