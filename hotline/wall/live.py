"""What the wall's stream tells: that something of this sort has happened, and when; of whom and what, never."""

from hotline.surges.models import Surge
from hotline.tickets.models import Assignment, Ticket
from kernel.citytime import CITY
from kernel.models import Event, Thing
from kernel.streams.source import Told, of_events
from oversight.cards.models import Card

SHOWN: dict[str, type[Thing]] = {"ticket": Ticket, "assignment": Assignment, "card": Card, "surge": Surge}
CALLS = {"newCall": "来电", "answer": "接听", "hangup": "挂断"}
CALL = "call"


def tell(event: Event) -> Told | None:
    kind, _, move = event.topic.partition(".")
    if kind == CALL:
        label, what = "电话", CALLS.get(move, "")
    else:
        label, what = SHOWN[kind].label, SHOWN[kind].moves[move].label if move in SHOWN[kind].moves else ""
    if not what:
        return None
    data: dict[str, object] = {"at": f"{event.at.astimezone(CITY):%H:%M:%S}", "kind": label, "what": what}
    return Told(event.place or 0, "moved", data)


HAPPENED = of_events("hotline.wall", (*SHOWN, CALL), tell)
