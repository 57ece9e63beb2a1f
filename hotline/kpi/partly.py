"""部分解决: whether a matter that was solved in part counts towards 解决率, and by how much, is the policy's to say."""

from collections.abc import Sequence
from dataclasses import replace

from hotline.kpi.criteria import Criteria, of_period
from hotline.kpi.definitions import BY_CODE
from kernel.permissions import Actor
from oversight.kpi import queries
from oversight.kpi.definitions import Definition, Figure
from oversight.kpi.queries import Asked

BESIDE = {"solved": "solved_partly"}  # figure → the one whose numerator counts in part


async def figures(definitions: Sequence[Definition], actor: Actor, asked: Asked) -> list[Figure]:
    """By the policy of the period's last day."""
    found = await queries.figures([BY_CODE[code] for code in with_beside(definitions)], actor, asked)
    weighed = {one.definition.code: one for one in in_part(found, await of_period(asked))}
    return [weighed[one.code] for one in definitions]


def with_beside(definitions: Sequence[Definition]) -> list[str]:
    """Codes of these and of what is needed to judge them."""
    codes = [one.code for one in definitions]
    return list(dict.fromkeys([*codes, *(BESIDE[code] for code in codes if code in BESIDE)]))


def in_part(found: Sequence[Figure], criteria: Criteria) -> list[Figure]:
    numerators = {one.definition.code: one.numerator for one in found}
    return [
        replace(one, partly=numerators[beside], partly_percent=criteria.partly)
        if criteria.partly and (beside := BESIDE.get(one.definition.code)) in numerators and beside
        else one
        for one in found
    ]
