"""What a module declares so that its things are found, and by nobody who may not open them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.permissions import Actor

PUBLIC = "pub"


class Life(StrEnum):
    """Whether there is something to do with it now."""

    STANDING = "standing"  # nothing begins or ends: an answer, a page
    OPEN = "open"  # may be acted on, until `deadline` if it has one
    OVER = "over"  # could be, and can't any more
    HISTORIC = "historic"  # withdrawn or repealed (撤回、废止), kept to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing as search knows it, read fresh from the database each time.

    A thing may have two: a restricted one (`public=False`, its text for those who hold one of `acl`) and a public one
    (`public=True`, only what anyone may read at `url`). They never share an index; who may see the restricted one
    gets that one. Telephone and identity numbers in title and body are masked by search before they are indexed or
    shown, but what is sealed must not be here at all.
    """

    kind: str
    no: str  # kind and no name the page; `no` itself is always found exactly
    url: str
    title: str
    body: str = ""
    number: tuple[str, ...] = ()  # further identifiers: a document number (文号), a project number; not query codes
    agency: str = ""  # the name of the agency that answers for it, as shown and as facet
    region_path: str = "/"
    published: datetime | None = None  # what “最新” sorts by and the line below the title shows
    state: tuple[str, str] | None = None  # (tone, label): how it stands now; tone as in the UI kit: ok soon bad done …
    action: tuple[str, str] | None = None  # (label, url): the one next step from here
    acl: tuple[str, ...] = ()  # restricted only: who may open it, in the tokens of `acl_of`; none means nobody
    public: bool = False
    life: Life = Life.STANDING
    deadline: datetime | None = None  # of OPEN: the first instant at which it is over
    visible_from: datetime | None = None  # sealed until then for everyone; the clock opens it, nothing is written
    visible_until: datetime | None = None  # the first instant at which it is found no longer
    complete: bool = True  # has every element that its kind must have
    uses: int | None = None  # how often in 30 days something was brought to its end with it; None: nobody counts
    version: int  # raised by every change of anything above: for a ticket its own version plus those of its parts

    def visible_at(self, at: datetime) -> bool:
        begun = self.visible_from is None or self.visible_from <= at
        return begun and (self.visible_until is None or at < self.visible_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searchable:
    """How one kind of thing is found. All calls are asked in batches of at most 500.

    The law that `acl` and `acl_of` must keep: an actor can open the page of a restricted document exactly when they
    share a token. `visible` is the page's own query, so the two are held against each other on every answer.
    """

    kind: str
    label: str  # 工单
    topics: tuple[str, ...]  # events that may change a document of this kind: ("ticket.*", "assignment.*")
    documents: Callable[[list[str]], Awaitable[list[Document]]]
    """By refs `kind:no`, everything in a few queries. What is gone, erased or not to be found is left out: search then
    deletes it. Two documents of one ref may come (restricted and public); of other kinds none: what is shown under a
    name of its own (问答) is a Searchable of its own, whose `whole` finds it from the same events."""
    every: Callable[[], AsyncIterator[str]]
    """The refs of everything, by primary key in pieces; for reindex and verify."""
    visible: Callable[[Actor, list[str]], Awaitable[set[str]]]
    """Of these nos, those whose restricted document the actor may open: the query that guards the page."""
    acl_of: Callable[[Actor], tuple[str, ...]]
    """The actor's tokens; for anonymous none. Tokens hold for this kind only, another kind's are never compared."""
    whole: Callable[[str], str] = str
    """From an event's subject to the ref of the document: a part (`assignment:X/1`) names its whole (`ticket:X`)."""
    fallback: Callable[[Actor, str, int], Awaitable[list[str]]] | None = None
    """(actor, text, limit) → nos by title or number straight from the database, visible to that actor; asked when the
    index is away. For anonymous those of public documents."""


def scope_tokens(name: str, path: str) -> tuple[str, ...]:
    """For a document at `path`: one token for every scope that covers it. The actor holds `name@scope` for each scope
    granted, so that `path.startswith(scope)` and “they share a token” are the same thing."""
    assert path.startswith("/"), path
    assert path.endswith("/"), path
    parts = path.split("/")[1:-1]
    return tuple(f"{name}@/" + "".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts) + 1))


def scope_token(name: str, scope: str) -> str:
    return f"{name}@{scope}"


def account_token(actor_id: int) -> str:
    """For what belongs to one person: the citizen's own ticket."""
    return f"u:{actor_id}"
