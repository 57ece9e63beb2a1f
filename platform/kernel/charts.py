"""权力运行流程图: the process chart, drawn from the same table of moves that does the work."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.labels import Labelled
from kernel.lifecycle import Move
from kernel.models import Thing

BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 120, 40, 90, 74, 24
LABEL_CHARS_MAX = 12


@dataclass(frozen=True, slots=True)
class Arrow:
    """One way from a state to another; `source` None is the beginning."""

    source: Labelled | None
    target: Labelled
    label: str
    by_person: bool


@dataclass(frozen=True, slots=True)
class Box:
    state: Labelled
    x: int
    y: int


def arrows(moves: Mapping[str, Move]) -> list[Arrow]:
    """Every change of state; moves that stay are in `staying`."""
    found: list[Arrow] = []
    for move in moves.values():
        ways = [(move.label, move.target), *((branch.label, branch.target) for branch in move.branches)]
        for label, target in ways:
            if target is not None:
                sources: list[Labelled | None] = [*sorted(move.sources)] or [None]
                found += [Arrow(source, target, label, move.permission is not None) for source in sources]
    return found


def staying(moves: Mapping[str, Move]) -> list[tuple[str, list[str]]]:
    """(move, states) of what can be done without leaving a state."""
    return [
        (move.label, [state.label for state in sorted(move.sources)])
        for move in moves.values()
        if move.target is None and move.sources and move.permission is not None
    ]


def mermaid(model: type[Thing]) -> str:
    """`stateDiagram-v2` text, for handbooks and tools outside."""
    lines = ["stateDiagram-v2"]
    states: dict[str, str] = {}
    for arrow in arrows(model.moves):
        for state in (arrow.source, arrow.target):
            if state is not None:
                states[state.value] = state.label
        source = arrow.source.value if arrow.source is not None else "[*]"
        lines.append(f"    {source} --> {arrow.target.value}: {arrow.label}")
    return "\n".join([lines[0], *(f"    {code}: {label}" for code, label in states.items()), *lines[1:]])


@dataclass(frozen=True, slots=True)
class Line:
    """One drawn arrow: an SVG path, and where its label stands."""

    path: str
    x: int
    y: int
    label: str
    by_person: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the template needs for an SVG: no text is drawn here that isn't in the table."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]


def drawing(model: type[Thing]) -> Drawing:
    """Columns by the shortest way from the beginning; ways forward above, ways back below."""
    every = arrows(model.moves)
    column = _columns(every)
    boxes = _boxes(column)
    places = {box.state: box for box in boxes}
    joined: dict[tuple[Any, Labelled], list[Arrow]] = defaultdict(list)
    for arrow in every:
        joined[arrow.source, arrow.target].append(arrow)
    lines = [
        _line(places.get(source), places[target], ways, n) for n, ((source, target), ways) in enumerate(joined.items())
    ]
    width = max(box.x for box in boxes) + BOX_W + MARGIN
    height = max([box.y + BOX_H for box in boxes] + [line.y for line in lines]) + MARGIN
    return Drawing(width, height, boxes, lines)


def _columns(every: list[Arrow]) -> dict[Labelled, int]:
    column: dict[Labelled, int] = {arrow.target: 0 for arrow in every if arrow.source is None}
    edge = list(column)
    while edge:
        state = edge.pop(0)
        for arrow in every:
            if arrow.source == state and arrow.target not in column:
                column[arrow.target] = column[state] + 1
                edge.append(arrow.target)
    return column


def _boxes(column: Mapping[Labelled, int]) -> list[Box]:
    rows: dict[int, int] = defaultdict(int)
    boxes = []
    for state, place in column.items():
        boxes.append(Box(state, MARGIN + BOX_W // 2 + place * (BOX_W + GAP_X), MARGIN + rows[place] * (BOX_H + GAP_Y)))
        rows[place] += 1
    return boxes


def _line(source: Box | None, target: Box, ways: list[Arrow], n: int) -> Line:
    label = "、".join(dict.fromkeys(way.label for way in ways))
    shown = label if len(label) <= LABEL_CHARS_MAX else label[: LABEL_CHARS_MAX - 1] + "…"
    by_person = any(way.by_person for way in ways)
    middle = target.y + BOX_H // 2
    if source is None:
        path = f"M {target.x - BOX_W // 2} {middle} L {target.x} {middle}"
        return Line(path, target.x - BOX_W // 4, middle - 6, shown, by_person)
    from_y, bend = source.y + BOX_H // 2, 12 + 7 * (n % 4)
    if target.x > source.x:
        x1, x2 = source.x + BOX_W, target.x
        path = f"M {x1} {from_y} C {x1 + GAP_X // 2} {from_y}, {x2 - GAP_X // 2} {middle}, {x2} {middle}"
        return Line(path, (x1 + x2) // 2, (from_y + middle) // 2 - 6, shown, by_person)
    if target.x == source.x:
        x1, down = source.x + BOX_W // 2, target.y > source.y
        y1, y2 = (source.y + BOX_H, target.y) if down else (source.y, target.y + BOX_H)
        return Line(f"M {x1} {y1} L {x1} {y2}", x1, (y1 + y2) // 2, shown, by_person)
    x1, x2, low = source.x + BOX_W // 2, target.x + BOX_W // 2, max(source.y, target.y) + BOX_H + bend
    path = f"M {x1} {source.y + BOX_H} C {x1} {low + 14}, {x2} {low + 14}, {x2} {target.y + BOX_H}"
    return Line(path, (x1 + x2) // 2, low + 12, shown, by_person)
