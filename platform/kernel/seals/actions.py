"""The verbs of seals. `imprint` is the grave one: three different people have to have acted."""

from datetime import datetime
from typing import Unpack

from kernel import numbering
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.notices.models import Notice
from kernel.people.models import Organisation
from kernel.permissions import Actor
from kernel.seals import forms
from kernel.seals.models import Imprint, Seal


async def draw_number(of: type[Seal | Imprint], at: datetime) -> str:
    """Outside of any transaction."""
    return await numbering.draw(of.prefix, at)


async def register(facts: forms.Register, *, no: str, org: Organisation, by: Actor, at: datetime) -> Seal:
    seal = Seal(no=no, org=org, region_path=org.path)
    return await move(seal, "register", facts, by=by, at=at, version=0)


async def hand_over(seal: Seal, facts: forms.Custody, **way: Unpack[Way]) -> Seal:
    return await move(seal, "hand_over", facts, **way)


async def suspend(seal: Seal, facts: forms.Why, **way: Unpack[Way]) -> Seal:
    return await move(seal, "suspend", facts, **way)


async def resume(seal: Seal, facts: forms.Why, **way: Unpack[Way]) -> Seal:
    return await move(seal, "resume", facts, **way)


async def destroy(seal: Seal, facts: forms.Why, **way: Unpack[Way]) -> Seal:
    return await move(seal, "destroy", facts, **way)


async def ask(seal: Seal, notice: Notice, facts: forms.Ask, *, no: str, by: Actor, at: datetime) -> Imprint:
    imprint = Imprint(no=no, seal=seal, notice=notice, region_path=notice.region_path)
    return await move(imprint, "ask", facts, by=by, at=at, version=0)


async def approve(request: Imprint, facts: Nothing, **way: Unpack[Way]) -> Imprint:
    return await move(request, "approve", facts, **way)


async def refuse(request: Imprint, facts: forms.Why, **way: Unpack[Way]) -> Imprint:
    return await move(request, "refuse", facts, **way)


async def imprint(request: Imprint, facts: forms.Bound, **way: Unpack[Way]) -> Imprint:
    return await move(request, "imprint", facts, **way)


SEAL_VERBS = verbs(hand_over, suspend, resume, destroy)
IMPRINT_VERBS = verbs(approve, refuse, imprint)
