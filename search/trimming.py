"""Who may find what. One place turns a reader into the mandatory filter; without a token nothing is found."""

import logging
from collections.abc import Collection
from time import time

from kernel.module import installed
from kernel.permissions import Actor
from kernel.searchable import PUBLIC, Document, Searchable
from search.engine import TIMED, Part
from search.query import Every, From, Node, OneOf

log = logging.getLogger(__name__)
BATCH_MAX = 500


def searchables() -> dict[str, Searchable]:
    return {searchable.kind: searchable for module in installed() for searchable in module.searchable}


def parts_for(actor: Actor) -> tuple[Part, ...]:
    return (Part.RESTRICTED, Part.PUBLIC) if _tokens(actor) else (Part.PUBLIC,)


def filter_for(actor: Actor, part: Part) -> Node:
    """What every question to `part` must be within; counts, facets and suggestions included. What is sealed until a
    time is out for everyone until the clock says so, and what has had its time is out again."""
    now = int(time())
    open_now = Every((From("unsealed", -now), From("closes", now)))
    shut = Every((OneOf(TIMED, (TIMED,)),), without=(open_now,))
    return Every((OneOf("acl", (PUBLIC,) if part is Part.PUBLIC else _tokens(actor)),), without=(shut,))


def taken_twice(actor: Actor, part: Part) -> OneOf:
    """A public document whose restricted twin the reader finds as well: the twin knows all its words, so it wins."""
    return OneOf("twin", _tokens(actor) if part is Part.PUBLIC else ())


def stored_tokens(document: Document) -> tuple[str, ...]:
    if document.public:
        return (PUBLIC,)
    return tuple(_token(document.kind, token) for token in document.acl)


async def still_visible(actor: Actor, documents: Collection[tuple[Part, Document]]) -> set[tuple[Part, str]]:
    """The pages' own queries have the last word over what the index found: (part, ref) of what remains."""
    remaining: set[tuple[Part, str]] = {
        (part, f"{d.kind}:{d.no}") for part, d in documents if part is Part.PUBLIC and d.public
    }
    asked: dict[str, list[str]] = {}
    for part, document in documents:
        if part is Part.RESTRICTED and not document.public:
            asked.setdefault(document.kind, []).append(document.no)
    for kind, nos in asked.items():
        seen = await searchables()[kind].visible(actor, nos)
        remaining |= {(Part.RESTRICTED, f"{kind}:{no}") for no in nos if no in seen}
    for part, document in documents:
        if (part, f"{document.kind}:{document.no}") not in remaining:
            log.warning(
                "search dropped %s:%s for actor %s: found, but not visible", document.kind, document.no, actor.id
            )
    return remaining


def _tokens(actor: Actor) -> tuple[str, ...]:
    return tuple(
        _token(kind, token) for kind, searchable in searchables().items() for token in searchable.acl_of(actor)
    )


def _token(kind: str, token: str) -> str:
    return f"{kind} {token}"
