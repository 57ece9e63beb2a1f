"""Statements are built once: tortoise writes the SQL of every query anew, which takes longer than most queries do.

A query's *shape* is everything of it but its values: model, columns, filters, joins, order, lock, how many values a
list has, which are NULL. Of one shape the SQL is always the same, so it is kept, and the values are bound to it. That
it is the same, and which value goes where, isn't believed but shown before a shape is kept: tortoise builds the query
a second time with marks in the place of the values, each of them another, and must come to the same SQL with exactly
these marks bound in our order. What doesn't show it, or isn't understood here, is built as before, every time."""

from collections.abc import Callable, Generator, Iterator
from copy import copy
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.expressions import Q, Subquery
from tortoise.filters import escape_like
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import (
    AwaitableQuery,
    CountQuery,
    ExistsQuery,
    QuerySet,
    UpdateQuery,
    ValuesListQuery,
    ValuesQuery,
)

SHAPES_MAX = 2_000
ONE = frozenset({"", "not", "gt", "gte", "lt", "lte", "startswith"})
NULLS, LISTS = frozenset({"isnull", "not_isnull"}), frozenset({"in", "not_in"})
MARKS: dict[type, Callable[[int], Any]] = {
    str: lambda number: f"~{number}",
    int: lambda number: 1_000 + number,
    bytes: lambda number: b"~%d" % number,
    datetime: lambda number: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
    date: lambda number: date(2001, 1, 1) + timedelta(days=number),
}  # what else there is (enums, booleans) has too few values to be marked; it keeps its own, if all differ
PLAIN = frozenset({*MARKS, bool, float})


class Kept(NamedTuple):
    sql: str
    related: tuple[Any, ...]


class Ready(NamedTuple):
    """In the place of pypika's builder: all that tortoise asks of it when it executes."""

    sql: str
    values: list[Any]

    def get_parameterized_sql(self) -> tuple[str, list[Any]]:
        return self.sql, self.values


class Unkept(Exception):  # noqa: N818 (no error: this query is built as before)
    pass


_kept: dict[tuple[Any, ...], Kept | None] = {}  # None: was looked at, and is built as before


def keep(context: TortoiseContext) -> None:
    """From here on for every model that this process has opened."""
    for models in (context.apps.apps if context.apps else {}).values():
        for model in models.values():
            model._meta.manager = Keeper(model)


class Keeper(Manager):
    def get_queryset(self) -> QuerySet[Any]:
        return KeptSelect(self._model)


def _make(query: Any) -> None:
    """Set `query` up so that it can be executed."""
    try:
        read = Reading()
        read.query(query)
        shape = (query._db.capabilities.dialect, *read.shape, *map(type, read.values))
    except Unkept:
        return query._make_query()  # type: ignore[no-any-return]
    kept = _kept.get(shape)
    if kept is not None and "*" not in read.values:  # pypika writes a star into the statement itself
        if kept.related:
            query._select_related_idx = [*kept.related]
        query.query = Ready(kept.sql, read.values)
        return None
    if shape not in _kept and len(_kept) < SHAPES_MAX:
        _kept[shape] = _shown(query)
    return query._make_query()  # type: ignore[no-any-return]


def _shown(query: Any) -> Kept | None:
    """The statement, if it depends on nothing but the shape."""
    try:
        plain, marked = copy(query), Reading(marks=count())
        other = marked.query(query)
        plain._joined_tables, other._joined_tables = [], []  # a query that is built twice would leave out its joins
        plain._make_query()
        other._make_query()
        sql, _ = plain.query.get_parameterized_sql()
        again, bound = other.query.get_parameterized_sql()
    except (Unkept, BaseORMException, ValueError):  # a mark that its column wouldn't take
        return None
    wanted = [(type(value), value) for value in marked.values]
    marks = [told for told in wanted if told[1] is not None]
    same = sql == again and wanted == [(type(value), value) for value in bound] and len({*marks}) == len(marks)
    return Kept(sql, tuple(getattr(other, "_select_related_idx", ()))) if same else None


class Reading:
    """What a query consists of. With `marks`, also that query with a mark in the place of each value."""

    def __init__(self, marks: Iterator[int] | None = None) -> None:
        self.shape: list[Any] = []
        self.values: list[Any] = []
        self.marks = marks

    def query(self, query: Any) -> Any:
        """Raises Unkept."""
        if query._annotations or query._custom_filters or getattr(query, "_force_indexes", None):
            raise Unkept
        about = ABOUT.get(type(query))
        if about is None or getattr(query, "_use_indexes", None) or getattr(query, "_group_bys", None):
            raise Unkept
        self.shape += (type(query), query.model, *about(query))
        other = copy(query) if self.marks else query
        if isinstance(query, UpdateQuery):
            told = {name: self._told(query.model, name, value) for name, value in query.update_kwargs.items()}
            if self.marks:
                other.update_kwargs = told
        filters = [self._filters(q, query.model) for q in query._q_objects]
        if self.marks:
            other._q_objects = filters
        if type(query) is KeptExists:
            self.values.append(1)  # its LIMIT
        for bound in ("_limit", "_offset"):
            if type(query) in LIMITED and (value := getattr(query, bound)):
                raw = self._raw(value)
                self.values.append(raw)
                if self.marks:
                    setattr(other, bound, raw)
        return other

    def _filters(self, q: Q, model: type[Model]) -> Q:
        self.shape += (q.join_type, q._is_negated, len(q.children), len(q.filters))
        if q.filters:  # tortoise looks at its filters or at its children, never at both
            told = {name: self._filter(model, name, value) for name, value in q.filters.items()}
            other = Q(join_type=q.join_type, **told) if self.marks else q
        else:
            children = [self._filters(child, model) for child in q.children]
            other = Q(*children, join_type=q.join_type) if self.marks else q
        if self.marks:
            other._is_negated = q._is_negated
        return other

    def _filter(self, model: type[Model], name: str, value: Any) -> Any:
        field, how, related = _place(model, name)
        self.shape.append(name)
        if related is not None and isinstance(value, related[0]):
            value = getattr(value, related[1])
        if value is None or how in NULLS:
            self.shape.append(value is None or bool(value))
            return value
        if how in LISTS:
            if isinstance(value, Subquery):
                self.shape.append(Subquery)
                return Subquery(self.query(value.query))
            if not isinstance(value, (list, tuple, set, frozenset)):
                raise Unkept
            self.shape.append(len(value))
            return [self._one(field, one, how, model) for one in value]
        return self._one(field, value, how, model)

    def _one(self, field: Any, value: Any, how: str, model: Any) -> Any:
        """A column would take an expression or a query for a text: so only what is plain."""
        raw = self._raw(value, few=hasattr(field, "enum_type"))
        told = f"{escape_like(str(raw))}%" if how == "startswith" else field.to_db_value(raw, model)
        if type(told) not in PLAIN:
            raise Unkept
        self.values.append(told)
        return raw

    def _told(self, model: type[Model], name: str, value: Any) -> Any:
        """What an update sets a column to."""
        field = model._meta.fields_map.get(name)
        if field is None or field.pk or field.generated or name not in model._meta.fields_db_projection:
            raise Unkept
        if value is None:
            self.values.append(None)
            return None
        return self._one(field, value, "", None)

    def _raw(self, value: Any, *, few: bool = False) -> Any:
        mark = MARKS.get(type(value))
        if mark is None and not isinstance(value, (Enum, bool, float)):
            raise Unkept
        return mark(next(self.marks)) if mark is not None and self.marks and not few else value


@cache
def _place(model: type[Model], name: str) -> tuple[Any, str, tuple[type[Model], str] | None]:
    """(the column's field, how it is compared, where the filter names a relation: its model and that one's key).

    Raises Unkept."""
    meta = model._meta
    related = None
    if name in meta.fk_fields or name in meta.o2o_fields:
        relation: Any = meta.fields_map[name]
        related = relation.related_model, relation.to_field_instance.model_field_name
        name = relation.source_field
    if name == "pk":
        name = meta.pk_attr
    column, _, how = name.partition("__")
    if name not in meta.filters and column in meta.fetch_fields:
        across: Any = meta.fields_map[column]
        return _place(across.related_model, how)
    field = meta.fields_map.get(column)
    if name not in meta.filters or column not in meta.fields_db_projection or how not in ONE | NULLS | LISTS:
        raise Unkept
    return field, how, related


HELD = tuple(name for kind in QuerySet.__mro__ for name in getattr(kind, "__slots__", ()) if name != "__weakref__")
COPIED = frozenset({list, dict, set})


class KeptSelect(QuerySet[Any]):
    __slots__ = ()

    def _clone(self) -> QuerySet[Any]:
        """tortoise asks for the connection at each step of a chain, only to know its dialect."""
        other = KeptSelect.__new__(KeptSelect)
        for name in HELD:
            held = getattr(self, name)
            setattr(other, name, held.copy() if type(held) in COPIED and name != "fields" else held)
        return other

    def __await__(self) -> Generator[Any, None, Any]:
        if self._db is None:
            self._db = self._choose_db(self._select_for_update)
        _make(self)
        return self._execute().__await__()

    def update(self, **told: Any) -> UpdateQuery:
        kept: UpdateQuery = _as(KeptUpdate, super().update(**told))
        return kept

    def count(self) -> CountQuery:
        kept: CountQuery = _as(KeptCount, super().count())
        return kept

    def exists(self) -> ExistsQuery:
        kept: ExistsQuery = _as(KeptExists, super().exists())
        return kept

    def values_list(self, *names: str, flat: bool = False) -> Any:
        return _as(KeptValues, super().values_list(*names, flat=flat))


def _as(kind: type[Any], query: AwaitableQuery[Any]) -> Any:
    query.__class__ = kind
    return query


class KeptUpdate(UpdateQuery):
    __slots__ = ()

    def __await__(self) -> Generator[Any, None, int]:
        self._choose_db_if_not_chosen(True)
        _make(self)
        return self._execute().__await__()


class KeptCount(CountQuery):
    __slots__ = ()

    def __await__(self) -> Generator[Any, None, int]:
        self._choose_db_if_not_chosen()
        _make(self)
        return self._execute().__await__()


class KeptExists(ExistsQuery):
    __slots__ = ()

    def __await__(self) -> Generator[Any, None, bool]:
        self._choose_db_if_not_chosen()
        _make(self)
        return self._execute().__await__()


class KeptValues(ValuesListQuery[Any]):
    __slots__ = ()

    def __await__(self) -> Generator[Any, None, Any]:
        self._choose_db_if_not_chosen()
        _make(self)
        return self._execute().__await__()


def _of_select(query: Any) -> tuple[Any, ...]:
    if query._having or query._select_for_update_of or 0 in (query._limit, query._offset):
        raise Unkept
    return (
        query._fields_for_select, *query._orderings, query._distinct, *sorted(query._select_related),
        query._limit is None, query._offset is None, query._select_for_update, query._select_for_update_nowait,
        query._select_for_update_skip_locked, query._select_for_update_no_key,
    )  # fmt: skip


def _of_values(query: Any) -> tuple[Any, ...]:
    named = query._fields_for_select.items() if isinstance(query, ValuesQuery) else query.fields.items()
    return (*named, *query._orderings, query._distinct, not query._limit, not query._offset)


def _of_update(query: Any) -> tuple[Any, ...]:
    if query._limit is not None:
        raise Unkept
    return (*query.update_kwargs, *(value is None for value in query.update_kwargs.values()))


ABOUT: dict[type[Any], Callable[[Any], tuple[Any, ...]]] = {
    KeptSelect: _of_select, KeptValues: _of_values, ValuesQuery: _of_values, KeptUpdate: _of_update,
    KeptCount: lambda query: (query._distinct,), KeptExists: lambda query: (),
}  # fmt: skip
LIMITED = frozenset({KeptSelect, KeptValues, ValuesQuery})
