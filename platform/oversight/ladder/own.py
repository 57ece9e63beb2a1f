"""The rule over the cards themselves: who owes an explanation and doesn't give it."""

from oversight.ladder.actions import Declared
from oversight.ladder.models import Level

OWN = (
    Declared(
        code="S1", kind="card", steps=("reply",), rung="due", level=Level.RED, auto=False, reply="3 wd",
        says="逾期未作书面说明", basis="督办通知应在限期内书面回复；红牌由督办员确认后发出",
    ),
)  # fmt: skip
