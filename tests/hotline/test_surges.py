"""Surges: what is unusual is told soon, once, with its reasons; what is usual isn't; and who may not see, doesn't."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hotline.clusters.models import Cluster
from hotline.surges import actions, forms, jobs, queries, rules, showing, thresholds, watching
from hotline.surges.forms import Acknowledge, Close, Judged, Reason
from hotline.surges.models import HourCount, Sighting, Surge, WatchedCell
from hotline.surges.rules import Cell, Spot
from hotline.surges.thresholds import Thresholds
from hotline.tickets import actions as tickets
from hotline.tickets.forms import Reclassify
from hotline.tickets.models import Ticket
from hotline.wall import live
from hotline.wall import queries as wall
from kernel import outbox
from kernel.calendar.days import Calendar
from kernel.errors import FormRejected, NotAllowed, NotFound, WrongState
from kernel.inbox.models import Message
from kernel.permissions import Clearance
from tests import factories as f
from tests.conftest import Client
from tests.factories import DISPATCHER, MANAGER, NOW, OPERATOR, SUPERVISOR, a_ticket, way
from tests.hotline.test_handover import deliver
from tests.hotline.test_knowledge_pages import send
from tests.hotline.test_life_of_a_ticket import nothing_differs
from tests.officers import hire

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WATER, ROADS, NOISE, STREET, OTHER_STREET = "010203", "020101", "030101", "369902001", "369902002"
INDEX = "/hotline/surges"
NOT_CLEARED = replace(SUPERVISOR, id=41, clearance=Clearance.PLAIN)
LIMITS = Thresholds.model_validate(thresholds.read(None))


# ---- the arithmetic


@pytest.mark.parametrize("count", range(9))
def test_the_poisson_tail_is_one_less_all_that_is_below(count: int) -> None:
    below = sum(math.exp(-2.5) * 2.5**n / math.factorial(n) for n in range(count))
    assert rules.tail(count, 2.5) == pytest.approx(1 - below)


def test_a_tiny_tail_stays_exact_and_a_sure_thing_is_one() -> None:
    assert rules.tail(30, 0.15) == pytest.approx(0.15**30 * math.exp(-0.15) / math.factorial(30), rel=0.01)
    assert rules.tail(1, 400.0) == pytest.approx(1.0)


def calendar() -> Calendar:
    """Of a year with a holiday from Monday 4 May to Friday 8 May, made up for on Saturday 9 May."""
    off = {date(2026, 5, day): (False, "劳动节") for day in range(4, 9)}
    return Calendar(1, off | {date(2026, 5, 9): (True, "补班")}, [2026])


def test_like_days_are_lived_alike_a_holiday_like_sundays_a_make_up_saturday_like_fridays() -> None:
    monday = rules.like_days(date(2026, 5, 18), calendar(), 4)
    assert monday == [date(2026, 5, 11), date(2026, 4, 27), date(2026, 4, 20), date(2026, 4, 13)]
    holiday = rules.like_days(date(2026, 5, 5), calendar(), 2)
    assert holiday == [date(2026, 5, 3), date(2026, 4, 26)]
    assert rules.like_days(date(2026, 5, 9), calendar(), 2) == [date(2026, 5, 1), date(2026, 4, 24)]
    assert rules.like_days(date(2026, 5, 4), calendar(), 1) == [date(2026, 4, 26)], "of yesterday some are missing"


def test_a_window_across_the_full_hour_has_its_share_of_both() -> None:
    shares = rules.shares_of_hours(datetime(2026, 3, 2, 8, 5, tzinfo=UTC), 15 * MINUTE)
    assert [round(one * 60) for one in shares.values()] == [10, 5]
    hours = dict(zip(shares, ([6, 6, 6], [60, 60, 600]), strict=True))
    assert rules.usual(hours, shares, 15, 0.15) == pytest.approx(6 * 10 / 60 + 60 * 5 / 60)
    assert rules.usual({hour: [0, 0] for hour in shares}, shares, 30, 0.15) == pytest.approx(0.3)


def sightings(count: int, *, category: str = WATER, area: str = STREET, at: datetime = NOW) -> list[rules.Sighting]:
    return [rules.Sighting(f"{category}-{area}-{n}", at - n * MINUTE, category, area) for n in range(count)]


def test_one_outage_is_one_alert_of_the_least_likely_cell_and_another_matter_is_another() -> None:
    window = sightings(9) + sightings(3, area=OTHER_STREET) + sightings(8, category=NOISE, area="369903001")
    found = rules.surging(window, [], lambda cell: 0.15, 100, LIMITS.cells, LIMITS.count)
    assert [(one.cell, len(one.tickets)) for one in found] == [
        (Cell(WATER, "369902"), 12),
        (Cell(NOISE, "369903001"), 8),
    ]
    held = [one.cell for one in found]
    assert rules.surging(window, held, lambda cell: 0.15, 100, LIMITS.cells, LIMITS.count) == []


def test_the_more_cells_are_watched_the_more_it_takes() -> None:
    def found(count: int, cells: int) -> int:
        return len(rules.surging(sightings(count), [], lambda cell: 0.15, cells, LIMITS.cells, LIMITS.count))

    assert [found(4, 1), found(5, 1), found(5, 1_000), found(6, 1_000), found(6, 100_000)] == [0, 1, 0, 1, 0]


def test_near_is_by_coordinates_or_without_them_one_community() -> None:
    here, street = Spot(28_500_000, 115_100_000), Spot(None, None, "369902001003")
    assert rules.near(here, Spot(28_504_400, 115_100_000), 500)
    assert not rules.near(here, Spot(28_504_600, 115_100_000), 500)
    assert rules.near(street, Spot(None, None, "369902001003"), 500)
    assert not rules.near(street, Spot(None, None, ""), 500)
    assert not rules.near(Spot(None, None, ""), Spot(None, None, ""), 500)


def test_the_file_of_a_hall_is_checked_and_names_what_is_wrong(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    shipped = Path(thresholds.__file__).with_name("surges.toml").read_text("utf-8")
    own.write_text(shipped.replace('"扬言"', '"扬言", "纵火"').replace("again_h = 6", "again_h = 3"), "utf-8")
    told = thresholds.read(own)
    assert (told.hold.again_h, "纵火" in told.words[0].words) == (3, True)
    broken = tmp_path / "broken.toml"
    broken.write_text(shipped.replace("count_min = 5", "count_min = 1"), "utf-8")
    with pytest.raises(FormRejected) as caught:
        thresholds.read(broken)
    assert "count.count_min" in caught.value.fields


# ---- a stream through the jobs themselves

USUAL = {(ROADS, OTHER_STREET): 6, (NOISE, STREET): 3, (WATER, OTHER_STREET): 1}  # an hour


async def history(weeks: int = 11) -> None:
    """The usual numbers of every hour; nothing is left to chance."""
    begin = rules.hour_of(NOW) - 7 * weeks * DAY
    hours = [begin + n * HOUR for n in range(7 * weeks * 24)]
    await HourCount.bulk_create(
        [HourCount(hour=hour, category=c, area=a, many=many) for hour in hours for (c, a), many in USUAL.items()],
        batch_size=1_000,
    )
    await WatchedCell.bulk_create(
        [
            WatchedCell(category=cell.category, area=cell.area, seen_at=NOW)
            for cell in {cell for place in USUAL for cell in rules.cells_of(*place, LIMITS.cells)}
        ]
    )


async def stream(outbreak: Sequence[datetime], hours: int, *, area: str = STREET) -> list[Surge]:
    """`hours` of the usual numbers, evenly, the outbreak's tickets among them; the jobs run as the worker would."""
    rows = [
        Sighting(ticket=f"u{c}{a}{n}", at=NOW + n * HOUR / many, category=c, area=a)
        for (c, a), many in USUAL.items()
        for n in range(hours * many)
    ]
    rows += [Sighting(ticket=f"o{n}", at=at, category=WATER, area=area) for n, at in enumerate(outbreak)]
    await Sighting.bulk_create(rows, batch_size=500)
    for minute in range(1, hours * 60 + 1):
        at = NOW + minute * MINUTE
        await jobs.look({}, at=at)
        if at.minute % 15 == 1:
            await jobs.score({}, at=at)
    return await Surge.all().order_by("id")


@pytest.mark.usefixtures("database")
async def test_eight_hours_of_the_usual_are_no_alarm() -> None:
    await history()
    assert await stream([], 8) == []


@pytest.mark.usefixtures("database")
async def test_an_outbreak_of_one_ticket_a_minute_is_told_within_six_minutes_and_once() -> None:
    await history()
    begun = NOW + HOUR
    [surge] = await stream([begun + n * MINUTE for n in range(90)], 3)
    assert surge.reason is Reason.COUNT
    assert Cell(surge.category, surge.area).holds(rules.Sighting("", NOW, WATER, STREET))
    assert surge.begun_at - begun <= 6 * MINUTE
    assert surge.many >= 5


@pytest.mark.usefixtures("database")
async def test_what_rises_slowly_is_told_within_three_hours_by_its_sum() -> None:
    await history()
    begun = NOW + HOUR
    [surge] = await stream([begun + n * 6 * MINUTE for n in range(40)], 5)
    assert surge.reason is Reason.RISE
    assert Cell(surge.category, surge.area).holds(rules.Sighting("", NOW, WATER, STREET))
    assert surge.begun_at - begun <= 3 * HOUR


@pytest.mark.usefixtures("database")
async def test_after_six_quiet_hours_a_cell_is_told_again_but_not_while_it_never_calmed_down() -> None:
    await history()
    first, second = NOW + 5 * MINUTE, NOW + 7 * HOUR
    outbreak = [first + n * MINUTE for n in range(12)] + [second + n * MINUTE for n in range(12)]
    one, two = await stream(outbreak, 8)
    assert two.begun_at - one.begun_at >= 6 * HOUR

    await Surge.all().delete()
    await Sighting.all().delete()
    await WatchedCell.all().update(told_at=NOW - 7 * HOUR, calm=False)
    assert await stream([NOW + n * MINUTE for n in range(-15, 60)], 1) == []


@pytest.mark.usefixtures("database")
async def test_a_young_hall_knows_nothing_usual_and_judges_by_place_and_word_alone() -> None:
    await history(weeks=1)
    assert await stream([NOW + n * MINUTE for n in range(60)], 1) == []


@pytest.mark.usefixtures("database")
async def test_after_a_day_a_ticket_is_in_its_hours_count_exactly_once() -> None:
    rows = [Sighting(ticket=f"t{n}", at=NOW + n * MINUTE, category=WATER, area=f"{STREET}007") for n in range(60)]
    await Sighting.bulk_create([*rows, Sighting(ticket="unsorted", at=NOW, area=STREET)])
    assert await actions.fold(NOW + DAY + 30 * MINUTE) == 31
    assert await actions.fold(NOW + DAY + 30 * MINUTE) == 0
    assert await actions.fold(NOW + 2 * DAY) == 30
    [count] = await HourCount.all()
    assert (count.many, count.category, count.area, await Sighting.all().count()) == (60, WATER, STREET, 0)


# ---- from the ticket to the supervisor


async def five(at: datetime = NOW, **given: object) -> list[Ticket]:
    """Five neighbours about one matter, within a hundred metres."""
    usual = {"title": "云谷路爆管停水", "content": "云谷路水管爆裂，整条路停水，请抢修。", "area_code": STREET}
    return [
        await a_ticket(at=at - n * MINUTE, lat=f"28.500{n}", lon="115.1000", **usual | given)  # type: ignore[arg-type]
        for n in range(5)
    ]


@pytest.mark.usefixtures("database")
async def test_five_like_tickets_in_one_place_within_an_hour_are_a_burst_told_once() -> None:
    mine = await five()
    await a_ticket(title="西门路灯不亮了", content="路灯坏了三天。", lat="28.5001", lon="115.1001")
    await deliver()
    [surge] = await watching.look(NOW + MINUTE)
    assert (surge.reason, surge.many, surge.secret) == (Reason.BURST, 5, False)
    assert {*surge.tickets} == {one.no for one in mine}
    assert await watching.look(NOW + 2 * MINUTE) == []
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_like_tickets_far_apart_or_unlike_ones_nearby_are_no_burst() -> None:
    for n in range(5):
        await a_ticket(title="云谷路爆管停水", lat=f"28.5{n}", lon="115.1")
    for n, said in enumerate(("路灯不亮三天了", "咨询社保转移", "麻将馆深夜扰民", "垃圾满溢无人清", "公交车改线意见")):
        await a_ticket(title=said, content=said, lat=f"28.900{n}", lon="115.1")
    await deliver()
    assert await watching.look(NOW + MINUTE) == []


@pytest.mark.usefixtures("database")
async def test_a_word_of_danger_is_told_each_time_another_once_for_its_district() -> None:
    for n in range(2):
        await a_ticket(title="欠薪三个月", content=f"扬言要跳楼，第{n}次。", area_code=STREET)
        await a_ticket(title="小区停水两天", area_code=STREET)
    await a_ticket(title="咨询停车办证", content="怎样办停车证？", area_code=STREET)
    await deliver()
    told = await watching.heed(NOW + 10 * MINUTE)
    assert [(one.word_group, one.words) for one in told] == [
        ("danger", "扬言、跳楼"),
        ("supply", "停水"),
        ("danger", "扬言、跳楼"),
    ]
    assert await watching.heed(NOW + 11 * MINUTE) == []
    await a_ticket(title="小区停水三天", area_code=STREET, at=NOW + 7 * HOUR)
    await deliver(NOW + 7 * HOUR)
    assert len(await watching.heed(NOW + 7 * HOUR)) == 1


@pytest.mark.usefixtures("database")
async def test_a_ticket_counts_where_it_was_sorted_to_and_from_then_on() -> None:
    ticket = await a_ticket(area_code=STREET)
    await deliver()
    row = await Sighting.get(ticket=ticket.no)
    assert (row.category, row.at) == ("", NOW)
    await make_category()
    later = NOW + HOUR
    facts = Reclassify(category=WATER, reason="属于供水抢修")
    await tickets.reclassify(ticket, facts, **way(ticket, DISPATCHER, later))
    await deliver(later)
    row = await Sighting.get(ticket=ticket.no)
    assert (row.category, row.at) == (WATER, later)


async def make_category() -> None:
    from hotline.categories import queries as categories
    from hotline.categories.models import Category

    await Category.create(code=WATER, name="抢修", path_name="供水 / 停水 / 抢修", level=3)
    categories.forget()


@pytest.mark.usefixtures("database")
async def test_a_confidential_tickets_words_reach_only_who_is_cleared() -> None:
    cleared, plain = await hire("sun", "supervisor"), await hire("qian", "supervisor")
    cleared.clearance = Clearance.CONFIDENTIAL
    await cleared.save()
    ticket = await a_ticket(
        title="举报有人扬言报复", content="有人扬言报复举报人。", secrecy="confidential", area_code=STREET
    )
    await deliver()
    [surge] = await watching.heed(NOW + MINUTE)
    await deliver(NOW + MINUTE)
    assert surge.secret
    assert await Message.filter(account_id=cleared.id, title__contains="扬言").count() == 1
    assert not await Message.filter(account_id=plain.id).exists()
    assert await queries.live(NOT_CLEARED, 10) == []
    assert [line.surge.no for line in (await wall.of_day(SUPERVISOR, NOW)).surges] == [surge.no]
    assert (await wall.of_day(NOT_CLEARED, NOW)).surges == []
    with pytest.raises(NotFound):
        await queries.one(NOT_CLEARED, surge.no)
    with pytest.raises(NotAllowed):
        await actions.acknowledge(surge, Acknowledge(), **way(surge, NOT_CLEARED))
    assert ticket.no in surge.tickets


@pytest.mark.usefixtures("database")
async def test_confidential_tickets_count_in_numbers_and_stay_out_of_bursts_and_samples() -> None:
    await five(secrecy="confidential")
    await deliver()
    assert await watching.look(NOW + MINUTE) == []

    surge = await an_alert([one.no for one in await Ticket.all()])
    shown = await showing.whole(NOT_CLEARED, surge.no, NOW)
    assert (shown["sample"], shown["hidden"]) == ([], 5)
    assert len((await showing.whole(SUPERVISOR, surge.no, NOW))["sample"]) == 5


async def an_alert(nos: Sequence[str], at: datetime = NOW) -> Surge:
    facts = forms.Begin(
        reason=Reason.COUNT, category=WATER, area=STREET, many=len(nos), window_min=15, expected_milli=150,
        tail="5.4e-07", tickets=tuple(nos),
    )  # fmt: skip
    return await actions.begin(facts, no=await actions.draw_number(at), at=at)


@pytest.mark.usefixtures("database")
async def test_an_alert_is_acknowledged_by_a_supervisor_and_closed_with_a_word_about_what_it_was() -> None:
    surge = await an_alert([(await a_ticket()).no])
    false_alarm = Close(judged=Judged.FALSE_ALARM, note="节日演习，不是停水")
    with pytest.raises(WrongState):
        await actions.close(surge, false_alarm, **way(surge, SUPERVISOR))
    for nobody in (OPERATOR, DISPATCHER, f.HANDLER, f.CITIZEN):
        with pytest.raises(NotAllowed):
            await actions.acknowledge(surge, Acknowledge(), **way(surge, nobody))
    await actions.acknowledge(surge, Acknowledge(note="请水务局核实"), **way(surge, SUPERVISOR))
    await actions.close(surge, false_alarm, **way(surge, MANAGER))
    assert (surge.state, surge.judged, surge.acknowledged_by) == ("closed", Judged.FALSE_ALARM, SUPERVISOR.name)
    await nothing_differs()


@pytest.mark.usefixtures("database")
async def test_the_stream_of_the_wall_says_that_there_is_an_alert_and_not_of_what() -> None:
    await an_alert([(await a_ticket()).no])
    await outbox.put_in_order()
    told = [one.data for one in await live.HAPPENED.after(0, 50)]
    assert {"kind": "突增预警", "what": "发出预警"}.items() <= told[-1].items()
    assert told[-1].keys() == {"at", "kind", "what"}


async def test_on_its_page_an_alert_says_why_shows_its_sample_and_becomes_a_cluster(signed_in: Client) -> None:
    await make_category()
    mine = await five()
    surge = await an_alert([one.no for one in mine])
    address = f"{INDEX}/{surge.no}"
    manager = signed_in(MANAGER)
    assert "供水 / 停水 / 抢修，369902001，15 分钟 5 件" in (await manager.get(INDEX)).text
    page = (await manager.get(address)).text
    for said in ("为什么预警", "5.4e-07", "中位数", "云谷路爆管停水", mine[0].no):
        assert said in page
    refused = await send(manager, address, f"{address}/gather", title="停水", tickets=mine[0].no, _move="gather")
    assert refused.status_code == 422
    two = {"title": "云谷路爆管停水", "tickets": [mine[0].no, mine[1].no]}
    assert (await send(manager, address, f"{address}/gather", **two)).status_code == 303  # type: ignore[arg-type]
    cluster = await Cluster.get()
    assert (await Surge.get(no=surge.no)).cluster == cluster.no
    assert await Ticket.filter(cluster=cluster.no).count() == 2
    again = await send(manager, address, f"{address}/gather", **two)  # type: ignore[arg-type]
    assert again.status_code == 409
    await nothing_differs()

    supervisor = signed_in(SUPERVISOR)
    assert (await send(supervisor, address, f"{address}/acknowledge")).status_code == 303
    empty = await send(supervisor, address, f"{address}/close", note="抢修完成，已恢复", _move="close")
    assert empty.status_code == 422
    assert "抢修完成，已恢复" in empty.text, "what was typed stays"
    done = await send(supervisor, address, f"{address}/close", judged="handled", note="抢修完成，已恢复")
    assert done.status_code == 303
    assert "属实，已处置" in (await supervisor.get(INDEX, params={"show": "closed"})).text
    assert (await signed_in(OPERATOR).get(INDEX)).status_code == 403
    assert (await manager.get(INDEX, params={"show": "none"})).status_code == 422


async def test_a_program_reads_an_alert_moves_it_and_makes_its_cluster(signed_in: Client) -> None:
    mine = await five()
    surge = await an_alert([one.no for one in mine])
    manager, address = signed_in(MANAGER), f"/api/v1/surges/{surge.no}"
    told = (await manager.get(address)).json()
    assert (told["kind"], told["state"], told["many"], len(told["tickets"])) == ("surge", "open", 5, 5)
    assert {one["name"] for one in told["moves"]} == {"acknowledge", "gather"}
    facts = {"title": "云谷路爆管停水", "tickets": [one.no for one in mine]}
    made = await manager.post(f"{address}/moves/gather", json={"version": 1, "facts": facts})
    assert made.status_code == 200, made.text
    assert made.json()["cluster"] == (await Cluster.get()).no
    moved = await manager.post(f"{address}/moves/acknowledge", json={"version": 2, "facts": {}})
    assert moved.json()["state_label"] == "处置中"
    assert [one["move"] for one in (await manager.get(f"{address}/journal")).json()] == [
        "begin",
        "gather",
        "acknowledge",
    ]
    assert (await manager.post(f"{address}/moves/begin", json={"version": 3, "facts": {}})).status_code == 404
    assert (await manager.get("/api/v1/surges")).json()["items"][0]["no"] == surge.no
    assert (await signed_in(f.HANDLER).get(address)).status_code == 403


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("水压很低，热水器打不着火。", ()),
        ("楼道里停电动车，堵住了消防通道。", ()),
        ("健身卡跳楼价卖给老人。", ()),
        ("热水器打不着火，后来厨房着火了。", ("着火",)),
        ("小区停电，楼道里还停电动车。", ("停电",)),
    ],
)
def test_a_word_that_stands_in_another_one_alarms_nobody(text: str, said: tuple[str, ...]) -> None:
    assert tuple(word for _, words in rules.alarming(text, LIMITS.words) for word in words) == said
