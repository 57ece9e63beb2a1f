"""Editing the wordings and signs over HTTP: what was typed stays, a second person publishes."""

import re
from typing import Any

from httpx import AsyncClient, Response

from kernel.notices.models import Sign, Wording
from tests.conftest import Client
from tests.kernel.papers import CLERK, EDITOR, SECOND_EDITOR, an_office

INDEX = "/admin/notice-templates"
AT = f"{INDEX}/hotline_reply"
BODY = "您于{asked_on}反映的“{matter}”（工单{no}）收悉。\r\n经{agency}办理：\r\n{answer}\r\n联系人：{contact}。"
SENT: dict[str, Any] = {
    "title": "诉求答复书", "body": BODY, "legal_basis": "国办发〔2020〕53号", "remedy": "可以拨打 12345 补充。",
    "valid_from": "2026-01-01",
}  # fmt: skip
WRONG = (
    ({"body": BODY.replace("{contact}", "小周")}, "contact"),
    ({"body": BODY + "{nobody}"}, "nobody"),
    ({"remedy": ""}, "请填写救济途径"),
    ({"valid_from": "明天"}, "生效日期的格式不正确"),
)


async def post(client: AsyncClient, path: str, page: str, sent: dict[str, Any]) -> Response:
    """As the page's own form does, with its token and a key of its own."""
    told = (await client.get(page)).text
    hidden = dict(re.findall(r'name="(_csrf|_key)" value="([^"]*)"', told[told.rfind("<main") :]))
    return await client.post(path, data=hidden | sent)


async def test_a_refused_wording_says_why_beside_the_field_and_keeps_what_was_typed(signed_in: Client) -> None:
    await an_office()
    async with signed_in(EDITOR) as client:
        for wrong, said in WRONG:
            again = await post(client, f"{AT}/1", f"{AT}/1", SENT | wrong)
            assert again.status_code == 422, said
            assert said in again.text
            assert "诉求答复书" in again.text
    assert await Wording.filter(code="hotline_reply").count() == 1


async def test_a_new_version_is_drafted_by_one_and_published_by_another(signed_in: Client) -> None:
    await an_office()
    async with signed_in(EDITOR) as client:
        assert (await post(client, f"{AT}/1", f"{AT}/1", SENT)).status_code == 303
        own = await post(client, f"{AT}/2/publish", INDEX, {})
        assert own.status_code >= 400
        assert "另一位管理员" in own.text
        assert "诉求答复书" in (await client.get(f"{AT}/2")).text
    async with signed_in(CLERK) as client:
        assert (await post(client, f"{AT}/2/publish", "/notices", {})).status_code == 403
    async with signed_in(SECOND_EDITOR) as client:
        assert (await post(client, f"{AT}/2/publish", INDEX, {})).status_code == 303
    row = await Wording.get(code="hotline_reply", version=2)
    assert (row.drafted_by, row.published_by) == (EDITOR.id, SECOND_EDITOR.id)


async def test_a_sign_that_is_taken_or_of_nobody_is_refused_and_stays_typed(signed_in: Client) -> None:
    await an_office()
    async with signed_in(EDITOR) as client:
        for org, word, said in (("SW", "澜热", "已由其他单位使用"), ("没有", "澜某", "没有这个单位")):
            again = await post(client, "/admin/notice-signs", INDEX, {"org": org, "word": word})
            assert again.status_code >= 400
            assert said in again.text
            assert f'value="{word}"' in again.text
        made = await post(client, "/admin/notice-signs", INDEX, {"org": "SW", "word": "澜水"})
        assert made.status_code == 303
    assert await Sign.filter(word="澜水").exists()
