"""Reads of bets."""

from datetime import datetime

from tortoise.queryset import QuerySet

from kernel.citytime import day_of
from kernel.errors import NotFound
from kernel.models import Entry
from kernel.permissions import Actor
from search.bets.forms import Effect, Match, words_of
from search.bets.models import Bet
from search.bets.states import BetState
from search.permissions import P

READERS = (P.BET_DRAFT, P.BET_PUBLISH)
LIVE_MAX, SHOWN = 1_000, 200


async def live_for(q: str, at: datetime) -> list[Bet]:
    """What is live today for this question; those that pin in their order."""
    words = words_of(q)
    key, together = " ".join(words), "".join(words)
    live = await Bet.filter(state=BetState.LIVE, last_day__gte=day_of(at)).order_by("place", "id").limit(LIVE_MAX)
    return [bet for bet in live if bet.key == key or (bet.match is Match.ALL and _has_all(bet, together))]


def pinned(bets: list[Bet]) -> dict[str, Bet]:
    """Ref → why; what is kept out isn't pinned, whoever wrote the other bet."""
    out = kept_out(bets)
    return {bet.document: bet for bet in bets if bet.effect is Effect.PIN and bet.document not in out}


def kept_out(bets: list[Bet]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(bet.document for bet in bets if bet.effect is Effect.HIDE))


def visible_to(actor: Actor) -> QuerySet[Bet]:
    if not any(actor.may_anywhere(one) for one in READERS):
        return Bet.filter(id__in=[])
    return Bet.all()


async def one(actor: Actor, no: str) -> Bet:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这条置顶或不显示")
    return found


async def listed(actor: Actor) -> list[Bet]:
    """The newest first."""
    return await visible_to(actor).order_by("-id").limit(SHOWN)


async def told(bet: Bet) -> list[str]:
    """Why somebody said no, or ended it."""
    found = await Entry.filter(subject=bet.ref, move__in=["refuse", "withdraw", "stop"])
    return [str(entry.facts["reason"]) for entry in found]


def _has_all(bet: Bet, together: str) -> bool:
    return all(word in together for word in bet.key.split())
