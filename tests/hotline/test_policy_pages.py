"""The pages of the time limits: copied, changed cell by cell, compared, tried out, published by somebody else."""

from datetime import UTC, datetime, timedelta
from html import unescape

from hotline.policies import cells
from hotline.policies.models import Policy, Replay
from hotline.policies.presets import document_of
from kernel.citytime import day_of
from tests import factories as f
from tests.conftest import Client
from tests.factories import MANAGER, SUPERVISOR
from tests.hotline.test_knowledge_pages import send
from tests.hotline.test_policy_life import a_policy

STARTED = {"no": "city-2027-1", "title": "按市政府令第 12 号修订", "base": "shandong-5+10"}
ADDRESS = "/hotline/policies/city-2027-1"


async def test_a_version_goes_from_a_preset_over_its_sheet_and_a_second_person_into_force(signed_in: Client) -> None:
    manager, supervisor = signed_in(MANAGER), signed_in(SUPERVISOR)
    index, new = "/hotline/policies", "/hotline/policies/new"
    assert "预设 lvliang" in (await manager.get(new, params={"base": "lvliang"})).text
    refused = await send(manager, new, new, **STARTED | {"no": "大写"})
    assert refused.status_code == 422
    assert STARTED["title"] in refused.text, "what was typed stays"
    assert (await send(manager, new, new, **STARTED)).headers["location"] == f"{ADDRESS}/edit"

    sheet = cells.typed(document_of("shandong-5+10")) | {"title": STARTED["title"]}
    wrong = sheet | {"steps.handle.demand": "三天", "caps.extensions.suggest": "", "steps.visit.demand": "2 日"}
    refused = await send(manager, f"{ADDRESS}/edit", f"{ADDRESS}/edit", **wrong)
    assert refused.status_code == 422
    told = unescape(refused.text)
    assert 'id="steps.handle.demand-e"' in told
    assert "办理答复（求助、投诉、举报）填的是“三天”，请写“5 个工作日”这样的数和单位。" in told
    assert "最多延期次数（建议、表扬）不能空着。" in told
    assert 'value="三天"' in told
    assert 'value="2 日"' in told, "what was right stays, too"
    right = sheet | {"steps.handle.demand": "3 个工作日", "warn.consult": "50%"}
    assert (await send(manager, f"{ADDRESS}/edit", f"{ADDRESS}/edit", **right)).headers["location"] == ADDRESS

    shown = unescape((await manager.get(ADDRESS, params={"against": "shandong-5+10"})).text)
    assert "与 shandong-5+10 有 2 处不同" in shown
    assert "<td>5 个工作日</td><td><b>3 个工作日</b></td>" in shown
    await send(manager, ADDRESS, f"{ADDRESS}/submit")
    day = (day_of(datetime.now(UTC)) + timedelta(days=30)).isoformat()
    assert (await send(manager, ADDRESS, f"{ADDRESS}/publish", effective_from=day, _move="publish")).status_code == 403
    past = await send(supervisor, ADDRESS, f"{ADDRESS}/publish", effective_from="2020-01-01", _move="publish")
    assert past.status_code == 422
    assert "不能早于今天" in past.text
    assert (await send(supervisor, ADDRESS, f"{ADDRESS}/publish", effective_from=day)).status_code == 303
    assert "待生效" in (await supervisor.get(index)).text
    assert (await manager.get(f"{ADDRESS}/edit")).status_code == 200
    assert (await send(manager, f"{ADDRESS}/edit", f"{ADDRESS}/edit", **sheet)).status_code == 409, "never after that"
    assert (await Policy.get(no=STARTED["no"])).document["steps"]["handle"]["demand"] == "3 wd"


async def test_a_trial_is_asked_for_and_read_on_the_page(signed_in: Client) -> None:
    await f.a_ticket_in("closed")
    await a_policy("draft", handle__demand="1 wd")
    manager, address = signed_in(MANAGER), "/hotline/policies/city-1"
    for first, last, words in [
        ("2026-03-31", "2026-03-01", "结束日期不能早于开始日期"), ("2020-01-01", "2026-03-01", "最多重算一年"),
        ("2026-03-01", "2099-03-01", "一年"), ("2026-03-01", day_of(datetime.now(UTC)).isoformat(), "期间须已经过完"),
    ]:  # fmt: skip
        refused = await send(manager, address, f"{address}/trials", first=first, last=last)
        assert refused.status_code == 422
        assert words in refused.text
        assert f'value="{first}"' in refused.text
    answer = await send(manager, address, f"{address}/trials", first="2026-03-01", last="2026-03-31")
    page = (await manager.get(answer.headers["location"])).text
    assert "2026-03-01 至 2026-03-31 登记的 1 件" in page
    assert "按环节和类别" in page
    assert (await Replay.get(id=1)).finished_at is not None
    assert (await manager.get(f"{address}/trials/99999999999999")).status_code == 404


async def test_only_who_may_sees_the_versions_and_only_who_may_writes_them(signed_in: Client) -> None:
    await a_policy("draft")
    for who in (f.OPERATOR, f.LIAISON, f.CITIZEN):
        browser = signed_in(who)
        for path in ("/hotline/policies", "/hotline/policies/city-1", "/hotline/policies/new"):
            assert (await browser.get(path)).status_code == 403, (who.name, path)
    supervisor = signed_in(SUPERVISOR)
    assert (await supervisor.get("/hotline/policies/city-1")).status_code == 200
    assert (await supervisor.get("/hotline/policies/city-1/edit")).status_code == 403
    assert (await supervisor.get("/hotline/policies/none")).status_code == 404
