"""政策: what search shows everyone of the published documents."""

from collections.abc import AsyncIterator

from approvals.disclosure import queries
from approvals.disclosure.models import Policy
from approvals.disclosure.showing import TONES
from approvals.disclosure.states import PolicyState
from approvals.disclosure.text import plain
from kernel.permissions import Actor
from kernel.searchable import Document, Life, Searchable

BATCH = 200


async def documents(refs: list[str]) -> list[Document]:
    """Drafts and what was withdrawn have no document here."""
    return [_public(one) for one in await queries.numbered([ref.removeprefix("policy:") for ref in refs])]


def _public(policy: Policy) -> Document:
    url = f"/policies/{policy.no}"
    return Document(
        kind="policy",
        no=policy.no,
        url=url,
        title=policy.title,
        body=plain(policy.body),
        number=(policy.number,) if policy.number else (),
        agency=policy.agency,
        region_path=policy.region_path,
        published=queries.day_at(policy),
        state=(TONES[policy.state], policy.state.label),
        action=None if policy.state is PolicyState.REPEALED else ("看全文", url),
        life=Life.HISTORIC if policy.state is PolicyState.REPEALED else Life.STANDING,
        public=True,
        version=policy.version,
    )


async def every() -> AsyncIterator[str]:
    last = 0
    while batch := await queries.following(last, BATCH):
        last = batch[-1].id
        for policy in batch:
            yield policy.ref


async def nobody(actor: Actor, nos: list[str]) -> set[str]:
    """A published document has no restricted twin."""
    return set()


async def named(actor: Actor, text: str, limit: int) -> list[str]:
    return [one.no for one in await queries.titled(text, limit)]


POLICIES = Searchable(
    kind="policy",
    label="政策",
    topics=("policy.*",),
    documents=documents,
    every=every,
    visible=nobody,
    acl_of=lambda actor: (),
    fallback=named,
)
