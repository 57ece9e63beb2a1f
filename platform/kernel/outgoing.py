"""Whatever this house asks of another over http goes through here (CS06).

Named hosts only; the address is checked after the name was resolved and is the one that is connected to (a second
resolving could answer otherwise); no redirect is followed; five seconds and one MiB for the whole answer."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kernel.errors import Refusal
from kernel.settings import HERE, settings

if TYPE_CHECKING:
    from aiohttp import ClientSession

WHOLE_S, BYTES_MAX = 5, 2**20
PIECE_BYTES = 65_536
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
METADATA = frozenset({"100.100.100.200", "fd00:ec2::254", "192.0.0.192"})  # clouds whose metadata isn't link-local


class NotLetOut(Refusal):
    """The host isn't on the list, or its name leads to where nothing of ours should ask."""

    status, code, text = 502, "not_let_out", "不能访问 {host}：{why}。请核对 SUNHALL_OUTGOING_HOSTS。"


class NoAnswer(Refusal):
    """The other side was away, too slow, or said too much. Worth another try later."""

    status, code, text = 503, "no_answer", "{host} 没有正常应答（{why}），请稍后再试。"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body of an answer; a redirect is an answer, too."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises ValueError when the body isn't JSON."""
        return json.loads(self.body)


async def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    return await ask("GET", url, headers=headers)


async def post_form(url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Answer:
    return await ask("POST", url, form=fields, headers=headers)


async def post_json(url: str, sent: object, *, headers: Mapping[str, str] | None = None) -> Answer:
    return await ask("POST", url, sent=sent, headers=headers)


async def ask(
    method: str, url: str, *, headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None, sent: object = None,
) -> Answer:  # fmt: skip
    """One question, one answer. Raises NotLetOut, NoAnswer."""
    from aiohttp import ClientError

    host = let_out(url)
    try:
        async with (
            asyncio.timeout(WHOLE_S),
            _session() as session,
            session.request(
                method, url, headers=headers, data=form, json=sent, allow_redirects=False
            ) as answer,
        ):  # fmt: skip
            body = await _bounded(answer.content, host)
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, told, body)
    except TimeoutError as late:
        raise NoAnswer(host=host, why=f"超过 {WHOLE_S} 秒") from late
    except (ClientError, OSError) as wrong:
        if isinstance(refused := _cause(wrong), NotLetOut):
            raise refused from wrong
        raise NoAnswer(host=host, why=type(wrong).__name__) from wrong


def let_out(url: str) -> str:
    """The host of an address that may be asked: https, on the list, without a name and password in it. Plain http and
    this machine itself only where a setting says so (a gateway beside the hall, the tests). Raises NotLetOut."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise NotLetOut(host="这个地址", why="网址的格式不正确") from None
    if not host or parts.username is not None or parts.password is not None:
        raise NotLetOut(host=host or "这个地址", why="网址的格式不正确")
    here = settings().outgoing_loopback and host in HERE
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise NotLetOut(host=host, why="只用 https")
    if host not in {one.lower() for one in settings().outgoing_hosts}:
        raise NotLetOut(host=host, why="不在允许的主机名里")
    if (literal := _literal(host)) and not reachable(literal):  # a resolver isn't asked about numbers
        raise NotLetOut(host=host, why="不是公网或政务网的地址")
    return host


def reachable(address: str) -> bool:
    """Whether a resolved address may be connected to. Private networks may (a city's own services stand there, on the
    list by name); this machine, link-local (cloud metadata), multicast and unspecified may not, nor as IPv6."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        found = inner or found
    if found.is_loopback:
        return settings().outgoing_loopback
    metadata = str(found) in METADATA
    return not (found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved or metadata)


def _literal(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


def _session() -> "ClientSession":
    """A resolver of our own, so that what was checked is what is connected to."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.resolver import ThreadedResolver

    class Checked(AbstractResolver):
        def __init__(self) -> None:
            self.inner = ThreadedResolver()

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            found = await self.inner.resolve(host, port, family)
            for one in found:
                if not reachable(one["host"]):
                    raise OSError(f"{host} leads to {one['host']}") from NotLetOut(
                        host=host, why="它的地址在本机或受保护的网段"
                    )
            return found

        async def close(self) -> None:
            await self.inner.close()

    connector = TCPConnector(resolver=Checked(), use_dns_cache=False, limit=1)
    return ClientSession(
        connector=connector, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=WHOLE_S), trust_env=False,
        auto_decompress=True, max_line_size=8_190, max_field_size=8_190,
    )  # fmt: skip


async def _bounded(content: Any, host: str) -> bytes:
    body = bytearray()
    async for piece in content.iter_chunked(PIECE_BYTES):
        body += piece
        if len(body) > BYTES_MAX:
            raise NoAnswer(host=host, why="应答超过 1 MiB")
    return bytes(body)


def _cause(wrong: BaseException) -> BaseException | None:
    """The refusal at the root of what the connector wrapped."""
    seen: BaseException | None = wrong
    while seen is not None and not isinstance(seen, NotLetOut):
        seen = seen.__cause__
    return seen
