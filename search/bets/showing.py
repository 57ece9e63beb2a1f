"""The list of bets, and one of them with the document it is about."""

from datetime import datetime
from typing import Any

from kernel.citytime import day_of
from kernel.lifecycle import asked_moves
from kernel.people import queries as people
from kernel.permissions import Actor
from search.bets import queries
from search.bets.models import Bet
from search.bets.states import BetState
from search.permissions import P
from search.records import read

TONES = {
    BetState.PROPOSED: "soon", BetState.LIVE: "ok", BetState.REFUSED: "late", BetState.WDRAWN: "done",
    BetState.ENDED: "done",
}  # fmt: skip


async def whole(actor: Actor, at: datetime) -> dict[str, Any]:
    bets = await queries.listed(actor)
    return {
        "bets": bets, "tones": TONES, "names": await _names(bets), "today": day_of(at), "titles": await _titles(bets),
        "may_draft": actor.may_anywhere(P.BET_DRAFT),
    }  # fmt: skip


async def bet(actor: Actor, no: str, at: datetime) -> dict[str, Any]:
    found = await queries.one(actor, no)
    seen = (await read([found.document]))[found.document].public
    offers = [(move, str(refusal or "")) for move, refusal in await asked_moves(found, actor, at)]
    return {
        "bet": found, "tones": TONES, "names": await _names([found]), "today": day_of(at), "document": seen,
        "told": await queries.told(found), "offers": offers,
    }  # fmt: skip


async def _titles(bets: list[Bet]) -> dict[str, str]:
    seen = await read(sorted({one.document for one in bets}))
    return {ref: document.title for ref, one in seen.items() if (document := one.public)}


async def _names(bets: list[Bet]) -> dict[int, str]:
    return await people.names({one.proposed_by for one in bets} | {one.settled_by for one in bets if one.settled_by})
