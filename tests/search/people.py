"""Readers of memos."""

from kernel.permissions import ANONYMOUS, Actor
from tests.search.memos import READ


def reader(number: int, *scopes: str) -> Actor:
    return Actor(id=number, name=f"读者{number}", powers={READ: scopes} if scopes else {})


ALL = reader(11, "/36/")
RIVER = reader(12, "/36/01/")
HARBOUR = reader(13, "/36/010/")  # no part of /36/01/
CITIZEN = reader(14)
NEIGHBOUR = reader(15)
EVERYONE = (ALL, RIVER, HARBOUR, CITIZEN, NEIGHBOUR, ANONYMOUS)
