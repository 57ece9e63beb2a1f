"""What stands in an officer's name here, for who takes over (离岗移交)."""

from datetime import datetime

from kernel.edge import security
from kernel.errors import FormRejected
from kernel.inbox.models import Message
from kernel.kinds import Held, Holding
from kernel.officers import queries
from kernel.officers.models import Delegation, Post
from kernel.people.models import Account
from kernel.permissions import Actor


async def delegations(account_id: int, at: datetime) -> list[Held]:
    """Given and taken ones that run or are to come: trust is personal, so they end."""
    found = await queries.running_of(account_id, at)
    return [
        Held(f"delegation:{one.id}", f"{'给出' if one.giver_id == account_id else '受托'}的委托：{one.reason}", "收回")
        for one in found
    ]


async def end_delegation(held: Held, *, to: Account, by: Actor, at: datetime) -> None:
    given = await Delegation.get(id=held.id)
    if await Delegation.filter(id=given.id, revoked_at=None).update(revoked_at=at):
        title = f"一项委托因一方离岗收回；接任人是{to.name}"
        for one in (given.giver_id, given.taker_id):
            await Message.create(account_id=one, title=title, url="/me/delegations", at=at)
        await security.log("delegation_revoked", actor_id=by.id, at=at, delegation=given.id)


async def posts(account_id: int, at: datetime) -> list[Held]:
    return [Held(f"post:{one.id}", one.name, "改由接任人") for one in await queries.posts_of([account_id])]


async def pass_post(held: Held, *, to: Account, by: Actor, at: datetime) -> None:
    """Raises FormRejected when the successor, as A, doesn't hold the role that B is to stand in for."""
    post = await Post.get(id=held.id)
    leaver_is_a = post.a_id != to.id and await queries.leaves(post.a_id)
    a, b = (to.id, post.b_id) if leaver_is_a else (post.a_id, to.id)
    if leaver_is_a and not await queries.holds(to.id, post.role, post.scope):
        problem = f"接任“{post.name}”A 岗须先授予 {to.name} 角色 {post.role}（{post.scope}），或先撤销该岗。"
        raise FormRejected({"successor": problem})
    if await Post.filter(id=post.id, ended_at=None).update(ended_at=at) and a != b:
        await Post.create(name=post.name, a_id=a, b_id=b, role=post.role, scope=post.scope, set_by=by.id, set_at=at)
        await security.log("post_set", actor_id=by.id, at=at, post=post.id, a=a, b=b, role=post.role)


HOLDINGS = (
    Holding(label="委托", held=delegations, hand_over=end_delegation),
    Holding(label="AB 岗", held=posts, hand_over=pass_post),
)
