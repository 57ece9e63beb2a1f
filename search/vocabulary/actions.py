"""The verbs of a version of the vocabulary."""

from datetime import datetime
from typing import Unpack

from kernel import numbering
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.permissions import Actor
from kernel.settings import settings
from search import queries as index
from search.vocabulary import entries, queries
from search.vocabulary.forms import Reason, Written
from search.vocabulary.models import VocabularyEdition


async def draw_number(at: datetime) -> str:
    """Outside of every transaction: a number is never given twice, not even after a rollback."""
    return await numbering.draw(VocabularyEdition.prefix, at)


async def propose(facts: Written, *, no: str, by: Actor, at: datetime) -> VocabularyEdition:
    """Written down; not in force before another person has published it. Raises FormRejected."""
    edition = VocabularyEdition(no=no, region_path=settings().region_path)
    return await move(edition, "propose", facts, by=by, at=at, version=0)


async def publish(edition: VocabularyEdition, facts: Nothing, **way: Unpack[Way]) -> VocabularyEdition:
    """Synonyms and shells work on the next question. Titles are kept as they sounded when they were written, so other
    readings ask for a new index in the same transaction."""
    async with transaction():
        before = entries.composed(await queries.lines_in_force())
        await move(edition, "publish", facts, **way)
        if entries.composed(edition.lines).readings != before.readings:
            await index.ask_for_rebuild(way["at"])
    return edition


async def refuse(edition: VocabularyEdition, facts: Reason, **way: Unpack[Way]) -> VocabularyEdition:
    return await move(edition, "refuse", facts, **way)


async def withdraw(edition: VocabularyEdition, facts: Reason, **way: Unpack[Way]) -> VocabularyEdition:
    return await move(edition, "withdraw", facts, **way)


VERBS = verbs(publish, refuse, withdraw)
