"""The verbs of documents: draft with a number, issue, deliver, withdraw; wordings and the agencies' signs."""

import hashlib
import secrets as entropy
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Unpack

import rfc8785
from tortoise.exceptions import IntegrityError

from kernel import numbering
from kernel.citytime import CITY
from kernel.database import transaction
from kernel.journal import Sealed, instant
from kernel.kinds import verbs
from kernel.lifecycle import Nothing, Way, move
from kernel.notices import forms, queries, rules, wording
from kernel.notices.models import Notice, Sign, Wording
from kernel.notices.permissions import P
from kernel.notices.wording import NoticeTemplate
from kernel.people.models import Organisation
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings


async def draft(
    code: str, about: str, values: Mapping[str, Any], *, org: Organisation, by: Actor, at: datetime
) -> Notice:
    """A numbered document with the wording in force, in one transaction: refused, it leaves no gap in the numbers.

    Raises NoWording, NoSign, NotReady, WrongKind, NotFound, FormRejected (by slot), NotAllowed."""
    async with transaction():
        words = await queries.in_force(code, at)
        template = wording.from_plain(words.words)
        subject = await queries.subject_of(about, template, by)
        filled = wording.fill(template, values)
        series, year = f"{await queries.sign_of(org)}{template.series}", at.astimezone(CITY).year
        number = await numbering.legal(series, at)
        notice = Notice(
            no=f"{series}〔{year}〕{number}号", series=series, year=year, number=number, wording=words, org=org,
            public_id=entropy.token_hex(16), region_path=org.path, drafted_at=at,
            owner_id=getattr(subject, "owner_id", None),
        )  # fmt: skip
        sealed: dict[str, Any] = {
            "values": filled,
            "nonce": entropy.token_hex(16),
        }  # without it a short value could be guessed
        facts = forms.Draft(
            template=code, version=words.version, about=about, content_hash=content_hash(notice, words, sealed),
            filled=Sealed(rfc8785.dumps(sealed).decode()),
        )  # fmt: skip
        return await move(notice, "draft", facts, by=by, at=at, version=0)


def content_hash(notice: Notice, words: Wording, sealed: Mapping[str, Any]) -> str:
    """SHA-256 over number, agency, day, the words' own hash and every value: whatever the paper says."""
    line: dict[str, Any] = {
        "id": notice.public_id, "no": notice.no, "org": notice.region_path, "at": instant(notice.drafted_at),
        "words": words.hash, "sealed": dict(sealed),
    }  # fmt: skip
    return hashlib.sha256(rfc8785.dumps(line)).hexdigest()


async def issue(notice: Notice, facts: Nothing, **way: Unpack[Way]) -> Notice:
    return await move(notice, "issue", facts, **way)


async def deliver(notice: Notice, facts: forms.Receipt, **way: Unpack[Way]) -> Notice:
    return await move(notice, "deliver", facts, **way)


async def confirm(notice: Notice, facts: Nothing, **way: Unpack[Way]) -> Notice:
    return await move(notice, "confirm", facts, **way)


async def give_back(notice: Notice, facts: forms.Returned, **way: Unpack[Way]) -> Notice:
    return await move(notice, "give_back", facts, **way)


async def withdraw(notice: Notice, facts: forms.Withdraw, **way: Unpack[Way]) -> Notice:
    return await move(notice, "withdraw", facts, **way)


NOTICE_VERBS = verbs(issue, deliver, confirm, give_back, withdraw)


async def seed(declared: Iterable[NoticeTemplate], at: datetime) -> None:
    """The wordings of the package, in force from the first day: published by the machine that installed them."""
    for template in declared:
        if not await Wording.exists(code=template.code, version=template.version):
            row = _row(template, by=SYSTEM, at=at)
            row.published_by, row.published_at = SYSTEM.id, at
            await row.save(force_create=True)


async def draft_wording(template: NoticeTemplate, *, by: Actor, at: datetime) -> Wording:
    """A new version; it counts only when somebody else has published it."""
    by.must(P.TEMPLATE_DRAFT, settings().region_path)
    async with transaction():
        row = _row(template, by=by, at=at)
        await row.save(force_create=True)
    return row


async def publish_wording(code: str, version: int, *, by: Actor, at: datetime) -> Wording:
    """Raises OwnWording for who drafted it; published twice is published once."""
    by.must(P.TEMPLATE_PUBLISH, settings().region_path)
    async with transaction():
        row = await queries.wording(code, version)
        if row.drafted_by == by.id:
            raise rules.OwnWording
        if row.published_at is None:
            row.published_by, row.published_at = by.id, at
            await row.save(update_fields=["published_by", "published_at"])
    return row


async def sign(org: Organisation, word: str, *, by: Actor) -> Sign:
    """机关代字 of an agency. Raises TakenSign."""
    by.must(P.TEMPLATE_DRAFT, org.path)
    try:
        async with transaction():
            return (await Sign.update_or_create(defaults={"word": word}, org=org))[0]
    except IntegrityError as taken:
        raise rules.TakenSign(word=word) from taken


def _row(template: NoticeTemplate, *, by: Actor, at: datetime) -> Wording:
    plain = template.plain()
    return Wording(
        code=template.code, version=template.version, words=plain,
        hash=hashlib.sha256(rfc8785.dumps(plain)).hexdigest(),
        valid_from=template.valid_from, drafted_by=by.id, drafted_at=at,
    )  # fmt: skip
