"""Scraped pages become documents: the site's own lines go, every paragraph stays, no tag comes through."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.disclosure import chrome, markup
from approvals.disclosure.extracting import Extracted, extract
from approvals.disclosure.text import blocks, plain
from tests.conftest import DATA

FILES = {
    "000_a2644cb9379f4c81.txt": Extracted(title="本溪高新區公共行政服務體系建設實施的通知", body=""),
    "001_9140b43ce0fc0c8e.txt": Extracted(
        title="2016年是全市政务服务系统的改革深化年、平台拓展年和服务提升年", body=""
    ),
    "002_b34736312c349f54.txt": Extracted(
        title="“阳光政务”照亮延安第一窗口", body="", posted=date(2010, 12, 16), source="延安日报"
    ),
    "003_1a29873885fd9aa7.txt": Extracted(
        title="中共永州市委辦公室 永州市人民政府辦公室關于深化政務公開加強政務服務的實施意見",
        body="",
        number="永辦發〔2012〕21號",
        agency="中共永州市委辦公室、永州市人民政府辦公室",
        issued=date(2012, 8, 22),
        posted=date(2012, 8, 22),
        source="永州市人民政府門戶網站",
    ),
    "004_130d3774513a773b.txt": Extracted(
        title="关于提升镇(街道)政务服务水平的通知",
        body="",
        issued=date(2022, 6, 6),
        posted=date(2024, 11, 16),
    ),
}
CHROME = {
    "000_a2644cb9379f4c81.txt": (),
    "001_9140b43ce0fc0c8e.txt": ("扫一扫", "|"),
    "002_b34736312c349f54.txt": ("看家乡事", "大字", "上接第一版", "A⑧", "新闻推荐", "林业局", "新鲜有料", "相关新闻"),
    "003_1a29873885fd9aa7.txt": (
        "現在所在的位置", "分享到", "來源", "發布機構", "字體", "相關政策", "掃一掃", "國家部委網站", "備案", "E-mail",
        "聯系電話", "三湘e", "無標題文檔", "免费视频", "style", "uxvuk", "ǎ", "ī",
    ),
    "004_130d3774513a773b.txt": (
        "dat818", "购买与出租", "回帖", "积分", "管理员", "发表于", "阅读模式", "23739", "登录", "Archiver", "Discuz",
        "Copyright", "ICP", "举报电话", "GMT", "Processed",
    ),
}  # fmt: skip
KEPT = {  # (how the document's text begins, how its last line begins, how many blocks it makes)
    "000_a2644cb9379f4c81.txt": ("為深入貫徹落實", "(三)強化督導", 28),
    "001_9140b43ce0fc0c8e.txt": ("2016年是", "继续深化党建品牌", 18),
    "002_b34736312c349f54.txt": ("(上接第一版)", "市行政审批管理处主任张勇说", 20),
    "003_1a29873885fd9aa7.txt": ("為進一步提高依法行政", "(三)進一步加強監督考核", 27),
    "004_130d3774513a773b.txt": ("各区管办", "2022 年 6 月 6 日", 52),
}
NEEDED = pytest.mark.skipif(not (DATA / "policies").is_dir(), reason="needs ../shared/data/policies")


def of(name: str) -> Extracted:
    return extract((DATA / "policies" / name).read_text(encoding="utf-8"))


def joined(text: str) -> str:
    return re.sub(r"\s", "", text)


@NEEDED
@pytest.mark.parametrize("name", FILES)
def test_a_real_page_gives_exactly_its_title_number_agency_and_dates(name: str) -> None:
    found, expected = of(name), FILES[name]
    facts = ("title", "number", "agency", "issued", "posted", "source")
    assert {fact: getattr(found, fact) for fact in facts} == {fact: getattr(expected, fact) for fact in facts}


@NEEDED
@pytest.mark.parametrize("name", FILES)
def test_of_a_real_page_no_line_of_the_site_is_left(name: str) -> None:
    body = of(name).body
    lines = body.split("\n")
    assert not [word for word in CHROME[name] if word in body and (len(word) > 1 or word in lines)]
    assert not [line for line in lines if chrome.is_of_the_site(line) or chrome.ends_the_document(line)]


@NEEDED
@pytest.mark.parametrize("name", FILES)
def test_of_a_real_page_every_paragraph_stays_as_it_was_written(name: str) -> None:
    raw, (first, last, count) = (DATA / "policies" / name).read_text(encoding="utf-8"), KEPT[name]
    lines = [line.strip() for line in chrome.unglossed(raw)[0].split("\n") if line.strip()]
    begins = next(n for n, line in enumerate(lines) if line.startswith(first))
    ends = next(n for n, line in enumerate(lines) if line.startswith(last))
    found = of(name)
    body = joined(found.body)
    wanted = [joined(chrome.unmarked(line)) for line in lines[begins : ends + 1]]
    assert [line for line in wanted if line not in body] == []
    assert sum(map(len, wanted)) == len(body), "nothing else has come in"
    assert len(blocks(found.body)) == count


@NEEDED
def test_of_a_real_page_the_headings_are_its_contents() -> None:
    contents = [block.in_contents for block in blocks(of("000_a2644cb9379f4c81.txt").body) if block.in_contents]
    assert [one for one in contents if one[1] == "、"] == [
        "一、指導思想", "二、目標要求", "三、工作原則", "四、工作任務", "五、工作要求",
    ]  # fmt: skip
    assert "(二)便民原則" in contents


@NEEDED
def test_a_paragraph_that_a_newspapers_column_has_cut_is_one_again() -> None:
    assert "以制度管事管人,保证中心投入使用后平稳有序运行" in of("002_b34736312c349f54.txt").body


def test_a_page_of_a_government_site_gives_its_table_its_list_and_its_attachment() -> None:
    found = extract(PAGE)
    assert (found.title, found.number, found.agency) == (
        "关于规范共享单车停放的通知",
        "测城管〔2024〕12号",
        "测试市城市管理局",
    )
    assert (found.issued, found.posted, found.source) == (date(2024, 3, 5), date(2024, 3, 8), "测试市城市管理局")
    kinds = [block.kind for block in blocks(found.body)]
    assert kinds == ["para", "para", "head", "para", "list", "table", "link", "para", "para"]
    table = next(block for block in blocks(found.body) if block.kind == "table")
    assert table.rows == (("区域", "泊位"), ("江北", "1,200"))
    link = next(block for block in blocks(found.body) if block.kind == "link")
    assert link.url == "https://example.gov.cn/files/a.pdf"
    assert "alert" not in found.body
    assert "浏览" not in found.body
    assert "上一篇" not in found.body
    assert "首页" not in found.body


PAGE = """<!DOCTYPE html><html><head><title>关于规范共享单车停放的通知_测试市城市管理局</title>
<meta name="ContentSource" content="测试市城市管理局"><meta name='PubDate' content="2024-03-08 10:00">
<script>alert("一、这不是正文。")</script></head><body>
<div class="nav"><ul><li>首页</li><li>政务公开</li></ul></div>
<div>您当前的位置：首页 &gt; 政务公开</div>
<h1>关于规范共享单车停放的通知</h1><p>浏览次数：1283</p><p>测城管〔2024〕12号</p>
<div id="zoom" onclick="steal()"><p>各区人民政府：
<p>为规范共享单车停放，方便市民出行，现就有关事项通知如下，<b>请认真执行</b>。
<p>一、停放区域</p><p>（一）划线停放。车辆应当停在划线区域内，不得占用盲道。</p>
<ul><li>地铁口五十米内设置停放区</li><li>学校门前不设停放区</li></ul>
<table><tr><td>区域</td><td>泊位</td></tr><tr><td>江北</td><td>1,200</td></tr></table>
<p><a href="https://example.gov.cn/files/a.pdf">附件：停放区一览</a></p>
<p>测试市城市管理局</p><p>2024年3月5日</p></div>
<div class="share">分享到：微博 微信</div><p>上一篇：别的通知</p>
<p>别的通知的摘要不是正文，不应当出现在这里。</p></body></html>"""


def test_a_table_that_only_lays_out_the_page_is_no_table() -> None:
    text = "这是正文的第一段，放在布局用的单元格里，长度超过二百个字才算正文，" * 8
    found = extract(
        f"<table><tr><td>左栏</td><td><h1>某某办法的通知</h1><p>{text}</p><p>第二段。</p></td></tr></table>"
    )
    assert found.title == "某某办法的通知"
    assert [block.kind for block in blocks(found.body)] == ["para", "para"]


def test_an_element_of_the_site_that_nobody_closed_does_not_swallow_the_document() -> None:
    found = extract("<div class='nav'><h1>关于停水的通知</h1><p>因管道抢修，三月五日起停水两天，请储水。</p>")
    assert found.title == "关于停水的通知"
    assert "因管道抢修" in found.body


HOSTILE = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(
            [
                "<script>", "</script>", "<p onclick=x>", "<img src=x onerror=alert(1)>", "<!--", "-->", "<![CDATA[",
                "<a href='javascript:x'>", "</a>", "<td>", "<tr>", "<table>", "</table>", "<", ">", "\"", "'",
                "&lt;b&gt;", "&#60;script&#62;",
                "一、总则", "（一）原则。", "2024年2月30日", "第一条 ", "| a | b |", "- x", "# y",
                "[x](javascript:alert(1))", "[x](https://a.b/c)", "〔2024〕12号", "\u202e", "\x00", "\n", "  ",
                "<style>", "<title>", "<li>", "<h1>", "附件", "发布机构：", "来源：",
            ]
        ),
        max_size=60,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_whatever_a_page_holds_extracting_it_raises_nothing_and_keeps_no_element(page: str) -> None:
    found = extract(page)
    shown = blocks(found.body)
    assert {block.kind for block in shown} <= {"head", "para", "list", "table", "link"}
    assert all(block.url.startswith(("http://", "https://")) for block in shown if block.kind == "link")
    plain(found.body)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_a_tag_is_never_text_and_a_text_without_signs_of_markup_loses_nothing(text: str) -> None:
    lines = [line.text for line in markup.read(f"<p>{text}</p>").lines]
    if "<" not in text and "&" not in text:
        assert joined("".join(lines)) == joined(markup.SPACES.sub("", text))
    for name in ("script", "iframe", "img", "p", "div"):
        told = markup.read(f"<p>甲<{name} onload='{text.replace(chr(39), '')}'>乙</p>")
        assert "onload" not in "".join(line.text for line in told.lines)


def test_a_page_made_to_be_slow_is_read_in_one_pass() -> None:
    """Twice the length takes about twice the steps: every sign is looked at a bounded number of times."""
    for piece in ("<a", "<!--", "<p a='", "<div class='nav'>", "<table><tr><td>", "&amp;", "一、"):
        assert extract(piece * 20_000 + "完") is not None


def test_a_days_that_no_calendar_has_is_no_day() -> None:
    assert (
        extract(
            "某某通知\n正文，正文，正文，正文，正文，正文，正文，正文，正文，正文，正文，正文。\n2024年2月30日"
        ).issued
        is None
    )
    assert extract("某某通知\n正文。\n二〇二四年十二月三十一日").issued == date(2024, 12, 31)


def test_our_own_markup_knows_its_kinds_and_leaves_everything_else_as_text(tmp_path: Path) -> None:
    shown = blocks(
        "一、总则\n（一）依法原则。按照法律办。\n- 甲\n- 乙\n| a | b |\n| c |\n<b>x</b>\n[x](javascript:y)\n# 附则"
    )
    assert [(block.kind, block.level) for block in shown] == [
        ("head", 1), ("para", 2), ("list", 0), ("table", 0), ("para", 0), ("para", 0), ("head", 2),
    ]  # fmt: skip
    assert shown[1].lead == "（一）依法原则。"
    assert shown[3].rows == (("a", "b"), ("c", ""))
    assert shown[4].text == "<b>x</b>"
    assert shown[5].text == "[x](javascript:y)"
