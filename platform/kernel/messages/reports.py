"""Delivery reports (回执): what the gateway says became of a message. Signed, near in time, and each only once."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tortoise.exceptions import IntegrityError

from kernel.database import transaction
from kernel.errors import NotFound, Refusal
from kernel.messages.forms import Report
from kernel.messages.models import Channel, Nonce, Outgoing, State
from kernel.secrets.signatures import NONCE, proves
from kernel.settings import settings


class NotSigned(Refusal):
    status, code, text = 401, "not_signed", "签名不对，或时间相差超过 300 秒；请核对密钥和时钟。"


class Replayed(Refusal):
    code, text = "replayed", "这个随机数已经用过，请为每次请求换一个。"


async def take(report: Report, *, sent: Mapping[str, str], headers: Mapping[str, str], at: datetime) -> State:
    """What state the message is in now; the first report counts. Raises NotSigned, Replayed, NotFound."""
    await prove(settings().sms_secret_file, sent=sent, headers=headers, at=at)
    state = State.DELIVERED if report.state == "delivered" else State.FAILED
    told = f"report_{report.code}" if report.code and state is State.FAILED else ""
    async with transaction():
        ours = Outgoing.filter(key=report.request_id, channel=Channel.SMS)
        open_ = ours.filter(state__in=[State.QUEUED, State.SENT])  # queued: it is faster than our own mark
        await open_.update(state=state, problem=told[:60], recipient=None, content=None, done_at=at)
        row = await ours.first()
    if row is None:
        raise NotFound(what="这个请求编号")
    return row.state


async def prove(key: Path | None, *, sent: Mapping[str, str], headers: Mapping[str, str], at: datetime) -> None:
    """A machine outside signed this, now and for the first time. Raises NotSigned, Replayed."""
    if not proves(_text(key), headers, sent, at=at):
        raise NotSigned
    await _once(headers.get(NONCE, ""), at)


def _text(key: Path | None) -> str:
    return key.read_text().strip() if key else ""


async def _once(nonce: str, at: datetime) -> None:
    try:
        async with transaction():
            await Nonce.create(value=nonce, at=at)
    except IntegrityError:
        raise Replayed from None
