"""Who is told of what happens to an article."""

from hotline.knowledge import queries
from hotline.knowledge.models import Article
from hotline.permissions import P
from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer

SAID = {
    "article.submit": ("知识待审定", P.ARTICLE_APPROVE),
    "article.send_back": ("知识退回修改", P.ARTICLE_EDIT),
    "article.remind": ("知识即将到期，请核对", P.ARTICLE_EDIT),
    "article.expire": ("知识已过期", P.ARTICLE_EDIT),
}
TO_OWNER = {"article.remind", "article.expire"}


async def tell(event: Event) -> None:
    """The owner agency confirms whether it still holds, the editor changes it."""
    kind, no = kind_of(event.subject)
    article: Article = await kind.load(no)
    title, permission = SAID[event.topic]
    said, url = f"{title}：{article.title}", f"/hotline/articles/{no}"
    await inbox.tell_holders(permission, article.region_path, event=event, title=said, url=url)
    if event.topic in TO_OWNER and (path := await queries.path_of_owner(article.owner)):
        read = f"/hotline/articles/{no}/editions/{article.edition}"
        await inbox.tell_holders(P.ASSIGNMENT_REPLY, path, event=event, title=said, url=read)


TELL = Consumer(name="hotline.knowledge", topics=tuple(SAID), handle=tell)
