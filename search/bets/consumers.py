"""Who may publish a bet is told that one waits."""

from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer
from search.permissions import P


async def tell(event: Event) -> None:
    kind, no = kind_of(event.subject)
    bet = await kind.load(no)
    title = f"待发布的{kind.title(bet)}"[:80]
    await inbox.tell_holders(P.BET_PUBLISH, bet.region_path, event=event, title=title, url=kind.url(bet))


TELL = Consumer(name="search.bets", topics=("search_bet.propose",), handle=tell)
