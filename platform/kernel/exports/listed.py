"""What a module says of a list that may be carried away."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.permissions import Actor, Permission

Params = Mapping[str, str]
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`rows` gives what that person may see, narrowed by the address's own filters, never more than `limit`.

    `personal_rows` gives the same with what tells who somebody is; each one given out is on record as a look at it."""

    name: str
    label: str
    page: str  # where the list stands; it takes the same filters
    permission: Permission  # to see the list at all
    columns: tuple[str, ...]
    personal_columns: tuple[str, ...]
    count: Callable[[Actor, Params, datetime], Awaitable[int]]
    rows: Callable[[Actor, Params, datetime, int], AsyncIterator[Row]]
    personal_rows: Callable[[Actor, Params, datetime, int, str], AsyncIterator[Row]]
