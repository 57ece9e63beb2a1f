"""A move tried for real, and taken back: what would it have said?"""

from typing import Unpack

from kernel.database import transaction
from kernel.errors import Refusal
from kernel.forms import Form
from kernel.lifecycle import Way, move
from kernel.models import Thing


class Undone(Exception):  # noqa: N818
    pass


async def attempted(thing: Thing, name: str, facts: Form, **way: Unpack[Way]) -> Refusal | None:
    """None: it is allowed. The thing is afterwards as it was."""
    try:
        async with transaction():
            await move(thing, name, facts, **way)
            raise Undone  # noqa: TRY301
    except Undone:
        return None
    except Refusal as refusal:
        return refusal
    finally:
        await thing.refresh_from_db()
