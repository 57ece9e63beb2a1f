"""What an address may look like, and for which host it may ask."""

import ipaddress
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from kernel.edge.refusing import refuse
from kernel.errors import Malformed
from kernel.forms import unfit
from kernel.settings import settings

LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]"}
WITHOUT_ANYBODY = ("/static/", "/healthz", "/readyz", "/metrics")  # nobody is looked up for these
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class CleanAddress:
    """NUL, controls, bad UTF-8 and parameters sent twice are an attack or an accident: 400, never a guess."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (problem := _problem(scope)):
            return await refuse(Malformed(what=problem), scope, receive, send)
        return await self.app(scope, receive, send)


def _problem(scope: Scope) -> str:
    if any(map(unfit, scope["path"])):
        return "地址含有无法识别的字符"
    try:
        asked = unquote_to_bytes(scope["query_string"].replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return "地址中的参数不是 UTF-8"
    if any(map(unfit, asked)):
        return "地址中的参数含有无法识别的字符"
    names = [name for name, _ in QueryParams(scope["query_string"]).multi_items()]
    if len(names) > len({*names}):
        return "地址中有参数出现了多次"
    return ""


class KnownHost:
    """Links in messages come from the public URL; a forged Host gets nothing at all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not known(Headers(scope=scope).get("host", "")):
            return await refuse(Malformed(what="不是本站的网址"), scope, receive, send)
        return await self.app(scope, receive, send)


def known(host: str) -> bool:
    """Loopback always; the public URL's host and the listed ones; on a trial LAN any address by number."""
    name = urlsplit(f"//{host}").hostname or ""
    limits = settings()
    if name in LOOPBACK or name in {urlsplit(limits.public_url).hostname, *limits.allowed_hosts}:
        return True
    return limits.insecure_lan and _is_number(name)


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
