"""How long messages are kept, and what is erased when."""

from datetime import datetime, timedelta

from tortoise.expressions import Q

from kernel.inbox.models import Message
from kernel.messages.models import Code, Nonce, Outgoing, State
from kernel.upkeep.kept import Kept, delete_some

DAY, MONTH, YEAR = timedelta(days=1), timedelta(days=30), timedelta(days=365)
NEED = "业务需要"


async def clear_messages(before: datetime, limit: int) -> int:
    """Read before then. Unread ones stay: nobody has been told yet."""
    return await delete_some(Message.filter(read_at__lt=before), limit)


async def clear_outgoing(before: datetime, limit: int) -> int:
    """Done before then, and what nobody has got away since: a month later nobody wants it, and it holds an address."""
    stuck = Q(state=State.QUEUED, at__lt=before)
    return await delete_some(Outgoing.filter(Q(done_at__lt=before) | stuck), limit)


async def clear_codes(before: datetime, limit: int) -> int:
    return await delete_some(Code.filter(until__lt=before), limit)


async def clear_nonces(before: datetime, limit: int) -> int:
    """A signature is refused after 300 s whatever the nonce, so a day is more than enough."""
    return await delete_some(Nonce.filter(at__lt=before), limit)


KEPT = (
    Kept(
        name="messages", label="已读的消息", tables=("kernel_message",), basis=NEED, period=YEAR,
        then="读过满期即删除；未读的保留", clear=clear_messages,
    ),
    Kept(
        name="outgoing", label="发出的短信和邮件", tables=("kernel_outgoing",), basis=NEED, period=MONTH,
        then="收件人和内容发出即销毁，满期删除状态；一直没能发出的同样删除", clear=clear_outgoing,
    ),
    Kept(
        name="codes", label="短信验证码", tables=("kernel_code",), basis=NEED, period=DAY,
        then="过期后每分钟清除", clear=clear_codes,
    ),
    Kept(
        name="nonces", label="回执的随机数", tables=("kernel_nonce",), basis="防重放", period=DAY, at_least=DAY,
        then="删除", clear=clear_nonces,
    ),
    Kept(
        name="contacts", label="联系方式和通知选择", tables=("kernel_contact",),
        basis="个人信息保护法第十九条：帐号存续期间", period=None, then="随帐号：注销时删除；邮箱可随时自己删除",
    ),
    Kept(
        name="message_templates", label="消息模板的各版", tables=("kernel_message_template",),
        basis="消息按版本号对得上当时的文字", period=None, then="永久保存",
    ),
)  # fmt: skip
