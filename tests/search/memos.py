"""A small kind of document of the tests' own, declared as any module declares it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kernel.module import Module
from kernel.permissions import Actor
from kernel.searchable import Document, Life, Searchable, account_token, scope_token, scope_tokens

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
READ = "memo:read"


@dataclass
class Memo:
    title: str
    body: str = ""
    path: str = "/36/"
    owner: int = 0
    answer: str = ""  # what of it is public
    agency: str = "水务局"
    number: tuple[str, ...] = ()
    life: Life = Life.STANDING
    deadline: datetime | None = None
    uses: int | None = None
    visible_from: datetime | None = None
    visible_until: datetime | None = None
    version: int = 1
    stale_acl: tuple[str, ...] | None = None  # an index that hasn't heard of a revocation


@dataclass
class Shelf:
    """The database of memos. `asked` counts batches, `broken` are those that cannot be read."""

    memos: dict[str, Memo] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    asked: int = 0

    def put(self, no: str, title: str, **given: object) -> str:
        version = self.memos[no].version + 1 if no in self.memos else 1
        self.memos[no] = replace(Memo(title, version=version), **given)  # type: ignore[arg-type]
        return f"memo:{no}"


SHELF = Shelf()


def may_open(actor: Actor, memo: Memo) -> bool:
    """The page's own rule."""
    scopes = actor.powers.get(READ, ())
    return any(memo.path.startswith(scope) for scope in scopes) or (memo.owner == actor.id and not actor.anonymous)


async def documents(refs: list[str]) -> list[Document]:
    SHELF.asked += 1
    found = []
    for no in (ref.partition(":")[2] for ref in refs):
        if no in SHELF.broken:
            raise RuntimeError(f"{no} cannot be read")
        if memo := SHELF.memos.get(no):
            found += _both(no, memo)
    return found


def _both(no: str, memo: Memo) -> list[Document]:
    own = (account_token(memo.owner),) if memo.owner else ()
    common = {"kind": "memo", "no": no, "agency": memo.agency, "region_path": memo.path, "version": memo.version}
    common |= {"visible_from": memo.visible_from, "visible_until": memo.visible_until}
    common |= {"life": memo.life, "deadline": memo.deadline, "uses": memo.uses}
    url, published = f"/memos/{no}", NOON + timedelta(minutes=len(memo.title))
    closed = Document(
        **common,  # type: ignore[arg-type]
        url=url,
        title=memo.title,
        body=memo.body,
        number=memo.number,
        published=published,
        acl=memo.stale_acl or (*scope_tokens(READ, memo.path), *own),
    )
    if not memo.answer:
        return [closed]
    opened = Document(**common, url=f"{url}/answer", title=memo.answer, published=published, public=True)  # type: ignore[arg-type]
    return [closed, opened]


async def every() -> AsyncIterator[str]:
    for no in list(SHELF.memos):
        yield f"memo:{no}"


async def visible(actor: Actor, nos: list[str]) -> set[str]:
    return {no for no in nos if no in SHELF.memos and may_open(actor, SHELF.memos[no])}


def acl_of(actor: Actor) -> tuple[str, ...]:
    own = () if actor.anonymous else (account_token(actor.id),)
    return (*(scope_token(READ, scope) for scope in actor.powers.get(READ, ())), *own)


async def fallback(actor: Actor, text: str, limit: int) -> list[str]:
    titled = [no for no, memo in SHELF.memos.items() if text in (no, memo.title) or text in memo.title + memo.answer]
    return [no for no in titled if may_open(actor, SHELF.memos[no]) or SHELF.memos[no].answer][:limit]


MEMO = Searchable(
    kind="memo",
    label="便签",
    topics=("memo.*",),
    documents=documents,
    every=every,
    visible=visible,
    acl_of=acl_of,
    fallback=fallback,
    whole=lambda subject: subject.partition("/")[0],
)
MODULE = Module(name="memos_of_the_tests", searchable=(MEMO,))
