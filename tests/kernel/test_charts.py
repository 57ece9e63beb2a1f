"""The process chart says what the table of moves says, no more and no less."""

import re
from itertools import combinations

import pytest

from hotline.tickets.models import Assignment, Ticket
from kernel import charts
from kernel.models import Thing

KINDS = pytest.mark.parametrize("kind", [Ticket, Assignment], ids=lambda kind: kind.kind)


def changes(kind: type[Thing]) -> set[tuple[str, str]]:
    found = set()
    for move in kind.moves.values():
        for target in move.targets():
            if target is not None:
                found |= {(source.value, target.value) for source in move.sources} or {("[*]", target.value)}
    return found


@KINDS
def test_every_change_of_state_is_an_arrow_and_every_arrow_a_change(kind: type[Thing]) -> None:
    drawn = set(re.findall(r"^    (\S+) --> (\w+): .+$", charts.mermaid(kind), re.MULTILINE))
    assert drawn == changes(kind)
    assert len(drawn) > 5


@KINDS
def test_every_state_has_a_box_of_its_own_and_every_pair_a_line(kind: type[Thing]) -> None:
    drawing = charts.drawing(kind)
    states = {state for pair in changes(kind) for state in pair} - {"[*]"}
    assert {box.state.value for box in drawing.boxes} == states
    assert len(drawing.lines) == len(changes(kind))
    for one, other in combinations(drawing.boxes, 2):
        apart = abs(one.x - other.x) >= charts.BOX_W or abs(one.y - other.y) >= charts.BOX_H
        assert apart, f"{one.state} lies on {other.state}"
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - charts.BOX_W
        assert 0 <= box.y <= drawing.height - charts.BOX_H


@KINDS
def test_what_a_person_may_do_without_leaving_a_state_is_listed_beside(kind: type[Thing]) -> None:
    listed = {label for label, states in charts.staying(kind.moves) if states}
    expected = {move.label for move in kind.moves.values() if move.target is None and move.sources and move.permission}
    assert listed == expected
