"""The same request twice has one effect and one answer: the Idempotency-Key (幂等键) of a program or a form."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from kernel import secrets
from kernel.database import transaction
from kernel.errors import FormRejected, KeyReused
from kernel.models import Answered

LIFE = timedelta(hours=24)
KEY_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for what under which key; `key` empty: nothing is remembered."""

    actor_id: int
    route: str
    key: str
    body: bytes


Answer = tuple[int, str]  # HTTP status, JSON text or address


async def once(asked: Asked, effect: Callable[[], Awaitable[Answer]], *, at: datetime) -> Answer:
    """Run `effect` in one transaction with the memory of its answer; the second time only the memory speaks.

    Raises KeyReused for another body under the same key. A refused effect leaves no memory."""
    if not asked.key:
        return await effect()
    if len(asked.key) > KEY_CHARS_MAX:
        raise FormRejected({"Idempotency-Key": f"请求编号最多 {KEY_CHARS_MAX} 个字符。"})
    if (before := await _remembered(asked, at)) is not None:
        return before
    try:
        async with transaction():
            row = await Answered.create(**_place(asked), body_hash=_hash(asked), status=0, answer=b"", at=at)
            status, text = await effect()
            sealed = secrets.seal(text, **row.sealed["answer"](row))
            await Answered.filter(id=row.id).update(status=status, answer=sealed)
    except IntegrityError:
        after = await _remembered(asked, at)  # the twin that came first has committed meanwhile
        if after is None:
            raise
        return after
    return status, text


async def forget(*, at: datetime) -> int:
    """Retention: rows live 24 hours."""
    return await Answered.filter(at__lt=at - LIFE).delete()


async def _remembered(asked: Asked, at: datetime) -> Answer | None:
    row = await Answered.get_or_none(**_place(asked))
    if row is None:
        return None
    if row.at < at - LIFE:
        await row.delete()
        return None
    if row.body_hash != _hash(asked):
        raise KeyReused
    return row.status, secrets.unseal(row.answer, **row.sealed["answer"](row))


def _place(asked: Asked) -> dict[str, Any]:
    return {"actor_id": asked.actor_id, "route": asked.route, "key": asked.key}


def _hash(asked: Asked) -> bytes:
    return hashlib.sha256(asked.body).digest()
