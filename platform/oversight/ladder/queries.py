"""Which rule counts."""

from datetime import datetime

from kernel.citytime import day_of
from oversight.ladder.models import Rule


async def in_force(at: datetime) -> list[Rule]:
    """Of each rule the newest version that is valid on the city's day."""
    today = day_of(at)
    found = await Rule.filter(effective_from__lte=today).order_by("code", "version")
    return sorted({rule.code: rule for rule in found}.values(), key=lambda rule: rule.id)


async def that_fit(kind: str, step: str, rung: str, at: datetime) -> list[Rule]:
    return [r for r in await in_force(at) if r.kind == kind and r.rung == rung and step in r.steps]


async def version_of(code: str, version: int) -> Rule:
    return await Rule.get(code=code, version=version)
