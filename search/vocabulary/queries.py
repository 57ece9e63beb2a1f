"""Reads of the vocabulary."""

from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.queryset import QuerySet

from kernel.database import home
from kernel.errors import NotFound
from kernel.models import Entry
from kernel.permissions import Actor
from search.permissions import P
from search.vocabulary import entries
from search.vocabulary.entries import Vocabulary
from search.vocabulary.models import VocabularyEdition
from search.vocabulary.states import EditionState

READERS = (P.VOCABULARY_DRAFT, P.VOCABULARY_PUBLISH)
SHOWN = 50
_composed: WeakKeyDictionary[BaseDBAsyncClient, tuple[int, Vocabulary]] = WeakKeyDictionary()


async def in_force() -> Vocabulary:
    """Which version is asked each time, so a publication takes effect with the next question of every process; what it
    says is read once."""
    ids = await _published().limit(1).values_list("id", flat=True)
    newest = int(str(ids[0])) if ids else 0
    if not newest:
        return entries.shipped()
    known = _composed.get(home())
    if known is None or known[0] != newest:
        edition = await VocabularyEdition.get(id=newest)
        known = _composed[home()] = (newest, entries.composed(edition.lines))
    return known[1]


async def lines_in_force() -> str:
    newest = await _published().first()
    return newest.lines if newest else ""


def visible_to(actor: Actor) -> QuerySet[VocabularyEdition]:
    if not any(actor.may_anywhere(one) for one in READERS):
        return VocabularyEdition.filter(id__in=[])
    return VocabularyEdition.all()


async def one(actor: Actor, no: str) -> VocabularyEdition:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这一版检索词典")
    return found


async def listed(actor: Actor) -> list[VocabularyEdition]:
    """The newest first."""
    return await visible_to(actor).order_by("-id").limit(SHOWN)


async def reasons(edition: VocabularyEdition) -> list[str]:
    told = await Entry.filter(subject=edition.ref, move__in=["refuse", "withdraw"])
    return [str(entry.facts["reason"]) for entry in told]


def _published() -> QuerySet[VocabularyEdition]:
    return VocabularyEdition.filter(state=EditionState.PUBLISHED).order_by("-settled_at", "-id")
