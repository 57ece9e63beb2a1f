"""A cluster as one person sees it: its tickets, its earliest deadline, what may be done, what might belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline.clusters import queries
from hotline.clusters.models import Cluster
from hotline.clusters.rules import ANSWERABLE, GATHERED
from hotline.clusters.states import ClusterState
from hotline.tickets import queries as tickets
from hotline.tickets.models import Ticket
from kernel.calendar import current
from kernel.clocks.words import Remaining, remaining
from kernel.lifecycle import asked_moves
from kernel.permissions import Actor

LISTED_MAX, CANDIDATES_MAX = 100, 50
VIEWS = {"live": "处置中", "closed": "已结束"}
STATES = {"live": (ClusterState.OPEN, ClusterState.REPLIED), "closed": (ClusterState.CLOSED,)}


@dataclass(frozen=True, slots=True)
class Line:
    """One cluster in the list: how many tickets, how many of them wait, the earliest of their totals."""

    cluster: Cluster
    tickets: int
    waiting: int
    left: Remaining | None


async def listing(actor: Actor, view: str, at: datetime) -> dict[str, Any]:
    rows = await queries.listed(actor, STATES[view], LISTED_MAX)
    lines = [await _line(one, await tickets.of_cluster(one.no), at) for one in rows]
    return {"lines": lines, "views": VIEWS, "view": view, "full": len(rows) == LISTED_MAX}


async def whole(actor: Actor, no: str, words: str, at: datetime) -> dict[str, Any]:
    cluster = await queries.one(actor, no)
    members = await tickets.of_cluster(cluster.no)
    seen = {one.no for one in await tickets.visible_to(actor, [one.no for one in members])}
    offers = {move.name: str(refusal) if refusal else "" for move, refusal in await asked_moves(cluster, actor, at)}
    return {
        "cluster": cluster, "line": await _line(cluster, members, at),
        "members": [one for one in members if one.no in seen],
        "hidden": len(members) - len(seen), "answerable": ANSWERABLE, "offers": offers, "words": words,
        "candidates": await candidates(actor, words) if words and "add" in offers else [],
    }  # fmt: skip


async def candidates(actor: Actor, words: str) -> list[Ticket]:
    """Tickets of that title or number that may still be gathered."""
    found = tickets.named(actor, words).filter(state__in=[*GATHERED], cluster=None)
    return await found.limit(CANDIDATES_MAX)


async def _line(cluster: Cluster, members: Sequence[Ticket], at: datetime) -> Line:
    earliest = await queries.earliest(members)
    left = remaining(earliest, await current(), at) if earliest else None
    return Line(cluster, len(members), sum(one.state in ANSWERABLE for one in members), left)
