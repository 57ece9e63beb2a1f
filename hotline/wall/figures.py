"""The wall's charts, from its numbers."""

from urllib.parse import urlencode

from hotline.wall.queries import Count, Day
from kernel.ui import figures
from kernel.ui.figures import Figure, Point

TICKETS = "/hotline/tickets"


def address(count: Count) -> str:
    return f"{TICKETS}?{urlencode(count.filters)}"


def drawn(day: Day) -> dict[str, Figure]:
    hours = [Point(one.label, one.value, url=address(one)) for one in day.hours]
    hours[-1] = Point(hours[-1].label, hours[-1].value, url=hours[-1].url, tone="b2")
    hours += [Point(f"{n}", None) for n in range(len(hours), len(day.before))]
    usual = [Point(f"{n}", many) for n, many in enumerate(day.before)]
    note = f"柱：今天，{day.hours[-1].label} 时未满一小时；虚线：上周同日"
    return {
        "hours": figures.bars(_hours_say(day), hours, unit="件", compare=usual, note=note),
        "states": figures.across(
            f"今天登记的 {day.registered.value} 件现在在哪里", _points(day.states), unit="件", note="按工单现在的状态"
        ),
        "types": figures.across("今天登记的诉求性质", _points(day.types), unit="件"),
        "categories": figures.across(_most(day), _points(day.categories), unit="件", note="只列已分类的前几类"),
    }


def _points(counts: list[Count]) -> list[Point]:
    return [Point(one.label.rpartition(" / ")[2], one.value, url=address(one)) for one in counts]


def _hours_say(day: Day) -> str:
    """The finding: so far today against the same hours a week ago; the running hour is counted in neither."""
    over = len(day.hours) - 1
    now, then = sum(one.value for one in day.hours[:over]), sum(day.before[:over])
    if not then:
        return f"到 {over} 点登记 {now} 件，上周同日没有可比的数"
    change = round(100 * (now - then) / then)
    words = "与上周同日持平" if not change else f"比上周同日{'多' if change > 0 else '少'} {abs(change)}%"
    return f"到 {over} 点登记 {now} 件，{words}"


def _most(day: Day) -> str:
    if not day.categories:
        return "今天还没有已分类的诉求"
    first = day.categories[0]
    return f"今天最多的是{first.label.rpartition(' / ')[2]}，{first.value} 件"
