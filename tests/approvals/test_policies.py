"""The life of a policy document: a second person publishes, what was changed or repealed says since when."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from approvals.disclosure import actions, searchable
from approvals.disclosure.forms import Reason, Repeal, Revise, Written
from approvals.disclosure.importing import POLICIES, POLICIES_OUT
from approvals.disclosure.models import Policy
from approvals.disclosure.states import PUBLISHED, PolicyState
from kernel import verify
from kernel.errors import FormRejected, NotAllowed, OwnWork, Refusal, WrongState
from kernel.forms import Form
from kernel.importing import reading, running, writing
from kernel.journal import entries
from kernel.lifecycle import Nothing
from kernel.permissions import ANONYMOUS, Actor
from kernel.settings import settings
from search.answering import answer
from search.indexing import indexing, reindex
from search.inquiry import Asked
from tests import factories as f
from tests.attempts import attempted
from tests.conftest import DATA
from tests.factories import CITY, MACHINE, NOW, way

OFFICER = f.officer(50, "政务公开编辑", "disclosure_officer")
REVIEWER = f.officer(51, "政务公开审核", "disclosure_reviewer")
BOTH = replace(OFFICER, powers={**OFFICER.powers, **REVIEWER.powers})
ACTORS = (OFFICER, REVIEWER, f.OPERATOR, f.MANAGER, f.CITIZEN, f.NOBODY, f.STRANGER, MACHINE)
BODY = "为方便市民办事，现通知如下。\n一、总体要求\n（一）便民原则。窗口延时服务到晚上七点。"
CHANGE = Revise(
    changed_by="澜政发〔2026〕9号", changed_on=date(2026, 3, 1), body=f"{BODY}\n（二）公开原则。收费标准上墙。"
)
END = Repeal(ended_by="澜政发〔2026〕10号", ended_on=date(2026, 4, 1))
WHY = Reason(reason="文号写错，请核对")


def written(**given: object) -> Written:
    usual = {
        "title": "关于延长窗口服务时间的通知", "number": "澜政办发〔2024〕12号", "agency": "澜州市人民政府办公室",
        "theme": "service", "issued": "2024-03-05", "effective_from": "2024-04-01", "body": BODY,
    }  # fmt: skip
    return Written.check(usual | given)


FACTS: dict[str, Form] = {
    "edit": written(), "send_back": WHY, "withdraw": WHY, "revise": CHANGE, "repeal": END,
}  # fmt: skip


def test_of_a_file_that_is_no_page_it_is_said_that_pages_are_taken(tmp_path: Path) -> None:
    with pytest.raises(reading.UnreadableFile, match="只认识网页（HTML、TXT"):
        list(reading.read(tmp_path, POLICIES))


async def a_policy(state: str = "in_force", **given: object) -> Policy:
    policy = await actions.draft(written(**given), region=CITY, by=OFFICER, at=NOW)
    if state != "draft":
        await actions.submit(policy, Nothing(), **way(policy, OFFICER))
    if state in {*PUBLISHED}:
        await actions.publish(policy, Nothing(), **way(policy, REVIEWER))
    if state == "revised":
        await actions.revise(policy, CHANGE, **way(policy, REVIEWER))
    if state == "repealed":
        await actions.repeal(policy, END, **way(policy, REVIEWER))
    if state == "wdrawn":
        await actions.withdraw(policy, WHY, **way(policy, REVIEWER))
    return policy


@pytest.mark.usefixtures("database")
async def test_every_state_and_move_and_role_is_in_the_table_or_refused() -> None:
    moves, allowed = [name for name, move in Policy.moves.items() if move.sources and name != "bring_again"], set[str]()
    for state in PolicyState:
        policy = await a_policy(state.value, number=f"澜政〔2024〕{len(allowed) + 20}号{state.value}")
        for name, actor in product(moves, ACTORS):
            move = Policy.moves[name]
            assert move.permission is not None
            refusal = await attempt(policy, name, actor)
            if not any(CITY.startswith(scope) for scope in actor.powers.get(move.permission, ())):
                assert type(refusal) is NotAllowed, (state, name, actor.name)
            elif state not in move.sources:
                assert type(refusal) is WrongState, (state, name, actor.name)
            elif refusal is not None:
                assert (state, name) == (PolicyState.REVISED, "revise"), (state, name, actor.name, refusal)
            else:
                allowed.add(name)
    assert allowed == {*moves}


async def attempt(policy: Policy, name: str, actor: Actor) -> Refusal | None:
    return await attempted(policy, name, FACTS.get(name, Nothing()), **way(policy, actor))


@pytest.mark.usefixtures("database")
async def test_who_wrote_it_does_not_publish_it() -> None:
    policy = await actions.draft(written(), region=CITY, by=BOTH, at=NOW)
    await actions.submit(policy, Nothing(), **way(policy, BOTH))
    with pytest.raises(OwnWork):
        await actions.publish(policy, Nothing(), **way(policy, BOTH))
    await actions.publish(policy, Nothing(), **way(policy, REVIEWER))
    assert policy.state is PolicyState.IN_FORCE
    assert policy.published_at == NOW


@pytest.mark.usefixtures("database")
async def test_a_number_is_published_once_in_whatever_brackets_it_is_written() -> None:
    await a_policy()
    twin = await a_policy("submitted", number="澜政办发[2024]12号")
    with pytest.raises(FormRejected):
        await actions.publish(twin, Nothing(), **way(twin, REVIEWER))


@pytest.mark.usefixtures("database")
async def test_a_change_and_an_end_have_their_day_and_the_journal_keeps_the_text_of_before() -> None:
    policy = await a_policy("revised")
    assert (policy.state, policy.changed_by, policy.body) == (PolicyState.REVISED, CHANGE.changed_by, CHANGE.body)
    with pytest.raises(FormRejected):
        await actions.repeal(policy, Repeal(ended_by="某号文件", ended_on=date(2024, 3, 1)), **way(policy, REVIEWER))
    await actions.repeal(policy, END, **way(policy, REVIEWER))
    chain = await entries(policy)
    assert [entry.move for entry in chain] == ["draft", "submit", "publish", "revise", "repeal"]
    assert chain[0].facts["body"] == BODY
    assert (await verify.chains(True, lambda done, total: None))[1] == []


async def take(*paths: Path, source: str = "") -> running.Report:
    whole = running.Report()
    for path in paths:
        asked = running.Asked(source=source or path.name, by=MACHINE, at=NOW)
        one = await running.run(POLICIES, reading.read(path, POLICIES), asked, progress=lambda done: None)
        for name in ("created", "updated", "unchanged", "warned", "refused"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        whole.rows += one.rows
    return whole


def counts(report: running.Report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.refused


@pytest.mark.skipif(not (DATA / "policies").is_dir(), reason="needs ../shared/data/policies")
@pytest.mark.usefixtures("database")
async def test_the_five_real_pages_come_in_as_published_history_once() -> None:
    files = sorted((DATA / "policies").glob("*.txt"))
    first = await take(*files)
    assert counts(first) == (5, 0, 0, 0)
    assert first.warned == 5
    assert any("没有标题" in str(row["reason"]) for row in first.rows)
    assert counts(await take(*files)) == (0, 0, 5, 0)
    yongzhou = await Policy.get(number="永辦發〔2012〕21號")
    assert (yongzhou.state, yongzhou.year, yongzhou.theme.label) == (PolicyState.IN_FORCE, 2012, "政务服务")
    assert [entry.move for entry in await entries(yongzhou)] == ["bring"]


@pytest.mark.usefixtures("database")
async def test_a_page_that_has_changed_is_the_same_document_by_source_and_number(tmp_path: Path) -> None:
    page = "<h1>关于停水的通知</h1><p>测水〔2024〕3号</p><p>因管道抢修，三月五日起停水两天，请居民储水。</p>"
    file = tmp_path / "a.html"
    file.write_text(page, encoding="utf-8")
    assert counts(await take(file, source="旧站")) == (1, 0, 0, 0)
    file.write_text(page.replace("两天", "三天").replace("〔2024〕", "[2024]"), encoding="gb18030")
    assert counts(await take(file, source="旧站")) == (0, 1, 0, 0)
    assert counts(await take(file, source="另一站")) == (1, 0, 0, 0), "another source may use the same number"
    known = await Policy.get(source="旧站")
    assert "三天" in known.body
    await actions.repeal(known, END, **way(known, REVIEWER))
    file.write_text(page, encoding="utf-8")
    await take(file, source="旧站")
    await known.refresh_from_db()
    assert known.state is PolicyState.REPEALED, "an import brings nothing back into force"


@pytest.mark.usefixtures("database")
async def test_what_cannot_be_taken_is_refused_with_a_sentence_and_the_others_go_on(tmp_path: Path) -> None:
    empty, rows = tmp_path / "empty.html", tmp_path / "rows.csv"
    empty.write_text("<div class='nav'>首页</div><p>Copyright 2024 版权所有</p>", encoding="utf-8")
    rows.write_text(
        "标题,正文,文号,成文日期,效力\n"
        "某某办法,一、总则,测〔2020〕1号,2020-01-02,已废止\n某某规定,<script>x</script><p>一、正文。</p>,,2024-13-40,\n",
        encoding="utf-8",
    )
    report = await take(empty, rows)
    assert counts(report) == (1, 0, 0, 2)
    assert "请补上" in str(report.rows[0]["reason"]) or "没有找到正文" in str(report.rows[0]["reason"])
    assert (await Policy.get(title="某某办法")).state is PolicyState.REPEALED


@pytest.mark.usefixtures("database")
async def test_what_is_given_out_is_taken_back_as_unchanged_and_is_no_way_round_the_moves(tmp_path: Path) -> None:
    own = await a_policy("repealed")
    out = tmp_path / "out.csv"
    assert await writing.write(POLICIES_OUT, out, progress=lambda done: None) == 1
    out.write_text(out.read_text(encoding="utf-8-sig").replace("已废止", "现行有效"), encoding="utf-8")
    assert counts(await take(out)) == (0, 0, 1, 0)
    await own.refresh_from_db()
    assert own.state is PolicyState.REPEALED


@pytest.fixture
async def indexed(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Policy]:
    monkeypatch.setattr(settings(), "home", tmp_path / "home")
    policy = await a_policy(title="關於延長窗口服務時間的通知")
    await a_policy("draft", title="没有发布的窗口服务通知", number="")
    await reindex(lambda done, total: None)
    yield policy
    await indexing().engine.release()


async def test_a_document_is_found_by_its_number_in_any_brackets_and_by_simplified_words(indexed: Policy) -> None:
    for words in (
        "澜政办发[2024]12号",
        "〔2024〕12号",
        "澜政办发(2024)12号",
        "延长窗口服务",
        "窗口服务时间",
        "收费窗口延时服务",
    ):
        found = await answer(Asked(q=words, kind="policy"), by=ANONYMOUS)
        assert [item.document.no for item in found.items] == [indexed.no], words
    [item] = (await answer(Asked(q="澜政办发【2024】12号"), by=ANONYMOUS)).items
    assert (item.pinned, item.kind_label, item.document.action) == (True, "政策", ("看全文", f"/policies/{indexed.no}"))


async def test_a_repealed_document_says_so_in_search_and_a_withdrawn_one_is_gone(indexed: Policy) -> None:
    await actions.repeal(indexed, END, **way(indexed, REVIEWER))
    [document] = await searchable.documents([indexed.ref])
    assert (document.state, document.action) == (("done", "已废止"), None)
    await actions.withdraw(indexed, WHY, **way(indexed, REVIEWER))
    assert await searchable.documents([indexed.ref]) == []
