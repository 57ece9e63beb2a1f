"""How a person is reached (联系方式): an address is used once its owner has shown that it is theirs."""

import hmac
import json
import secrets as entropy
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from kernel.database import transaction
from kernel.edge import rates
from kernel.errors import FormRejected, Refusal
from kernel.messages import leaving, queries
from kernel.messages.mail import ADDRESS, Content
from kernel.messages.models import Channel, Contact
from kernel.messages.queries import CHOICES
from kernel.messages.templates import VERIFY, Sort
from kernel.permissions import Actor
from kernel.secrets import blind_index, seal, unseal

PROVE_WITHIN = timedelta(days=1)


class LinkVoid(Refusal):
    status, code, text = 410, "link_void", "这个确认网址已失效，请在“联系方式与通知”里重新填写邮箱。"


async def set_phone(account_id: int, phone: str, *, at: datetime) -> None:
    """After `check_code`: who calls has seen the proof."""
    contact = await _of(account_id)
    await Contact.filter(id=contact.id).update(phone=seal(phone, **contact.sealed["phone"](contact)))


async def ask_email(address: str, *, by: Actor, at: datetime) -> None:
    """Send the link that proves it; until then the address before it stays in use. Raises FormRejected, TooMany."""
    if len(address) > 254 or not ADDRESS.fullmatch(address):
        raise FormRejected({"email": "请填写正确的邮箱地址，例如 name@example.com。"})
    await rates.hit(rates.EMAIL_PROOF, str(by.id), at=at)
    token = entropy.token_urlsafe(32)
    contact = await _of(by.id)
    used = await queries.current(VERIFY.code)
    link = used.filled({"link": f"/me/email/{token}"})
    content = Content(used.subject, used.mail.format(**link))
    async with transaction():
        await Contact.filter(id=contact.id).update(
            pending=seal(address, **contact.sealed["pending"](contact)),
            pending_hash=_hash(token),
            pending_until=at + PROVE_WITHIN,
        )
        await leaving.queue(
            Channel.EMAIL, to=address, content=json.dumps(asdict(content), ensure_ascii=False),
            template=VERIFY.code, version=used.version, key=f"verify:{token}", at=at, until=at + PROVE_WITHIN,
        )  # fmt: skip


async def prove_email(token: str, *, by: Actor, at: datetime) -> None:
    """Once, by the account that asked. Raises LinkVoid."""
    contact = await _of(by.id)
    fits = hmac.compare_digest(contact.pending_hash, _hash(token))
    if not fits or contact.pending is None or contact.pending_until is None or contact.pending_until <= at:
        raise LinkVoid
    address = unseal(contact.pending, **contact.sealed["pending"](contact))
    once = Contact.filter(id=contact.id, pending_hash=contact.pending_hash)
    done = await once.update(
        email=seal(address, **contact.sealed["email"](contact)),
        email_index=blind_index("email", address.lower()).hex(),
        pending=None, pending_hash="", pending_until=None,
    )  # fmt: skip
    if not done:
        raise LinkVoid


async def remove_email(*, by: Actor, at: datetime) -> None:
    contact = await _of(by.id)
    await Contact.filter(id=contact.id).update(
        email=None, email_index="", pending=None, pending_hash="", pending_until=None
    )


async def choose(
    wanted: Iterable[tuple[Sort, Channel]],
    *,
    by: Actor,
    at: datetime,
    offered: Iterable[tuple[Sort, Channel]] = CHOICES,
) -> None:
    """What was offered and isn't wanted is off, what wasn't offered stays as it was; 法定告知 is no choice."""
    on, asked = set(wanted), set(offered)
    contact = await _of(by.id)
    names = [(f"{sort}:{channel}", (sort, channel)) for sort, channel in CHOICES]
    off = [name for name, pair in names if (pair not in on if pair in asked else name in contact.off)]
    await Contact.filter(id=contact.id).update(off=off)


async def _of(account_id: int) -> Contact:
    return (await Contact.get_or_create(account_id=account_id))[0]


def _hash(token: str) -> str:
    return blind_index("email_proof", token).hex()
