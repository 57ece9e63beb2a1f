"""Texts of messages as a city words them: one person writes a version, another publishes it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from kernel.database import transaction
from kernel.edge import security
from kernel.errors import FormRejected, NotFound, Refusal
from kernel.messages import templates
from kernel.messages.forms import Texts
from kernel.messages.models import MessageTemplate
from kernel.messages.queries import TEXTS, fitting
from kernel.messages.templates import Template
from kernel.permissions import Actor


class OwnVersion(Refusal):
    status, code, text = 403, "own_version", "第 {version} 版是您起草的，须由另一位管理员发布。"


class OldVersion(Refusal):
    code, text = "old_version", "第 {version} 版已经发布，或已有更新的版本在用；要换回旧文字，请照旧文字起草新的一版。"


async def seed(at: datetime) -> None:
    """What the program declares is version 1. Where a new program declares other texts they become a new version:
    in force at once if no administrator has changed the old ones, else waiting to be published."""
    for declared in templates.every():
        async with transaction():
            rows = await MessageTemplate.filter(code=declared.code).order_by("version")
            ours = [row for row in rows if not row.author_id]
            if ours and _texts(ours[-1]) == _texts(declared):
                continue
            unchanged = not any(row.author_id and row.published_at for row in rows)
            published: dict[str, Any] = {"published_by": 0, "published_at": at} if unchanged else {}
            version = rows[-1].version + 1 if rows else 1
            await MessageTemplate.create(
                code=declared.code, version=version, at=at, **_texts(declared), **published
            )  # fmt: skip


def drafted(code: str, texts: Texts) -> Template:
    """The template as it would be. Raises FormRejected at each field that breaks a rule, NotFound."""
    found = replace(_declared(code), **texts.model_dump())
    if wrong := templates.problems(found):
        raise FormRejected({field: f"不能这样写：{why}。" for field, why in wrong.items()})
    return found


async def write(code: str, texts: Texts, *, by: Actor, at: datetime) -> MessageTemplate:
    """A new version, not in force yet. Raises FormRejected, NotFound."""
    drafted(code, texts)
    async with transaction():
        newest = await MessageTemplate.filter(code=code).order_by("-version").first()
        version = newest.version + 1 if newest else 2  # the declared one is the first, seeded or not
        row = await MessageTemplate.create(code=code, version=version, author_id=by.id, at=at, **texts.model_dump())
    await security.log("message_template_written", actor_id=by.id, at=at, template=code, version=version)
    return row


async def publish(code: str, version: int, *, by: Actor, at: datetime) -> None:
    """In force for whatever is sent from now on. Raises OwnVersion, OldVersion, UnfitTemplate, NotFound."""
    declared = _declared(code)
    async with transaction():
        row = await MessageTemplate.get_or_none(code=code, version=version)
        if row is None:
            raise NotFound(what="这一版")
        if row.author_id == by.id:
            raise OwnVersion(version=version)
        fitting(declared, row)
        newer = MessageTemplate.filter(code=code, version__gt=version).exclude(published_at=None)
        still = MessageTemplate.filter(id=row.id, published_at=None)
        if await newer.exists() or not await still.update(published_by=by.id, published_at=at):
            raise OldVersion(version=version)
    await security.log("message_template_published", actor_id=by.id, at=at, template=code, version=version)


def _declared(code: str) -> Template:
    if code not in {one.code for one in templates.every()}:
        raise NotFound(what="这个模板")
    return templates.declared(code)


def _texts(of: Template | MessageTemplate) -> dict[str, Any]:
    return {name: getattr(of, name) for name in TEXTS}
