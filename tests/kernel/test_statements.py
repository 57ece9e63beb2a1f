"""A kept statement answers what a statement built anew would answer, whatever the values; on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pypika_tortoise.queries import QueryBuilder
from tortoise.expressions import F, Q, Subquery
from tortoise.queryset import QuerySet

from hotline.tickets.models import Assignment, Ticket
from hotline.tickets.queries import visible_to
from hotline.tickets.states import TicketState
from kernel import statements
from kernel.models import Entry
from kernel.people.models import Organisation
from tests import factories as f

pytestmark = pytest.mark.usefixtures("database")
Ask = Callable[[QuerySet[Any], Any], Any]
QUERIES: dict[str, tuple[type[Any], Ask, tuple[Any, ...]]] = {
    "equal": (Organisation, lambda rows, code: rows.filter(code=code), ("SW", "ZJ", "none", "*", "it's", "a%")),
    "null": (Ticket, lambda rows, no: rows.filter(merged_into=no), (None, "12345", None)),
    "list": (
        Organisation, lambda rows, codes: rows.filter(code__in=codes).order_by("code"),
        (["SW", "ZJ"], ["GW", "RX"], ["ZJ"], [], ["SW", "SW"], {"GW"}),
    ),
    "prefix": (
        Organisation, lambda rows, path: rows.filter(path__startswith=path).order_by("-path"),
        (f.WATER_PATH, f.HOUSING_PATH, "%", "/36____", "\\"),
    ),
    "either": (
        Organisation, lambda rows, two: rows.filter(Q(code=two[0]) | ~Q(name=two[1])).order_by("id"),
        (("SW", "水务局"), ("水务局", "SW"), ("SW", "SW"), ("RX", "住建局")),
    ),
    "relation": (
        Assignment, lambda rows, code: rows.filter(agency__code=code, ticket__state=TicketState.DISP).order_by("id"),
        ("SW", "ZJ", "SW"),
    ),
    "instant": (Entry, lambda rows, at: rows.filter(at__lte=at).order_by("id"), (f.NOW, f.NOW - timedelta(1), f.NOW)),
    "limit": (Organisation, lambda rows, most: rows.order_by("code").limit(most), (1, 3, 0, 2)),
    "page": (Organisation, lambda rows, first: rows.order_by("code").offset(first).limit(2), (0, 1, 3)),
    "within": (
        Assignment,
        lambda rows, path: rows.filter(
            Q(agency_id__in=Subquery(Organisation.filter(path__startswith=path).values("id"))), role="lead"
        ).order_by("id"),
        (f.WATER_PATH, f.HOUSING_PATH, f.CITY, "/none/"),
    ),
    "count": (Organisation, lambda rows, level: rows.filter(level__gte=level).count(), (0, 2, 9)),
    "exists": (Organisation, lambda rows, code: rows.filter(code=code).exists(), ("SW", "none", "ZJ")),
    "count across": (
        Assignment, lambda rows, code: rows.filter(agency__code=code, ticket__region_path__startswith=f.CITY).count(),
        ("SW", "ZJ", "none"),
    ),
    "exists across": (Assignment, lambda rows, code: rows.filter(agency__code=code).exists(), ("SW", "none", "ZJ")),
    "columns": (
        Organisation, lambda rows, code: rows.filter(code__not=code).order_by("code").values_list("code", "level"),
        ("SW", "none"),
    ),
    "together": (
        Assignment, lambda rows, number: rows.filter(number=number).order_by("id").select_related("agency", "ticket"),
        (1, 2, 1),
    ),
    "part": (Organisation, lambda rows, code: rows.filter(code=code).only("id", "name").first(), ("SW", "none", "ZJ")),
    "expression": (Ticket, lambda rows, value: rows.filter(title=value).order_by("id"), ("小区停水两天", F("title"))),
}  # fmt: skip


async def some_tickets() -> None:
    await f.a_dispatched_ticket(lead="SW")
    await f.a_dispatched_ticket(lead="ZJ", title="电梯故障")
    await f.a_ticket(title="路灯不亮")


def shown(answer: Any) -> Any:
    """Rows as the values that they hold."""
    if isinstance(answer, list):
        return [shown(one) for one in answer]
    if not hasattr(answer, "_meta"):
        return answer
    told = {name: value for name, value in vars(answer).items() if name in answer._meta.db_fields}
    return told | {name: shown(getattr(answer, f"_{name}", None)) for name in answer._meta.fk_fields}


@pytest.mark.parametrize("name", QUERIES)
async def test_it_is_answered_as_if_it_were_built_anew(name: str) -> None:
    model, ask, values = QUERIES[name]
    await some_tickets()
    for value in (*values, *values):
        anew = shown(await ask(QuerySet(model), value))
        assert shown(await ask(model.all(), value)) == anew, value


async def test_what_is_set_is_what_was_given_and_only_where_it_was_meant() -> None:
    await some_tickets()
    for level, phone in ((3, "1"), (4, "2"), (3, "3")):
        assert await Organisation.filter(code="SW", active=True).update(level=level, phone=phone) == 1
        assert await Organisation.filter(code="ZJ").update(level=9, phone="9") == 1
        water = await Organisation.get(code="SW")
        assert (water.level, water.phone) == (level, phone)
    await Organisation.filter(code="SW").update(level=F("level") + 1)
    assert (await Organisation.get(code="SW")).level == 4
    assert await Organisation.filter(level=9, phone="9").count() == 1
    for number, code in ((7, "SW"), (8, "ZJ"), (9, "SW")):
        assert await Assignment.filter(agency__code=code, ticket__state=TicketState.DISP).update(depth=number) == 1
        assert await Assignment.filter(depth=number).values_list("agency__code", flat=True) == [code]
    for until in (f.NOW, None, f.NOW + timedelta(1), None):
        await Ticket.filter(title="电梯故障").update(restricted_until=until)
        assert (await Ticket.get(title="电梯故障")).restricted_until == until
        assert (await Ticket.get(title="路灯不亮")).restricted_until is None


async def test_everybody_sees_their_own_however_often_the_same_is_asked() -> None:
    await some_tickets()
    for _ in range(3):
        for who in (f.LIAISON, f.HOUSING, f.OPERATOR, f.CITIZEN, f.NEIGHBOUR, f.LEADER):
            titles = {one.title for one in await visible_to(who)}
            wanted = {
                f.LIAISON.id: {"小区停水两天"}, f.LEADER.id: {"小区停水两天"}, f.HOUSING.id: {"电梯故障"},
                f.OPERATOR.id: {"小区停水两天", "电梯故障", "路灯不亮"},
            }.get(who.id, set())  # fmt: skip
            assert titles == wanted, who.name


async def test_what_was_asked_before_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    await some_tickets()
    built = []
    real = QueryBuilder.get_parameterized_sql

    def counted(self: QueryBuilder, *given: Any) -> Any:
        built.append(self)
        return real(self, *given)

    monkeypatch.setattr(QueryBuilder, "get_parameterized_sql", counted)
    for name, (model, ask, values) in QUERIES.items():
        if name not in {"expression", "limit", "page", "equal", "list"}:
            await ask(model.all(), values[0])
            before = len(built)
            await ask(model.all(), values[0])
            assert len(built) == before, name
    await visible_to(f.LIAISON)
    before = len(built)
    await visible_to(f.HOUSING)
    await visible_to(f.LIAISON)
    assert len(built) == before


async def test_beyond_so_many_shapes_statements_are_built_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "SHAPES_MAX", 0)
    for codes in (["SW"], ["SW", "ZJ"], ["SW", "ZJ", "GW"]):
        found = await Organisation.filter(code__in=codes, level__lt=77).order_by("code")
        assert [one.code for one in found] == sorted(codes)
