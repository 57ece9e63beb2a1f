"""Saved searches: one's own, found again under one's rights of that day, told of at most once a day; RSS for all."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from kernel.citytime import day_of
from kernel.errors import FormRejected
from kernel.inbox.models import Message
from kernel.people.models import Account, AccountKind, Organisation
from kernel.permissions import ANONYMOUS, Actor
from search.pages import fewer_words
from search.saving import actions, jobs, keeping, queries
from search.saving.forms import LABEL_CHARS_MAX, Rename, Save
from search.saving.models import SavedSearch
from tests.conftest import Client
from tests.search.memos import Shelf
from tests.search.people import ALL, CITIZEN
from tests.search.test_indexing import changed

TODAY = datetime.now(UTC)
TOMORROW, LATER = TODAY + timedelta(days=1), TODAY + timedelta(days=2)


@pytest.fixture
async def owner(shelf: Shelf) -> Actor:
    """A citizen with an account; what they own they may see."""
    account = await Account.create(
        username="chen", name="陈先生", kind=AccountKind.CITIZEN, password_hash="", created_at=TODAY
    )
    await changed(shelf, "a", "停水一", owner=account.id)
    return Actor(id=account.id, name="陈先生", kind="citizen")


def saved(**given: str) -> Save:
    return Save.check({"q": "停水"} | given)


async def told() -> list[str]:
    return [one.title for one in await Message.filter(template="search.saved").order_by("id")]


async def test_what_is_new_is_told_once_a_day_and_what_was_there_never(shelf: Shelf, owner: Actor) -> None:
    await actions.save(saved(label="停水的事"), by=owner, at=TODAY)
    assert await jobs.look_through({}, at=TODAY) == 0, "today it was looked at"
    assert await jobs.look_through({}, at=TOMORROW) == 0, "nothing is new"
    await changed(shelf, "b", "停水二", owner=owner.id)
    assert await jobs.look_through({}, at=TOMORROW) == 0, "once a day is enough"
    assert await jobs.look_through({}, at=LATER) == 1
    assert await jobs.look_through({}, at=LATER) == 0
    assert await told() == ["保存的检索“停水的事”有 1 条新结果"]
    assert await jobs.look_through({}, at=LATER + timedelta(days=1)) == 0


async def test_what_fits_only_in_part_is_no_news(shelf: Shelf, owner: Actor) -> None:
    await actions.save(saved(label="电梯", q="小区电梯困人救援"), by=owner, at=TODAY)
    await changed(shelf, "b", "小区停水", owner=owner.id)
    assert await jobs.look_through({}, at=TOMORROW) == 0
    assert await told() == []


async def test_it_is_looked_through_with_the_rights_that_its_owner_has_then(shelf: Shelf, owner: Actor) -> None:
    await actions.save(saved(), by=owner, at=TODAY)
    await changed(shelf, "secret", "停水三", owner=owner.id + 1)
    await changed(shelf, "gone", "停水四", owner=owner.id)
    shelf.put("gone", "停水四", owner=owner.id + 1)  # theirs no more, and the index hasn't heard of it
    assert await jobs.look_through({}, at=TOMORROW) == 0
    await changed(shelf, "mine", "停水五", owner=owner.id)
    await Account.filter(id=owner.id).update(active=False)
    assert await jobs.look_through({}, at=LATER) == 0, "an account that is closed is told nothing"


async def test_an_old_answer_that_slides_up_is_no_news(shelf: Shelf, owner: Actor, monkeypatch: Any) -> None:
    monkeypatch.setattr(actions, "SEEN_MAX", 2)
    await changed(shelf, "b", "停水二二", owner=owner.id)
    await changed(shelf, "c", "停水三三三", owner=owner.id)
    one = await actions.save(saved(), by=owner, at=TODAY)
    assert len(one.seen) == 2
    shelf.memos.pop("c")
    await changed(shelf, "d", "路灯")
    assert await jobs.look_through({}, at=TOMORROW) == 0


async def test_each_has_their_own_up_to_a_limit_under_different_names(shelf: Shelf, owner: Actor) -> None:
    await actions.save(saved(label="一"), by=owner, at=TODAY)
    with pytest.raises(FormRejected, match="1 处"):
        await actions.save(saved(label="一"), by=owner, at=TODAY)
    other = await actions.save(saved(label="一"), by=CITIZEN, at=TODAY)
    assert [one.id for one in await queries.listed(CITIZEN)] == [other.id]
    await SavedSearch.bulk_create(
        [
            SavedSearch(account_id=owner.id, label=f"第{n}条", q="水", looked_on=day_of(TODAY), created_at=TODAY)
            for n in range(actions.SAVED_MAX - 1)
        ]
    )
    with pytest.raises(FormRejected) as refused:
        await actions.save(saved(label="多了"), by=owner, at=TODAY)
    assert "最多保存" in refused.value.fields["label"]
    assert (await keeping.erase(owner.id, True, TODAY))[0] == actions.SAVED_MAX
    assert await queries.listed(owner) == []


@pytest.mark.usefixtures("shelf")
async def test_the_same_words_narrowed_otherwise_are_another_search_and_the_very_same_is_said_to_be_there(
    owner: Actor, signed_in: Client
) -> None:
    """The page that saves a search asks for no name, so the names must come out different by themselves."""
    browser, asked = signed_in(owner), ("q=停水", "q=停水&agency=水务局", "q=停水&kind=memo&region=/36/")
    for query in asked:
        given = dict(part.split("=") for part in query.split("&"))
        saved_there = await send(browser, f"/search?{query}", "/me/searches", **given)
        assert saved_there.status_code == 303, saved_there.text
    assert {one.label for one in await queries.listed(owner)} == {"停水", "停水 · 水务局", "停水 · 便签"}
    assert (await browser.get("/me/searches")).text.count("所选地区") == 1
    again = await send(browser, "/search?q=停水", "/me/searches", q="停水")
    assert (again.status_code, "已经保存过" in again.text) == (422, True)
    long = "停水" * 40
    labels = [(await actions.save(saved(q=f"{long}{n}"), by=owner, at=TODAY)).label for n in range(3)]
    assert len(set(labels)) == 3
    assert max(map(len, labels)) <= LABEL_CHARS_MAX


@pytest.mark.usefixtures("shelf")
async def test_a_question_with_somebodys_number_is_never_kept(owner: Actor) -> None:
    with pytest.raises(FormRejected) as refused:
        await actions.save(saved(q="停水 13900002206"), by=owner, at=TODAY)
    assert "个人信息" in refused.value.fields["q"]
    assert await SavedSearch.all().count() == 0


async def test_who_wants_to_hear_nothing_hears_nothing(shelf: Shelf, owner: Actor) -> None:
    one = await actions.save(saved(label="一"), by=owner, at=TODAY)
    await actions.rename(one, Rename(label="二", tell=False), by=owner)
    await changed(shelf, "b", "停水二", owner=owner.id)
    assert await jobs.look_through({}, at=TOMORROW) == 0
    assert [row.label for row in await queries.listed(owner)] == ["二"]


async def send(browser: Any, page: str, path: str, **sent: str) -> Any:
    shown = (await browser.get(page)).text
    hidden = dict(re.findall(r'name="(_csrf|_key)" value="([^"]*)"', shown[shown.rfind("<main") :]))
    return await browser.post(path, data=hidden | sent)


@pytest.mark.usefixtures("shelf")
async def test_a_search_is_saved_opened_named_and_removed_by_plain_forms(owner: Actor, signed_in: Client) -> None:
    browser, stranger = signed_in(owner), signed_in(CITIZEN)
    assert "登录后可以保存" in (await signed_in(ANONYMOUS).get("/search?q=停水")).text
    answer = await send(browser, "/search?q=停水&agency=水务局", "/me/searches", q="停水", agency="水务局")
    assert answer.headers["location"] == "/me/searches"
    one = await SavedSearch.get(account_id=owner.id)
    assert (await browser.get(f"/me/searches/{one.id}")).headers["location"].startswith("/search?q=")
    assert (await stranger.get(f"/me/searches/{one.id}")).status_code == 404
    assert (await send(stranger, "/search?q=停水", f"/me/searches/{one.id}/remove")).status_code == 404
    page = "/me/searches"
    assert (await send(browser, page, f"{page}/{one.id}/rename", label="")).status_code == 422
    await send(browser, page, f"{page}/{one.id}/rename", label="我家的水", tell="true")
    assert "我家的水" in (await browser.get(page)).text
    await send(browser, page, f"{page}/{one.id}/remove")
    assert "还没有保存检索" in (await browser.get(page)).text


async def test_the_feed_is_rss_of_what_is_public_whoever_asks(shelf: Shelf, signed_in: Client) -> None:
    shelf.put("a", "停水的内部记录")
    await changed(shelf, "b", "路灯", answer="停水<b>&答复")
    for reader in (ALL, ANONYMOUS):
        answer = await signed_in(reader).get("/search.rss", params={"q": "停水"})
        assert answer.headers["content-type"].startswith("application/rss+xml")
        assert answer.headers["cache-control"] == "public, max-age=600"
        root = ElementTree.fromstring(answer.content)  # noqa: S314 (our own)
        assert (root.tag, root.attrib["version"]) == ("rss", "2.0")
        channel = root.find("channel")
        assert channel is not None
        assert all(channel.findtext(name) for name in ("title", "link", "description"))
        [item] = channel.findall("item")
        assert item.findtext("title") == "停水<b>&答复"
        assert str(item.findtext("link")).endswith("/memos/b/answer")
        assert str(item.findtext("link")).startswith("http")
        assert item.find("guid").attrib == {"isPermaLink": "false"}  # type: ignore[union-attr]
        assert parsedate_to_datetime(str(item.findtext("pubDate"))).tzinfo is not None
    page = (await signed_in(ANONYMOUS).get("/search?q=停水")).text
    assert 'rel="alternate" type="application/rss+xml"' in page


async def test_an_empty_answer_helps_on(shelf: Shelf, signed_in: Client) -> None:
    await changed(shelf, "a", "小区停水")
    await Organisation.create(code="36", name="甲省", short_name="甲省", path="/36/")
    page = (await signed_in(ALL).get("/search?q=河灯节 2026123&kind=memo&region=/36/")).text
    for helps in ("核对编号里的数字", "少用几个词", "去掉所选条件", "/hotline/file?about=%E6%B2%B3", "甲省", "便签"):
        assert helps in page, helps
    withheld = (await signed_in(ALL).get("/search?q=河灯节 13900002206")).text
    assert "about=" not in withheld, "somebody's number is carried nowhere"
    filed = (await signed_in(ANONYMOUS).get("/hotline/file?about=小区停水")).text
    assert 'value="小区停水"' in filed


def test_fewer_words_are_words_of_the_question() -> None:
    assert fewer_words("小区停水 怎么办") == ["小区停水", "怎么办"]
    assert fewer_words("我家小区停水两天了") == ["我家小区", "停水两天了"]
    assert fewer_words("停水") == []
    assert fewer_words("12345-20260302-000001-3") == ["20260302", "000001", "12345", "3"]
