"""The verbs of a client. Its token is made here, told to who asked, and forgotten."""

import secrets as entropy
from datetime import datetime
from typing import Unpack

from hotline.clients import forms, queries
from hotline.clients.models import Client
from kernel import numbering
from kernel.database import transaction
from kernel.kinds import verbs
from kernel.lifecycle import Way, move
from kernel.people.models import Account, AccountKind
from kernel.permissions import Actor

TOKEN_BYTES = 32


async def draw_number(at: datetime) -> str:
    return await numbering.draw(Client.prefix, at)


def new_token() -> str:
    return queries.PREFIX + entropy.token_urlsafe(TOKEN_BYTES)


async def issue(facts: forms.Issue, *, no: str, region: str, by: Actor, at: datetime) -> Client:
    """With an account of its own, so that the journal says whose each move was."""
    async with transaction():
        account = await Account.create(
            username=f"client:{no}", kind=AccountKind.SERVICE, name=facts.title, created_at=at
        )
        client = Client(no=no, region_path=region, account_id=account.id)
        return await move(client, "issue", facts, by=by, at=at, version=0)


async def rotate(client: Client, facts: forms.Rotate, **way: Unpack[Way]) -> Client:
    """The old token opens nothing any more."""
    return await move(client, "rotate", facts, **way)


async def revoke(client: Client, facts: forms.Revoke, **way: Unpack[Way]) -> Client:
    return await move(client, "revoke", facts, **way)


VERBS = verbs(rotate, revoke)
