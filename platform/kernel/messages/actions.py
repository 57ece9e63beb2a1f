"""Sending: the inbox first, and by each person's own choice what leaves the house. One road for every message."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from kernel.inbox.models import Message
from kernel.messages import leaving, queries, quiet, templates
from kernel.messages.mail import Content
from kernel.messages.models import Channel, Contact
from kernel.messages.templates import DIGEST, Sort, Template
from kernel.people.models import Account, AccountKind
from kernel.secrets import unseal

TITLE_MAX = templates.TITLE_MAX
TOLD_MAX = 200  # a message to more people than that belongs on a page
HOUR = timedelta(hours=1)


async def send(
    template: str, *, to: Iterable[int], values: Mapping[str, object], key: str, url: str = "", at: datetime
) -> int:
    """Within the change's transaction, to accounts that this key hasn't reached yet; how many they are.

    Raises UnfitValue. `key` says what the message is about, at most 60 characters, nothing personal."""
    used = await queries.current(template)
    filled = used.filled(values)
    wanted = list(dict.fromkeys(to))[:TOLD_MAX]
    told = await Message.filter(key=key, account_id__in=wanted).values_list("account_id", flat=True) if wanted else []
    known = {int(str(one)) for one in told}
    new = [account for account in wanted if account not in known]
    if not new:
        return 0
    title, body = used.title.format(**filled)[:TITLE_MAX], used.body.format(**filled)
    event = int(key.removeprefix("event:")) if key.startswith("event:") else None
    await Message.bulk_create(
        [
            Message(
                account_id=account, event_id=event, key=key, template=used.code, version=used.version,
                title=title, body=body, url=url, at=at,
            )
            for account in new
        ]
    )  # fmt: skip
    await _leave(used, new, filled, key=key, url=url, at=at)
    return len(new)


async def _leave(
    used: Template, accounts: list[int], filled: Mapping[str, str], *, key: str, url: str, at: datetime
) -> None:
    contacts = await Contact.filter(account_id__in=accounts) if used.subject or used.sms else []
    if not contacts:
        return
    people = {one.id: one for one in await Account.filter(id__in=[contact.account_id for contact in contacts])}
    due = None if used.urgent else quiet.due(at)
    for contact in contacts:
        person = people.get(contact.account_id)
        if person is None or not person.active:
            continue
        if used.sms and contact.phone is not None and wants(contact, used.sort, Channel.SMS):
            await leaving.queue(
                Channel.SMS, to=unseal(contact.phone, **contact.sealed["phone"](contact)),
                content=used.sms.format(**filled), template=used.code, version=used.version,
                key=f"{key}:{person.id}", at=at, due=due,
            )  # fmt: skip
        if used.subject and contact.email is not None and wants(contact, used.sort, Channel.EMAIL):
            to = unseal(contact.email, **contact.sealed["email"](contact))
            if person.kind is AccountKind.STAFF and used.sort is Sort.REMINDERS:
                await _digest(person.id, to, at)
            else:
                content = Content(used.subject.format(**filled), used.mail.format(**filled), url)
                await _mail(used, to, content, key=f"{key}:{person.id}", at=at, due=due)


async def _digest(account: int, to: str, at: datetime) -> None:
    """Staff: whatever an hour brings is one e-mail at its end, so there is at most one an hour."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    end = hour + HOUR
    used = await queries.current(DIGEST.code)
    content = Content(used.subject, used.mail, "/inbox")
    night = quiet.due(end)
    slot = f"{(night or end):%Y%m%d%H}"  # a whole night ends in one e-mail, too
    await _mail(used, to, content, key=f"digest:{account}:{slot}", at=at, due=night or end)


async def _mail(used: Template, to: str, content: Content, *, key: str, at: datetime, due: datetime | None) -> None:
    told = json.dumps(asdict(content), ensure_ascii=False)
    await leaving.queue(
        Channel.EMAIL, to=to, content=told, template=used.code, version=used.version, key=key, at=at, due=due
    )


def wants(contact: Contact, sort: Sort, channel: Channel) -> bool:
    """法定告知 can't be switched off; 资讯 comes by e-mail only, and only to who hasn't switched it off."""
    if sort is Sort.LEGAL:
        return True
    if sort is Sort.NEWS and channel is Channel.SMS:
        return False
    return f"{sort}:{channel}" not in contact.off
