"""Saving a search, and looking through it again for its owner: with the rights that they have at that moment."""

from dataclasses import dataclass
from datetime import datetime

from kernel.citytime import day_of
from kernel.database import transaction
from kernel.errors import FormRejected
from kernel.messages import actions as messages
from kernel.messages.templates import Slot, SlotKind, Sort, Template
from kernel.people import queries as people
from kernel.permissions import Actor
from search import answering, regions
from search import engine as engines
from search.forms import Ask
from search.saving import queries
from search.saving.forms import LABEL_CHARS_MAX, Rename, Save
from search.saving.models import SavedSearch

SAVED_MAX, SEEN_MAX = 20, 100
NEWS = Template(
    code="search.saved", label="保存的检索有新结果", sort=Sort.REMINDERS,
    slots=(Slot("label", SlotKind.TEXT), Slot("count", SlotKind.COUNT)),
    title="保存的检索“{label}”有 {count} 条新结果", subject="您保存的检索有新结果",
    mail="您保存的检索有新结果，请登录查看。",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Newest:
    """What a question finds now, newest first. `degraded`: the index is away, so this says nothing about news."""

    seen: list[str]
    published: list[int]
    degraded: bool

    @property
    def floor(self) -> int:
        return min(self.published) if len(self.seen) == SEEN_MAX else 0

    def news_since(self, saved: SavedSearch) -> int:
        """How many stand here that didn't before, and aren't older than all that did."""
        known = set(saved.seen)
        pairs = zip(self.seen, self.published, strict=True)
        return sum(ref not in known and at >= saved.floor for ref, at in pairs)


async def save(facts: Save, *, by: Actor, at: datetime) -> SavedSearch:
    """Raises FormRejected: too many, a name that is taken, a question with somebody's number in it."""
    asked = Ask.check({"q": facts.q, "kind": facts.kind, "agency": facts.agency, "region": facts.region})
    newest = await _newest(asked, by)
    if newest is None:
        raise FormRejected({"q": "为保护个人信息，带电话号码或证件号码的检索不能保存，请去掉号码。"})
    async with transaction():
        if await queries.of(by).count() >= SAVED_MAX:
            raise FormRejected({"label": f"最多保存 {SAVED_MAX} 条检索，请先删去不用的。"})
        label = " ".join(facts.label.split()) or await _called(asked, by)
        if await queries.of(by).filter(label=label).exists():
            raise FormRejected({"label": f"已经有一条叫“{label}”的检索，请换一个名称。"})
        return await SavedSearch.create(
            account_id=by.id, label=label, q=asked.q, kind=asked.kind, agency=asked.agency, region=asked.region,
            seen=newest.seen, floor=newest.floor, looked_on=day_of(at), created_at=at,
        )  # fmt: skip


async def rename(saved: SavedSearch, facts: Rename, *, by: Actor) -> None:
    async with transaction():
        if await queries.of(by).filter(label=facts.label).exclude(id=saved.id).exists():
            raise FormRejected({"label": f"已经有一条叫“{facts.label}”的检索，请换一个名称。"})
        await queries.of(by).filter(id=saved.id).update(label=facts.label, tell=facts.tell)


async def remove(saved: SavedSearch, *, by: Actor) -> None:
    await queries.of(by).filter(id=saved.id).delete()


async def look_through(saved: SavedSearch, *, at: datetime) -> int:
    """How many new answers its owner was told of; nothing is told twice, and at most once a day."""
    account, day = await queries.owner(saved), day_of(at)
    if account is None:
        return 0
    asked = Ask.check({name: getattr(saved, name) for name in ("q", "kind", "agency", "region")})
    newest = await _newest(asked, await people.actor_of(account, at))
    if newest is None or newest.degraded:
        return 0
    count = newest.news_since(saved)
    async with transaction():
        await queries.note(saved, day, newest.seen, newest.floor)
        if count:
            values = {"label": saved.label, "count": count}
            await messages.send(
                NEWS.code, to=[saved.account_id], values=values, key=f"saved:{saved.id}:{day:%Y%m%d}",
                url=f"/me/searches/{saved.id}", at=at,
            )  # fmt: skip
    return count


async def _called(asked: Ask, by: Actor) -> str:
    """Who wasn't asked for a name gets the words with what they are narrowed to, and a number where that is taken.
    Raises FormRejected for the very same search."""
    same = await queries.same(by, asked)
    if same is not None:
        raise FormRejected({"label": f"这个检索已经保存过，就是“{same.label}”，不用再保存。"})
    narrowed = (answering.kind_label(asked.kind), asked.agency, await regions.name_of(asked.region))
    tail = "".join(f" · {name}" for name in narrowed if name)[: LABEL_CHARS_MAX // 2]
    taken = {saved.label for saved in await queries.listed(by)}
    for number in range(1, SAVED_MAX + 1):
        ending = f"{tail}（{number}）" if number > 1 else tail
        label = " ".join(asked.q.split())[: LABEL_CHARS_MAX - len(ending)] + ending
        if label not in taken:
            break
    return label


async def _newest(asked: Ask, by: Actor) -> Newest | None:
    """None: the question names somebody's number."""
    wanted = asked.model_copy(update={"sort": engines.Sort.NEWEST, "limit": SEEN_MAX})
    found = await answering.answer(wanted.asked(), by=by, widen=False)
    if found.withheld:
        return None
    documents = [item.document for item in found.items]
    refs = [f"{document.kind}:{document.no}" for document in documents]
    published = [int(document.published.timestamp()) if document.published else 0 for document in documents]
    return Newest(refs, published, found.degraded)
