"""Charts (图表): geometry in whole units, computed from whole numbers, decimals and nothing else; the template draws.

A figure says its finding in its title, has its numbers beside it as a table, and each mark may be a link to its rows.
Bars begin at zero; lines state their scale. What has no value (None) is no zero: it leaves a gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from fractions import Fraction

Number = int | Decimal | Fraction
WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 22, 24
BAR_PART = Fraction(7, 10)  # of its step that a bar takes
ACROSS_LABEL, ACROSS_SAID, ACROSS_ROW = 150, 90, 26
SPARK_W, SPARK_H, SPARK_PAD = 132, 40, 6
SEGMENT_CHARS = 9  # units of width that a sign needs inside of a segment
LABELS_MAX = 13  # under one axis
TONES = ("", "bad", "soon", "pz", "b2")  # classes of the stylesheet; each with a word or value beside it


@dataclass(frozen=True, slots=True)
class Point:
    """One value: `said` is how it is written (else the number itself), `url` its rows, `tone` one of TONES."""

    label: str
    value: Number | None
    said: str = ""
    url: str = ""
    tone: str = ""

    @property
    def words(self) -> str:
        if self.value is None:
            return "无数据"
        return self.said or (f"{self.value:,}" if not isinstance(self.value, Fraction) else str(self.value))


@dataclass(frozen=True, slots=True)
class Line:
    """A run of values with its name; `dashed` is what one compares with."""

    name: str
    points: Sequence[Point]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Rect:
    x: int
    y: int
    w: int
    h: int
    kind: str
    url: str = ""
    said: str = ""
    reach: tuple[int, int, int, int] = (0, 0, 0, 0)  # x, y, w, h that a finger may meet when it is a link


@dataclass(frozen=True, slots=True)
class Text:
    x: int
    y: int
    words: str
    kind: str = ""
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Rule:
    x1: int
    y1: int
    x2: int
    y2: int
    kind: str = "ax"


@dataclass(frozen=True, slots=True)
class Path:
    points: str
    kind: str = "ln"


@dataclass(frozen=True, slots=True)
class Dot:
    x: int
    y: int
    kind: str = "pt"
    url: str = ""
    said: str = ""


@dataclass(slots=True)
class Figure:
    """What the template draws. `note` stands under it: base, exclusions, scale."""

    title: str
    width: int = WIDTH
    height: int = HEIGHT
    note: str = ""
    heads: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)
    rects: list[Rect] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    @property
    def linked(self) -> bool:
        return any(rect.url for rect in self.rects) or any(dot.url for dot in self.dots)


def bars(title: str, points: Sequence[Point], *, unit: str, compare: Sequence[Point] = (), note: str = "") -> Figure:
    """Upright, from zero; `compare` is a dashed line over the same places. Raises ValueError for less than zero."""
    figure = Figure(title, note=note, heads=("", unit, *(("比较",) if compare else ())))
    top = _top([*points, *compare])
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    _grid(figure, top, floor, room)
    if all(point.value is None for point in points):
        figure.texts.append(Text(WIDTH // 2, floor - room // 2 - 6, "没有数据", "v"))
    step = Fraction(WIDTH - LEFT - RIGHT, max(len(points), 1))
    every = -(-len(points) // LABELS_MAX)
    for place, point in enumerate(points):
        middle, high = LEFT + _whole(step * place + step / 2), _part(point.value, top, room)
        width = max(_whole(step * BAR_PART), 1)
        if point.value is not None:
            kind = f"b {point.tone}".strip()
            reach = (LEFT + _whole(step * place), TOP, max(_whole(step), 1), room)
            said = f"{point.label} {point.words}"
            figure.rects.append(Rect(middle - width // 2, floor - high, width, high, kind, point.url, said, reach))
            if point.tone or len(points) <= LABELS_MAX:
                figure.texts.append(Text(middle, floor - high - 5, point.words, "v"))
        if place % max(every, 1) == 0:
            figure.texts.append(Text(middle, floor + 16, point.label))
    if compare:
        places = [LEFT + _whole(step * n + step / 2) for n in range(len(compare))]
        _run(
            figure, places, [floor - _part(p.value, top, room) if p.value is not None else None for p in compare], "l2"
        )
    beside = [point.words for point in compare] + ["无数据"] * (len(points) - len(compare))
    figure.rows = [(point.label, point.words, *((beside[n],) if compare else ())) for n, point in enumerate(points)]
    return figure


def across(title: str, points: Sequence[Point], *, unit: str, targets: Sequence[Number] = (), note: str = "") -> Figure:
    """Lying, for names that are long; a dashed mark on each bar is its target."""
    figure = Figure(title, height=max(len(points), 1) * ACROSS_ROW + 6, note=note, heads=("", unit))
    top = _top(points, *targets)
    room = WIDTH - ACROSS_LABEL - ACROSS_SAID
    for row, point in enumerate(points):
        y = 3 + row * ACROSS_ROW
        long = _part(point.value, top, room)
        figure.texts.append(Text(0, y + 15, point.label, "", "start"))
        if point.value is not None:
            kind = f"b {point.tone}".strip()
            said, reach = f"{point.label} {point.words}", (ACROSS_LABEL, y, room, ACROSS_ROW)
            figure.rects.append(Rect(ACROSS_LABEL, y + 3, long, ACROSS_ROW - 10, kind, point.url, said, reach))
        figure.texts.append(Text(ACROSS_LABEL + long + 6, y + 15, point.words, "v", "start"))
        if row < len(targets):
            mark = ACROSS_LABEL + _part(targets[row], top, room)
            figure.rules.append(Rule(mark, y, mark, y + ACROSS_ROW - 4, "tg"))
    if targets:
        figure.heads = ("", unit, "比较")
    figure.rows = [
        (point.label, point.words, *((str(targets[n]) if n < len(targets) else "无数据",) if targets else ()))
        for n, point in enumerate(points)
    ]
    return figure


def lines(title: str, runs: Sequence[Line], *, low: Number, high: Number, unit: str, note: str = "") -> Figure:
    """Several runs on one scale from `low` to `high`, which stands in the note; values beyond it are held at its edge
    and keep their number in the table."""
    scale = f"纵轴 {low} 至 {high}{unit}"
    figure = Figure(title, note=f"{note}{'；' if note else ''}{scale}", heads=("", *(run.name for run in runs)))
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    count = max((len(run.points) for run in runs), default=0)
    for value in (low, high):
        y = floor - _placed(value, low, high, room)
        figure.rules.append(Rule(LEFT, y, WIDTH - RIGHT, y))
        figure.texts.append(Text(LEFT - 6, y + 4, str(value), "", "end"))
    end = WIDTH - RIGHT - ACROSS_SAID
    places = _spread(LEFT, end, count)
    for run in runs:
        heights = [None if p.value is None else floor - _placed(p.value, low, high, room) for p in run.points]
        _run(figure, places, heights, "l2" if run.dashed else "ln")
        seen = [n for n, y in enumerate(heights) if y is not None]
        if seen:
            x, y = places[seen[-1]], heights[seen[-1]] or 0
            last = run.points[seen[-1]]
            figure.dots += [] if run.dashed else [Dot(x, y, "pt", last.url, f"{run.name} {last.words}")]
            figure.texts.append(Text(x + 8, y + 4, run.name, "v", "start"))
    _apart(figure.texts, floor)
    longest = max(runs, key=lambda run: len(run.points), default=None)
    every = -(-count // LABELS_MAX)
    for n, point in enumerate(longest.points if longest else ()):
        if n % max(every, 1) == 0:
            figure.texts.append(Text(places[n], floor + 16, point.label))
        told = (run.points[n].words if n < len(run.points) else "无数据" for run in runs)
        figure.rows.append((point.label, *told))
    return figure


def stacked(title: str, rows: Sequence[tuple[str, Sequence[Point]]], *, unit: str, note: str = "") -> Figure:
    """Parts of a whole, one bar a row: each part has its name or number inside where it fits, always in the table."""
    parts = [point.label for _, points in rows[:1] for point in points]
    figure = Figure(title, height=max(len(rows), 1) * ACROSS_ROW + 6, note=note, heads=("", *parts))
    totals = [_sum(points) for _, points in rows]
    top = max([*totals, Fraction(0)]) or Fraction(1)
    room = WIDTH - ACROSS_LABEL - ACROSS_SAID
    for row, (name, points) in enumerate(rows):
        y, before = 3 + row * ACROSS_ROW, Fraction(0)
        figure.texts.append(Text(0, y + 15, name, "", "start"))
        for n, point in enumerate(points):
            begin, before = before, before + _zero(point.value)
            x, until = (ACROSS_LABEL + _whole(edge / top * room) for edge in (begin, before))
            if until > x:
                kind = f"b seg{n % 4} {point.tone}".strip()
                said = f"{name} {point.label} {point.words}"
                place = (x, y + 3, until - x, ACROSS_ROW - 10)
                figure.rects.append(Rect(*place, kind, point.url, said, place))
            if until - x > len(point.label) * 12 + SEGMENT_CHARS and not row:
                figure.texts.append(Text((x + until) // 2, y + 15, point.label, f"in seg{n % 4}"))
        long = _whole(before / top * room)
        figure.texts.append(Text(ACROSS_LABEL + long + 6, y + 15, f"{_plain(before)} {unit}", "v", "start"))
        figure.rows.append((name, *(point.words for point in points)))
    return figure


def multiples(
    title: str, runs: Sequence[Line], *, low: Number, high: Number, unit: str, note: str = ""
) -> list[Figure]:
    """Small figures on one scale, instead of many lines in one frame."""
    told = [spark(run.name, run.points, low=low, high=high) for run in runs]
    for figure in told:
        figure.note = note or f"{title}：同一纵轴 {low} 至 {high}{unit}"
    return told


def spark(title: str, points: Sequence[Point], *, low: Number | None = None, high: Number | None = None,
          target: Number | None = None) -> Figure:  # fmt: skip
    """A line beside a number: the last value has the sun. Without a scale its own least and greatest value."""
    values = [p.value for p in points if p.value is not None]
    low = min(values, default=0) if low is None else low
    high = max(values, default=1) if high is None else high
    figure = Figure(title, SPARK_W, SPARK_H, heads=("", title), rows=[(p.label, p.words) for p in points])
    room, floor = SPARK_H - 2 * SPARK_PAD, SPARK_H - SPARK_PAD
    places = _spread(SPARK_PAD, SPARK_W - SPARK_PAD, len(points))
    heights = [None if p.value is None else floor - _placed(p.value, low, high, room) for p in points]
    _run(figure, places, heights, "ln")
    seen = [n for n, y in enumerate(heights) if y is not None]
    figure.dots += [Dot(places[seen[-1]], heights[seen[-1]] or 0)] if seen else []
    if target is not None:
        y = floor - _placed(target, low, high, room)
        figure.rules.append(Rule(SPARK_PAD, y, SPARK_W - SPARK_PAD, y, "tg"))
    return figure


@dataclass(frozen=True, slots=True)
class Session:
    """One line of a timetable: [begin, end) of a day in a place."""

    place: str
    title: str
    begin: time
    end: time
    url: str = ""
    tone: str = ""


def timetable(title: str, sessions: Iterable[Session], *, opens: time, closes: time, now: time | None) -> Figure:
    """A day of the halls; the line of sunlight is the present minute. What lies outside of the hours is cut at them."""
    every = sorted(sessions, key=lambda one: (one.place, one.begin))
    places = list(dict.fromkeys(one.place for one in every))
    height = TOP + max(len(places), 1) * 40 + 6
    figure = Figure(title, height=height, heads=("地点", "时间", "场次"))
    first, last = _minutes(opens), max(_minutes(closes), _minutes(opens) + 1)
    room = WIDTH - ACROSS_LABEL - RIGHT

    def at(moment: time) -> int:
        held = min(max(_minutes(moment), first), last)
        return ACROSS_LABEL + _whole(Fraction(held - first, last - first) * room)

    for hour in range(opens.hour, closes.hour + 1, 2):
        x = at(time(hour))
        figure.rules.append(Rule(x, TOP - 4, x, height - 4))
        figure.texts.append(Text(x, TOP - 8, f"{hour}:00", "", "start" if x + 20 < WIDTH else "end"))
    for row, place in enumerate(places):
        figure.texts.append(Text(0, TOP + row * 40 + 24, place, "", "start"))
    for n, one in enumerate(every):
        x, y = at(one.begin), TOP + places.index(one.place) * 40 + 4
        said = f"{one.begin:%H:%M} 至 {one.end:%H:%M} {one.title}"
        slot = (min(x, WIDTH - RIGHT - 2), y, max(at(one.end) - x, 2), 32)
        figure.rects.append(Rect(*slot, f"slot {one.tone}".strip(), one.url, said, slot))
        following = next((at(other.begin) for other in every[n + 1 : n + 2] if other.place == one.place), WIDTH - RIGHT)
        figure.texts.append(Text(x + 5, y + 20, _cut(one.title, max(following - x - 8, 0) // 12), "", "start"))
        figure.rows.append((one.place, f"{one.begin:%H:%M} 至 {one.end:%H:%M}", one.title))
    if now is not None and first <= _minutes(now) <= last:
        figure.rules.append(Rule(at(now), TOP - 4, at(now), height - 2, "sunline"))
        figure.note = f"日光线：现在 {now:%H:%M}"
    return figure


def _cut(words: str, chars: int) -> str:
    return words if len(words) <= chars else f"{words[: chars - 1]}…" if chars > 1 else ""


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _grid(figure: Figure, top: Fraction, floor: int, room: int) -> None:
    for part in (0, 1, 2):
        y = floor - _whole(Fraction(part, 2) * room)
        figure.rules.append(Rule(LEFT, y, WIDTH - RIGHT, y))
        figure.texts.append(Text(LEFT - 6, y + 4, _plain(top * part / 2), "", "end"))


def _run(figure: Figure, places: Sequence[int], heights: Sequence[int | None], kind: str) -> None:
    """One path for each stretch of values; a lone value is a dot, not a line of no length."""
    stretch: list[tuple[int, int]] = []
    for x, y in [*zip(places, heights, strict=False), (0, None)]:
        if y is not None:
            stretch.append((x, y))
            continue
        if len(stretch) > 1:
            figure.paths.append(Path(" ".join(f"{x},{y}" for x, y in stretch), kind))
        elif stretch and kind == "ln":
            figure.dots.append(Dot(*stretch[0]))
        stretch = []


def _apart(texts: list[Text], floor: int) -> None:
    """Names at the ends of lines don't lie on each other."""
    names = sorted((n for n, text in enumerate(texts) if text.kind == "v"), key=lambda n: texts[n].y)
    lowest = floor + 4
    for back, n in enumerate(reversed(names)):
        old = texts[n]
        y = min(old.y, lowest - 14 * back)
        texts[n] = Text(old.x, y, old.words, old.kind, old.anchor)
    above = 0
    for n in names:
        old = texts[n]
        y = min(max(old.y, above + 14), floor + 4) if above else old.y
        texts[n] = Text(old.x, y, old.words, old.kind, old.anchor)
        above = y


def _top(points: Sequence[Point], *more: Number) -> Fraction:
    """The end of the axis: one of 1, 2, 5 × 10ⁿ above every value."""
    values = [Fraction(p.value) for p in points if p.value is not None] + [Fraction(one) for one in more]
    if any(value < 0 for value in values):
        raise ValueError("a bar begins at zero")
    most, top = max(values, default=Fraction(0)), Fraction(1)
    if most <= 0:
        return top
    while top < most:
        top *= 10
    while top / 10 >= most:
        top /= 10
    return next(top * part for part in (Fraction(1, 5), Fraction(1, 2), Fraction(1)) if top * part >= most)


def _part(value: Number | None, top: Fraction, room: int) -> int:
    """How much of the room a value takes; something is never nothing."""
    shown = _zero(value)
    return max(_whole(shown / top * room), 1 if shown > 0 else 0)


def _placed(value: Number, low: Number, high: Number, room: int) -> int:
    first, last = Fraction(low), Fraction(high)
    if last <= first:
        return room // 2
    held = min(max(Fraction(value), first), last)
    return _whole((held - first) / (last - first) * room)


def _spread(begin: int, end: int, count: int) -> list[int]:
    if count == 1:
        return [end]
    return [begin + _whole(Fraction((end - begin) * n, count - 1)) for n in range(count)]


def _sum(points: Sequence[Point]) -> Fraction:
    if any(_zero(point.value) < 0 for point in points):
        raise ValueError("a part begins at zero")
    return sum((_zero(point.value) for point in points), Fraction(0))


def _zero(value: Number | None) -> Fraction:
    return Fraction(0) if value is None else Fraction(value)


def _whole(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _plain(value: Fraction) -> str:
    """Whole numbers with thousands; else as few decimals as it needs, at most three."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.3f}".rstrip("0").rstrip(".")
