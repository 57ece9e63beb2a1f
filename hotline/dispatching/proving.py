"""How well a rule does: what it would have done with past tickets, beside who answered them in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.dispatching.models import DispatchRule
from hotline.tickets import queries as tickets
from hotline.tickets.models import Ticket

WINDOW = timedelta(days=30)
TICKETS_MAX, SHOWN_MAX = 5_000, 20


@dataclass(frozen=True, slots=True)
class Case:
    """One past ticket: who answered it, None while nobody has."""

    ticket: Ticket
    agency: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have done: `fits` tickets of the window, of them `answered`, `right` by its own agency; the
    `wrong` ones to look at, `open_` those that nobody has answered; `all_` is the base."""

    all_: int
    fits: int
    answered: int
    right: int
    wrong: Sequence[Case]
    waiting: Sequence[Case]

    @property
    def permille(self) -> int:
        return 1000 * self.right // self.answered if self.answered else 0


async def measured(rule: DispatchRule, at: datetime) -> tuple[int, int]:
    """Tickets of the last thirty days that it fits and somebody answered; of them, those that its agency answered."""
    past = await tickets.answered_since(at - WINDOW, rule.category, rule.area, TICKETS_MAX)
    leads = (await tickets.leads(past)).agencies
    return len(leads), sum(agency == rule.agency for agency in leads.values())


async def tried(category: str, area: str, agency: str, at: datetime) -> Trial:
    """上月的工单会怎样: of the last thirty days, without changing anything."""
    past = await tickets.registered_since(at - WINDOW, TICKETS_MAX)
    fitting = [
        one for one in past if (one.category or "").startswith(category) and (one.area_code or "").startswith(area)
    ]
    leads = (await tickets.leads(fitting)).agencies
    cases = [Case(one, leads.get(one.id)) for one in fitting]
    answered = [case for case in cases if case.agency is not None]
    wrong = [case for case in answered if case.agency != agency]
    waiting = [case for case in cases if case.agency is None]
    return Trial(
        len(past), len(cases), len(answered), len(answered) - len(wrong), wrong[:SHOWN_MAX], waiting[:SHOWN_MAX]
    )
