"""Who may publish a version is told that one waits."""

from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer
from search.permissions import P


async def tell(event: Event) -> None:
    kind, no = kind_of(event.subject)
    edition = await kind.load(no)
    title = f"检索词典有改动待发布：{edition.note}"[:80]
    await inbox.tell_holders(P.VOCABULARY_PUBLISH, edition.region_path, event=event, title=title, url=kind.url(edition))


TELL = Consumer(name="search.vocabulary", topics=("search_vocabulary.propose",), handle=tell)
