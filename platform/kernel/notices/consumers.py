"""Who is told that a document waits for them."""

from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.messages.templates import Sort
from kernel.models import Event
from kernel.outbox import Consumer


async def tell(event: Event) -> None:
    kind, no = kind_of(event.subject)
    notice = await kind.load(no)
    if notice.owner_id is not None:
        said = "请打开并确认收到" if event.topic == "notice.issue" else "已撤回"
        title = f"文书 {notice.no}：{said}"
        url = f"/notices/{notice.public_id}"
        await inbox.tell([notice.owner_id], event=event, title=title, url=url, sort=Sort.LEGAL)


TELL = Consumer(name="notices.tell", topics=("notice.issue", "notice.withdraw"), handle=tell)
