"""Every read; visibility is part of the query."""

from collections.abc import Collection
from datetime import datetime

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from kernel import journal, kinds
from kernel.errors import NotFound
from kernel.models import Entry, Thing
from kernel.notices import queries as notices
from kernel.notices.models import Notice, Sign
from kernel.people import queries as people
from kernel.people.models import Account, Organisation
from kernel.permissions import SYSTEM, Actor, Clearance
from kernel.scopes import within
from oversight.cards.models import Card
from oversight.cards.states import IN_FORCE, CardState
from oversight.ladder.models import Level
from oversight.permissions import P


def visible_to(actor: Actor) -> QuerySet[Card]:
    """Who supervises sees a region's cards, a unit its own once they are out."""
    own = within("org_path", actor.powers.get(P.CARD_READ_OWN, ())) & Q(issued_at__not_isnull=True)
    seen = Q() if actor.kind == "system" else within("region_path", actor.powers.get(P.CARD_READ, ())) | own
    cleared = Q() if actor.cleared(Clearance.CONFIDENTIAL) else Q(secret=False)
    return Card.filter(cleared, seen)


async def one(actor: Actor, no: str) -> Card:
    card = await visible_to(actor).filter(no=no).first()
    if card is None:
        raise NotFound(what="该监督卡")
    return card


async def page(
    actor: Actor, *, state: str = "", level: str = "", since: datetime | None = None, until: datetime | None = None,
    after: int | None = None, limit: int = 50,
) -> tuple[list[Card], int | None]:  # fmt: skip
    """Newest first, continued after an id; between two moments those that went out then and still stand."""
    found = out(actor, since, until) if since and until else visible_to(actor)
    if state:
        found = found.filter(state=state)
    if level:
        found = found.filter(level=level)
    if after:
        found = found.filter(id__lt=after)
    rows = await found.order_by("-id").limit(limit + 1)
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def out(actor: Actor, since: datetime, until: datetime) -> QuerySet[Card]:
    """What went out then and still stands."""
    return visible_to(actor).filter(issued_at__gte=since, issued_at__lt=until, state__in=[*IN_FORCE])


async def issued_in(actor: Actor, since: datetime, until: datetime) -> dict[Level, int]:
    """How many of each level went out then and still stand."""
    counted = out(actor, since, until).annotate(many=Count("id")).group_by("level").values_list("level", "many")
    return {Level(level): int(many) for level, many in await counted}


async def about(refs: Collection[str], actor: Actor) -> list[Card]:
    """The cards over these things that this person may see, in the order they came."""
    return await visible_to(actor).filter(about__in=[*refs]).order_by("id")


async def to_confirm(actor: Actor) -> int:
    """Proposed by the machine, waiting for a person."""
    return await visible_to(actor).filter(state=CardState.PROPOSED).count()


async def fired(about: str, step: str, span: int, rule: str) -> bool:
    return await Card.exists(about=about, step=step, span=span, rule=rule)


async def names(paths: set[str]) -> dict[str, str]:
    """Path → name of the unit; of a path that is no unit's own, the path itself."""
    rows = await Organisation.filter(path__in=[*paths])
    return dict.fromkeys(paths, "本级") | {row.path: row.name for row in rows}


async def issuing(path: str) -> Organisation | None:
    """In whose name a document goes out: the unit with a sign in which somebody sits who may issue for that path."""
    holders = await people.holders(P.CARD_ISSUE, path)
    units = (
        await Account.filter(id__in=holders, org_id__not_isnull=True).order_by("id").values_list("org_id", flat=True)
    )
    signs = await Sign.filter(org_id__in=[int(str(one)) for one in units]).order_by("id").prefetch_related("org")
    return signs[0].org if signs else None


async def titled(cards: list[Card], actor: Actor) -> dict[str, tuple[str, str]]:
    """ref → title and address of what each is about, as far as this person may see it. An agency's share is called by
    its ticket's title: its own is only a number."""
    found: dict[str, tuple[str, str]] = {}
    by_kind: dict[str, list[str]] = {}
    for card in cards:
        name, _, no = card.about.partition(":")
        by_kind.setdefault(name, []).append(no)
    for name, nos in by_kind.items():
        kind, _ = kinds.kind_of(f"{name}:")
        for thing in await kind.visible_to(actor).filter(no__in=nos):
            found[thing.ref] = (await called(thing), kind.url(thing))
    return found


async def called(thing: Thing) -> str:
    """By the title of the whole that it is a part of."""
    model, number = thing.root()
    kind, _ = kinds.kind_of(f"{model.kind}:")
    whole = thing if isinstance(thing, model) else await model.get(id=number)
    return kind.title(whole)


async def document(card: Card) -> Notice | None:
    """The numbered paper about it, for everyone who may see the card: the unit that it is addressed to has no right to
    the office's other papers."""
    if not card.doc_no:
        return None
    return await Notice.get_or_none(no=card.doc_no, about=card.ref).prefetch_related("org", "wording")


async def document_to_press(card: Card, actor: Actor) -> str:
    """Its address among the office's papers, for who works there."""
    found = await notices.about(card.ref, actor) if card.doc_no and actor is not SYSTEM else []
    return f"/notices/{found[0].public_id}" if found else ""


async def story(card: Card) -> list[tuple[Entry, dict[str, str]]]:
    """What happened to it, newest first, with the texts that were sealed then."""
    texts = await journal.sealed_texts(card.ref)
    told = []
    for entry in reversed(await journal.entries(card)):
        said = {name: text for (seq, name), text in texts.items() if seq == entry.seq}
        told.append((entry, said))
    return told
