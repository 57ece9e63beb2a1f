"""CS06: what the hall asks of others, and what it never asks."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from kernel import outgoing
from kernel.outgoing import NoAnswer, NotLetOut
from kernel.settings import settings


class Other:
    """A server of somebody else on loopback: says what it was told to, counts who asked."""

    def __init__(self) -> None:
        self.says, self.asked, self.port = b"", 0, 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.says)
        await writer.drain()
        if not self.says:
            await reader.read()
        writer.close()


@pytest.fixture
async def other(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Other]:
    told = Other()
    server = await asyncio.start_server(told.answer, "127.0.0.1", 0)
    told.port = server.sockets[0].getsockname()[1]
    allow(monkeypatch, "127.0.0.1", "localhost", loopback=True)
    async with server:
        yield told


def allow(monkeypatch: pytest.MonkeyPatch, *hosts: str, loopback: bool = False) -> None:
    monkeypatch.setattr(settings(), "outgoing_hosts", hosts)
    monkeypatch.setattr(settings(), "outgoing_loopback", loopback)


def said(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


async def test_cs06_a_named_host_is_asked_and_its_answer_read(other: Other) -> None:
    other.says = said(json.dumps({"a": 1}).encode())
    answer = await outgoing.get(f"http://localhost:{other.port}/x")
    assert (answer.status, answer.json()) == (200, {"a": 1})


async def test_cs06_a_redirect_is_not_followed(other: Other) -> None:
    other.says = said(b"", "302 Found", f"Location: http://localhost:{other.port}/again\r\n")
    answer = await outgoing.get(f"http://localhost:{other.port}/x")
    assert (answer.status, other.asked) == (302, 1)


async def test_cs06_more_than_a_mebibyte_is_cut_off(other: Other) -> None:
    other.says = said(b"x" * (2**20 + 1))
    with pytest.raises(NoAnswer, match="1 MiB"):
        await outgoing.get(f"http://127.0.0.1:{other.port}/")
    other.says = said(b"x" * 2**20)
    assert len((await outgoing.get(f"http://127.0.0.1:{other.port}/")).body) == 2**20


async def test_cs06_who_keeps_silent_is_not_waited_for(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "WHOLE_S", 0.3)
    with pytest.raises(NoAnswer, match="超过"):
        await outgoing.get(f"http://127.0.0.1:{other.port}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/", "http://idp.example/", "ftp://idp.example/", "https://user:x@idp.example/",
        "https://idp.example@elsewhere.example/", "https:///x", "https://idp.example:99999/", "https://[::1/",
    ],
)  # fmt: skip
def test_cs06_only_https_to_a_host_on_the_list(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, "idp.example")
    with pytest.raises(NotLetOut):
        outgoing.let_out(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "100.100.100.200",  # noqa: S104
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_cs06_this_machine_and_a_clouds_metadata_are_out_of_reach(address: str) -> None:
    assert not outgoing.reachable(address)


def test_cs06_a_citys_own_network_is_in_reach() -> None:
    assert all(map(outgoing.reachable, ("10.1.2.3", "192.168.7.7", "8.8.8.8", "2400:3200::1")))


async def test_cs06_a_listed_name_that_leads_to_this_machine_is_refused(
    other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after rebinding: the name stands on the list, the address it resolves to is judged at the moment of use."""
    allow(monkeypatch, "localhost")
    with pytest.raises(NotLetOut, match="本机"):
        await outgoing.get(f"https://localhost:{other.port}/")
    assert other.asked == 0
