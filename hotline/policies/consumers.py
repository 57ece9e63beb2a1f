"""Who may publish a version is told that one waits."""

from hotline.permissions import P
from hotline.policies import queries
from kernel.inbox import actions as inbox
from kernel.kinds import kind_of
from kernel.models import Event
from kernel.outbox import Consumer


async def tell(event: Event) -> None:
    policy = await queries.numbered(kind_of(event.subject)[1])
    assert policy is not None, "a policy is never deleted"
    url = f"/hotline/policies/{policy.no}"
    await inbox.tell_holders(
        P.POLICY_PUBLISH, policy.region_path, event=event, title=f"时限策略 {policy.no} 待发布", url=url
    )


TELL = Consumer(name="hotline.policies", topics=("time_policy.submit",), handle=tell)
