"""The security log at a second place (LO04): RFC 5424 lines to the city's log server, each at least once, in order.

What was sent is remembered by number in the database: a log server that was away gets what it missed."""

import asyncio
import json
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from arq import cron

from kernel.edge.models import SecurityEvent
from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from kernel.observability.models import Shipped
from kernel.settings import settings

NAME = "syslog"
BATCH = 500
SETTLED = timedelta(seconds=5)  # numbers are given before the commit: a smaller one may still be on its way
SEND_S = 10
PRIORITY = 10 * 8 + 5  # facility authpriv, severity notice
PORTS = {"udp": 514, "tcp": 601, "tls": 6514}


async def ship(ctx: dict[str, Any]) -> int:
    """How many lines went out. Raises OSError while the server is away; the job is noted as failing."""
    if not settings().syslog_url or (await standing()).mode is not Mode.OPEN:
        return 0
    mark, _ = await Shipped.get_or_create(name=NAME, defaults={"last_id": 0})
    rows = SecurityEvent.filter(id__gt=mark.last_id, at__lt=datetime.now(UTC) - SETTLED).order_by("id").limit(BATCH)
    events = await rows
    if events:
        async with asyncio.timeout(SEND_S):
            await _send([line(event) for event in events])
        await Shipped.filter(id=mark.id).update(last_id=events[-1].id)
    return len(events)


def line(event: SecurityEvent) -> bytes:
    """One event; numbers of persons and things, codes, no personal data."""
    told = {
        "id": event.id, "kind": event.kind, "actor": event.actor_id, "address": event.address,
        "request": event.request_id, "count": event.count, **event.detail,
    }  # fmt: skip
    text = json.dumps(told, ensure_ascii=False)
    at, host = f"{event.at:%Y-%m-%dT%H:%M:%S.%fZ}", socket.gethostname()
    return f"<{PRIORITY}>1 {at} {host} sunhall - {event.kind} - {text}".encode()


async def _send(lines: Sequence[bytes]) -> None:
    url = urlsplit(settings().syslog_url)
    if url.scheme in ("udp", "unix"):
        await asyncio.to_thread(_datagrams, url.scheme, url.path, url.hostname or "", url.port or PORTS["udp"], lines)
        return
    context = ssl.create_default_context() if url.scheme == "tls" else None
    _, writer = await asyncio.open_connection(url.hostname, url.port or PORTS[url.scheme], ssl=context)
    try:
        for one in lines:
            writer.write(f"{len(one)} ".encode() + one)  # octet counting (RFC 6587)
        await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


def _datagrams(scheme: str, path: str, host: str, port: int, lines: Sequence[bytes]) -> None:
    if scheme == "unix":
        family, address = socket.AF_UNIX, path
    else:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        family, address = found[0], found[4]  # type: ignore[assignment]
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        out.connect(address)
        for one in lines:
            out.send(one)


SHIP = cron(ship, second=set(range(3, 60, 10)))
