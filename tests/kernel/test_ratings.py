"""Ratings: one per matter, by whom it belongs to; low ones wait for somebody to come back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.tickets import actions as tickets
from kernel.clocks.models import Clock
from kernel.errors import NotAllowed, NotFound, WrongState
from kernel.journal import Sealed
from kernel.permissions import Actor, powers
from kernel.ratings import actions, queries
from kernel.ratings.forms import FollowUp, Rate, Tag
from kernel.ratings.models import Rating
from kernel.ratings.permissions import ROLES
from kernel.ratings.states import RatingState
from tests.conftest import Client
from tests.factories import CENTRE, CITIZEN, CITY, LIFE, NEIGHBOUR, NOBODY, NOW, OPERATOR, a_ticket_in, told, walk, way

OFFICER = Actor(id=201, name="回访员", home=CENTRE, roles=("rating_officer",),
                powers=powers([("rating_officer", CITY)], ROLES))  # fmt: skip
FOUND = FollowUp(found=Sealed("已电话核实并致歉。"), mended=True)


async def rated(level: int, *, state: str = "closed", text: str = "") -> Rating:
    ticket = await a_ticket_in(state)
    facts = Rate(subject=ticket.ref, level=level, tags=(Tag.SPEED,), text=Sealed(text) if text else None)
    no = await actions.draw_number(NOW)
    return await actions.rate(facts, no=no, by=NOBODY.holding(ticket.ref), at=NOW)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
async def test_a_low_rating_waits_for_a_follow_up_with_a_clock_and_every_other_is_done(level: int) -> None:
    rating = await rated(level)
    low = level <= 2
    assert rating.state is (RatingState.LOW if low else RatingState.DONE)
    assert (rating.due_at is not None) == low
    assert await Clock.filter(subject=rating.ref).count() == low
    for person in (NEIGHBOUR, CITIZEN, NOBODY):
        with pytest.raises((NotAllowed, WrongState)):
            await actions.follow_up(rating, FOUND, **way(rating, person))
    if not low:
        with pytest.raises(WrongState):
            await actions.follow_up(rating, FOUND, **way(rating, OFFICER))
        return
    await actions.follow_up(rating, FOUND, **way(rating, OFFICER))
    assert (rating.state, rating.due_at) == (RatingState.FOLLOWED, None)


@pytest.mark.usefixtures("database")
async def test_only_whose_matter_it_is_rates_it_once_and_after_its_end() -> None:
    ticket = await a_ticket_in("closed")
    facts = Rate(subject=ticket.ref, level=5)
    for person in (NOBODY, NEIGHBOUR, OFFICER):
        with pytest.raises(NotFound):
            await actions.rate(facts, no=await actions.draw_number(NOW), by=person, at=NOW)

    async def once() -> bool:
        try:
            await actions.rate(facts, no=await actions.draw_number(NOW), by=NOBODY.holding(ticket.ref), at=NOW)
        except actions.AlreadyRated:
            return False
        return True

    assert sorted(await asyncio.gather(*[once() for _ in range(5)])) == [False] * 4 + [True]
    with pytest.raises(actions.NotYet):
        await rated(5, state="hand")


@pytest.mark.usefixtures("database")
async def test_what_was_written_is_shown_without_what_names_a_person() -> None:
    rating = await rated(1, text="请回电 13900002206，办得太慢。")
    assert await queries.text(rating) == "请回电 ***********，办得太慢。"


@pytest.mark.usefixtures("database")
async def test_few_ratings_are_not_published() -> None:
    for level in (5, 5, 5, 1):
        await rated(level)
    assert await queries.statistics(CITY) == queries.Statistics(None, dict.fromkeys((5, 4, 3, 2, 1)))
    await rated(5)
    await rated(5)
    told_now = await queries.statistics(CITY)
    assert (told_now.count, told_now.levels[1]) == (6, None)
    assert await queries.statistics("/elsewhere/") == queries.Statistics(None, dict.fromkeys((5, 4, 3, 2, 1)))


@given(st.lists(st.integers(0, 12), min_size=5, max_size=5))
def test_no_count_below_five_is_told_and_none_follows_from_the_sum(counts: list[int]) -> None:
    table = dict(zip((5, 4, 3, 2, 1), counts, strict=True))
    shown = queries.published(table)
    assert all(count is None or count == 0 or count >= queries.K for count in shown.levels.values())
    hidden = [level for level, count in shown.levels.items() if count is None]
    if shown.count is None:
        assert sum(counts) < queries.K
    else:
        assert len(hidden) != 1


async def test_who_tracks_a_closed_ticket_rates_it_through_the_api(signed_in: Client) -> None:
    no = await tickets.draw_number(NOW)
    ticket, code = await tickets.register(told(), no=no, region=CITY, by=OPERATOR, at=NOW)
    sent = {"subject": ticket.ref, "level": 4, "tags": ["speed"], "text": "很快。", "code": code}
    async with signed_in(NOBODY) as client:
        early = await client.post("/api/v1/ratings", json=sent, headers={"Idempotency-Key": "a"})
        assert (early.status_code, early.json()["error"]["code"]) == (409, "not_yet")
        await walk(ticket, LIFE)
        wrong = await client.post("/api/v1/ratings", json=sent | {"code": "A" * 16}, headers={"Idempotency-Key": "b"})
        assert wrong.status_code == 404
        made = await client.post("/api/v1/ratings", json=sent, headers={"Idempotency-Key": "c"})
        assert made.status_code == 201, made.text
        assert made.json()["level_label"] == "满意"
        twice = await client.post("/api/v1/ratings", json=sent, headers={"Idempotency-Key": "d"})
        assert twice.json()["error"]["code"] == "already_rated"
        assert (await client.post("/api/v1/ratings", json=sent | {"level": 6})).status_code == 422


async def test_who_holds_number_and_code_rates_from_the_page_and_the_officer_answers_there(signed_in: Client) -> None:
    no = await tickets.draw_number(NOW)
    ticket, code = await tickets.register(told(), no=no, region=CITY, by=OPERATOR, at=NOW)
    await walk(ticket, LIFE)
    holds = {"_no": ticket.no, "_code": code}
    async with signed_in(NOBODY) as client:
        page = await client.get("/hotline/track")
        sent = {"_csrf": token_of(page.text)}
        shown = await client.post("/hotline/track", data=sent | {"no": ticket.no, "code": code})
        assert "提交评价" in shown.text
        rate = sent | holds | {"_move": "rate", "text": "没有人来。"}
        nothing = await client.post("/hotline/rate", data=rate | {"_key": "k1"})
        assert nothing.status_code == 422
        assert "请填写评价等级" in nothing.text
        assert "没有人来。" in nothing.text
        assert (await client.post("/hotline/rate", data=rate | {"_code": "A" * 16, "level": "1"})).status_code == 404
        done = await client.post("/hotline/rate", data=rate | {"level": "1", "_key": "k2"})
        assert "您的评价" in done.text
        assert "提交评价" not in done.text
    officer = Actor(id=202, name="回访员", home=CENTRE, roles=("rating_officer",), powers=OFFICER.powers)
    async with signed_in(officer) as client:
        desk = (await client.get("/ratings")).text
        assert "没有人来。" in desk
        assert "期限" in desk
        assert "评价不足 5 件" in desk
        rating = await Rating.get(subject=ticket.ref)
        facts = {"_csrf": token_of(desk), "_version": "1", "_form": rating.no, "_key": "k3", "found": "已经核实。"}
        again = await client.post(f"/ratings/{rating.no}/follow_up", data=facts)
        assert (again.status_code, "请填写是否整改" in again.text, "已经核实。" in again.text) == (422, True, True)
        made = await client.post(f"/ratings/{rating.no}/follow_up", data=facts | {"mended": "true"})
        assert made.status_code == 303
    assert (await Rating.get(subject=ticket.ref)).state is RatingState.FOLLOWED


def token_of(page: str) -> str:
    return page.split('name="_csrf" value="', 1)[1].split('"', 1)[0]
