"""A draft is kept, and erased when it has become a ticket or its writer drops it."""

import json
from datetime import datetime

from hotline.drafts import queries
from hotline.drafts.forms import Typed
from hotline.drafts.models import Draft
from kernel import secrets
from kernel.database import put
from kernel.permissions import Actor


async def keep(typed: Typed, *, by: Actor, at: datetime) -> None:
    """Two savings that come at once make one row; an empty desk leaves none."""
    told = {name: text for name, text in typed.fields.items() if text}
    if not told.keys() & {"content", "title", "answer", "words"}:
        return await erase(typed.place, by=by)
    row = Draft(account_id=by.id, place=typed.place, saved_at=at)
    row.body = secrets.seal(json.dumps(told, ensure_ascii=False), **row.sealed["body"](row))
    await put(queries.of(by).filter(place=typed.place), row, body=row.body, saved_at=at)
    return None


async def erase(place: str, *, by: Actor) -> None:
    """Registered or dropped: ciphertext and all."""
    await queries.of(by).filter(place=place).delete()
