"""What must hold for a version of the vocabulary, and what its moves write beside their facts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.duties import apart
from kernel.errors import FormRejected
from kernel.lifecycle import Step, guard
from kernel.permissions import Actor
from search.vocabulary import entries, forms


def proposed(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"proposed_by": by.id, "proposed_at": at}


def settled(thing: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"settled_by": by.id, "settled_at": at}


@guard("每一行都看得懂，且与现行的词典有不同")
async def says_something_new(step: Step, by: Actor, at: datetime) -> None:
    assert isinstance(step.facts, forms.Written)
    edition = type(step.thing)
    newest = await edition.filter(state="published").order_by("-settled_at", "-id").first()
    if said(step.facts.lines) == said(newest.lines if newest else ""):
        raise FormRejected({"lines": "与现行的词典完全相同，没有可以发布的改动。"})


a_second_person = apart("发布人不是起草人（不相容岗位分离）", {"propose"})


def said(lines: str) -> frozenset[str]:
    """What a text says, in whatever order and with whatever remarks. Raises FormRejected."""
    found, retired = entries.parsed(lines)
    return frozenset(map(str, found)) | {f"{entries.RETIRED}{line}" for line in retired}
