"""The hotline's figures as the house knows them: what a person's sum of daily grains is, whose rows they count."""

from hotline.calls import queries as calls
from hotline.knowledge import queries as knowledge
from hotline.kpi import classes, queries
from hotline.kpi.definitions import FIGURES
from hotline.permissions import P
from hotline.tickets.forms import Secrecy
from kernel.permissions import Actor, Clearance
from oversight.kpi.declared import Family, Sight


def sight(actor: Actor) -> Sight | None:
    """The centre sees tickets by region and label, as grains are kept; what an agency sees follows its assignments."""
    if actor.may_anywhere(P.ASSIGNMENT_READ) or not actor.may_anywhere(P.TICKET_READ):
        return None
    hidden = () if actor.cleared(Clearance.CONFIDENTIAL) else (Secrecy.CONFIDENTIAL.value,)
    return Sight(tuple(actor.powers[P.TICKET_READ]), hidden)


HOTLINE = Family(
    name="hotline", label="12345 热线", definitions=FIGURES, reads=P.KPI_READ, sight=sight,
    sources={"call": calls.every, "rating": queries.ratings}, sets={"wrong_editions": (knowledge.wrong_pins, "pin")},
    compared=classes.in_classes, touching={"article": queries.days_answered_wrongly},
)  # fmt: skip
