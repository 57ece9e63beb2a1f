"""The verbs of a flag."""

from datetime import datetime
from typing import Unpack

from hotline.flags import forms
from hotline.flags.models import Flag
from kernel import numbering
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.permissions import Actor


async def draw_number(at: datetime) -> str:
    return await numbering.draw(Flag.prefix, at)


async def propose(facts: forms.Propose, *, no: str, region: str, by: Actor, at: datetime) -> Flag:
    return await move(Flag(no=no, region_path=region), "propose", facts, by=by, at=at, version=0)


async def confirm(flag: Flag, facts: forms.Confirm, **way: Unpack[Way]) -> Flag:
    return await move(flag, "confirm", facts, **way)


async def lift(flag: Flag, facts: forms.Lift, **way: Unpack[Way]) -> Flag:
    return await move(flag, "lift", facts, **way)


VERBS = verbs(confirm, lift)
