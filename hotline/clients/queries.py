"""Reads of clients: who stands behind a token."""

import hashlib
import ipaddress
from datetime import datetime

from tortoise.queryset import QuerySet

from hotline.clients.models import Client
from hotline.clients.states import ClientState
from hotline.permissions import P
from kernel.citytime import day_of
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.scopes import within

LISTED_MAX = 200
PREFIX = "o311_"  # so that a token that lies about is known for what it is


def digest(token: str) -> str:
    """What is kept of a token; being random and long it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def visible_to(actor: Actor) -> QuerySet[Client]:
    return Client.filter(within("region_path", actor.powers.get(P.CLIENT_MANAGE, ())))


async def one(actor: Actor, no: str) -> Client:
    found = await visible_to(actor).filter(no=no).first()
    if found is None:
        raise NotFound(what="这个接口客户端")
    return found


async def listed(actor: Actor) -> list[Client]:
    return await visible_to(actor).order_by("-id").limit(LISTED_MAX)


async def behind(token: str, address: str, at: datetime) -> Actor | None:
    """None: unknown, changed for another, revoked, out of date, or asked from elsewhere."""
    if not token.startswith(PREFIX):
        return None
    client = await Client.get_or_none(token_hash=digest(token), state=ClientState.ACTIVE)
    if client is None or client.valid_to < day_of(at) or not _from(client, address):
        return None
    return Actor(id=client.account_id, name=client.title, kind="service")


def _from(client: Client, address: str) -> bool:
    if not client.networks:
        return True
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(here in ipaddress.ip_network(one, strict=False) for one in client.networks.split())
