"""The pages of policy documents: found, read and checked by anyone without script; no foreign markup ever on them."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from approvals.disclosure import actions
from approvals.disclosure.models import Policy
from tests import factories as f
from tests.approvals.test_policies import BODY, CHANGE, END, OFFICER, REVIEWER, a_policy, take
from tests.conftest import Client
from tests.factories import way

HOSTILE = """<h1>关于<img src=x onerror=alert(1)>测试的通知</h1>
<p onclick="steal()" style="position:fixed">一、总则</p><script>alert(2)</script><iframe src="https://evil.example"></iframe>
<p>&lt;script&gt;alert(3)&lt;/script&gt; 正文里写着的尖括号，照样只是字，不会变成标签，也不会运行。</p>
<svg onload=alert(4)><p>里面</p></svg><p><a href="javascript:alert(5)//a.pdf">附件一</a></p>
<p><a href="https://a.example/x.pdf&quot;onmouseover=&quot;alert(6)">附件二</a></p>
<table background="javascript:x"><tr><td>甲<b onmouseover=alert(7)>乙</b></td><td>丙</td></tr></table>
<form action=//evil><input name=q></form><p>第二段。</p><style>body{display:none}</style>
<meta http-equiv=refresh content="0;url=//evil">"""
ALLOWED = {"div", "h2", "h3", "h4", "h5", "p", "b", "a", "ul", "li", "table", "tbody", "tr", "th", "td", "span"}
ATTRIBUTES = {"class", "id", "href", "rel", "translate", "role", "aria-label", "tabindex", "scope"}
TYPED = {
    "title": "关于社区食堂开放的通知", "number": "澜民〔2026〕7号", "agency": "澜州市民政局", "theme": "livelihood",
    "issued": "2026-03-01", "effective_from": "", "body": "一、开放时间\n（一）每天中午。社区食堂每天十一点开门。",
}  # fmt: skip


class Elements(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.names, self.attributes, self.links = set[str](), set[str](), list[str]()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


async def send(browser: Any, page: str, path: str, **sent: str) -> Any:
    told = (await browser.get(page)).text
    hidden = dict(re.findall(r'name="(_csrf|_key|_version)" value="([^"]*)"', told[told.rfind("<main") :]))
    return await browser.post(path, data=hidden | sent)


async def test_of_hostile_html_nothing_but_its_words_reaches_the_page(signed_in: Client, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_text(HOSTILE, encoding="utf-8")
    assert (await take(file)).created == 1
    policy = await Policy.get(source="hostile.html")
    page = await signed_in(f.NOBODY).get(f"/policies/{policy.no}")
    assert page.status_code == 200
    article = page.text[page.text.index("<article") : page.text.index("</article")]
    found = Elements(article[article.index('<div class="prose flow policy"') : article.index("<section")])
    assert found.names <= ALLOWED
    assert found.attributes <= ATTRIBUTES
    assert found.links == [], "an address that could do anything leads nowhere"
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in page.text
    assert "第二段。" in page.text
    for gone in ("onerror", "steal()", "evil", "alert(2)", "alert(4)", "display:none", "javascript"):
        assert gone not in article, gone
    listed = (await signed_in(f.NOBODY).get("/policies")).text
    assert "<img" not in listed
    assert "关于测试的通知" in listed


async def test_a_document_goes_from_the_editor_through_a_second_person_to_everybody(signed_in: Client) -> None:
    editor, reviewer, citizen = signed_in(OFFICER), signed_in(REVIEWER), signed_in(f.NOBODY)
    new = "/disclosure/new"
    refused = await send(editor, new, new, **TYPED | {"body": "短", "issued": "明年"})
    assert refused.status_code == 422
    assert "关于社区食堂开放的通知" in refused.text, "what was typed stays"
    address = (await send(editor, new, new, **TYPED)).headers["location"]
    public = f"/policies/{address.rpartition('/')[2]}"
    assert (await citizen.get(public)).status_code == 404, "a draft is nobody's business"
    assert "还没有公布文件" in (await citizen.get("/policies")).text
    await send(editor, f"{address}/edit", f"{address}/edit", **TYPED | {"theme": "city"})
    await send(editor, address, f"{address}/submit")
    assert (await send(editor, address, f"{address}/publish")).status_code == 403
    assert (await send(reviewer, address, f"{address}/publish")).status_code == 303
    shown = (await citizen.get(public)).text
    assert "澜民〔2026〕7号" in shown
    assert "现行有效" in shown
    assert "城市管理" in shown
    assert (await citizen.get(address)).status_code in {302, 303, 401}

    wrong = await send(reviewer, address, f"{address}/repeal", ended_by="澜民〔2026〕9号", ended_on="2020-01-01")
    assert wrong.status_code == 422
    await send(reviewer, address, f"{address}/repeal", ended_by="澜民〔2026〕9号", ended_on="2026-06-01")
    shown = (await citizen.get(public)).text
    assert "已经废止" in shown
    assert "2026-06-01" in shown


async def test_the_text_has_contents_that_lead_to_its_headings(signed_in: Client) -> None:
    policy = await a_policy(body="\n".join(f"{n}、第{n}部分\n这一部分说{n}。" for n in "一二三四"))
    shown = (await signed_in(f.NOBODY).get(f"/policies/{policy.no}")).text
    anchors = re.findall(r'<li data-l="1"><a href="#(s\d+)"', shown)
    assert len(anchors) == 4
    assert all(f'id="{anchor}"' in shown for anchor in anchors)


async def test_headings_leave_no_level_out_where_the_text_does(signed_in: Client) -> None:
    policy = await a_policy(body="一、选址\n1.街道提出\n（一）征求意见\n二、施工\n（一）围挡")
    page = (await signed_in(f.NOBODY).get(f"/policies/{policy.no}")).text
    assert re.findall(r'<h(\d) id="s\d', page) == ["2", "3", "3", "2", "3"]


async def test_a_changed_document_leads_to_the_one_that_changes_it(signed_in: Client) -> None:
    by = await a_policy(number="澜政发[2026]9号", title="关于修改部分文件的决定")
    policy = await a_policy("revised", number="澜政办发〔2020〕1号")
    assert CHANGE.changed_by == "澜政发〔2026〕9号"
    shown = (await signed_in(f.NOBODY).get(f"/policies/{policy.no}")).text
    assert f'href="/policies/{by.no}"' in shown
    assert "收费标准上墙" in shown


async def test_the_list_is_narrowed_by_links_that_are_taken_off_again(signed_in: Client) -> None:
    for number in range(23):
        await a_policy(number=f"澜政〔2024〕{number + 1}号", agency="澜州市民政局" if number % 2 else "澜州市财政局")
    old = await a_policy(number="澜政〔2019〕1号", issued="2019-05-01", effective_from=None, theme="city")
    await actions.repeal(old, END, **way(old, REVIEWER))
    anyone = signed_in(f.NOBODY)
    first = (await anyone.get("/policies")).text
    assert "第 1 页，共 2 页" in first
    assert old.no not in first, "the oldest stands on the last page"
    assert old.no in (await anyone.get("/policies?page=2")).text
    for narrowed in ("year=2019", "theme=city", "state=repealed"):
        shown = (await anyone.get(f"/policies?{narrowed}")).text
        assert re.findall(r'href="/policies/(47-[^"]+)"', shown) == [old.no], narrowed
        assert 'class="chip on" href="/policies"' in shown
    assert "没有符合所选条件的文件" in (await anyone.get("/policies?year=2019&state=in_force")).text
    for wrong in ("year=昨天", "theme=x", "state=draft"):
        assert (await anyone.get(f"/policies?{wrong}")).status_code == 422, wrong


async def test_programs_read_page_by_page_and_write_by_the_same_moves(signed_in: Client) -> None:
    numbers = [(await a_policy(number=f"澜政〔2024〕{number}号")).no for number in range(1, 6)]
    await a_policy("draft", number="")
    anyone, found, cursor = signed_in(f.NOBODY), list[str](), ""
    while True:
        page = (await anyone.get("/api/v1/policies", params={"limit": 2, "cursor": cursor})).json()
        found += [item["no"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert found == numbers[::-1]
    assert (await anyone.get("/api/v1/policies", params={"cursor": "x-1"})).status_code == 400
    made = await signed_in(OFFICER).post("/api/v1/policies", json={**TYPED, "effective_from": None})
    assert made.status_code == 201
    told = made.json()
    assert (await anyone.get(f"/api/v1/policies/{told['no']}")).status_code == 404
    moved = await signed_in(OFFICER).post(
        f"/api/v1/policies/{told['no']}/moves/submit", json={"version": told["version"], "facts": {}}
    )
    assert moved.json()["state"] == "submitted"
    published = await signed_in(REVIEWER).post(
        f"/api/v1/policies/{told['no']}/moves/publish", json={"version": moved.json()["version"], "facts": {}}
    )
    assert published.json()["state"] == "in_force"
    seen = (await anyone.get(f"/api/v1/policies/{told['no']}")).json()
    assert [block["kind"] for block in seen["blocks"]] == ["head", "para"]
    chain = (await signed_in(REVIEWER).get(f"/api/v1/policies/{told['no']}/journal")).json()
    assert [entry["move"] for entry in chain] == ["draft", "submit", "publish"]


@pytest.mark.parametrize("view", ["", "draft", "repealed"])
async def test_the_desk_sees_what_is_under_way(signed_in: Client, view: str) -> None:
    policy = await a_policy("draft")
    shown = await signed_in(REVIEWER).get(f"/disclosure?state={view}")
    assert (policy.no in shown.text) is (view != "repealed")
    assert BODY.split("\n", maxsplit=1)[0] in (await signed_in(REVIEWER).get(f"/disclosure/{policy.no}")).text
