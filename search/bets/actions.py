"""The verbs of a bet."""

from datetime import datetime
from typing import Unpack

from kernel import numbering
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.permissions import Actor
from kernel.settings import settings
from search.bets.forms import Placed, Reason
from search.bets.models import Bet


async def draw_number(at: datetime) -> str:
    """Outside of every transaction: a number is never given twice, not even after a rollback."""
    return await numbering.draw(Bet.prefix, at)


async def propose(facts: Placed, *, no: str, by: Actor, at: datetime) -> Bet:
    """Written down; it changes no answer before another person has published it. Raises FormRejected."""
    return await move(Bet(no=no, region_path=settings().region_path), "propose", facts, by=by, at=at, version=0)


async def publish(bet: Bet, facts: Nothing, **way: Unpack[Way]) -> Bet:
    return await move(bet, "publish", facts, **way)


async def refuse(bet: Bet, facts: Reason, **way: Unpack[Way]) -> Bet:
    return await move(bet, "refuse", facts, **way)


async def withdraw(bet: Bet, facts: Reason, **way: Unpack[Way]) -> Bet:
    return await move(bet, "withdraw", facts, **way)


async def stop(bet: Bet, facts: Reason, **way: Unpack[Way]) -> Bet:
    """Nobody needs a second person to take a hand off the answers."""
    return await move(bet, "stop", facts, **way)


VERBS = verbs(publish, refuse, withdraw, stop)
