"""Security headers on every answer (spec: 0 inline, 0 other hosts), and the request's own number."""

import secrets as entropy

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.settings import settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
ALWAYS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ON_PAGES = {"Permissions-Policy": "camera=(), microphone=(), geolocation=(self)", "X-Frame-Options": "DENY"}
HSTS = "max-age=63072000; includeSubDomains"


class SecurityHeaders:
    """A handler may say more (a cache class, a file's own policy), never less."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        scope.setdefault("state", {})["request_id"] = request_id = entropy.token_hex(8)
        https = settings().public_url.startswith("https://")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith("text/html"):
                    for name, value in ON_PAGES.items():
                        headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers.add_vary_header("Cookie")
                headers["X-Request-Id"] = request_id
                if https:
                    headers["Strict-Transport-Security"] = HSTS
            await send(message)

        return await self.app(scope, receive, with_headers)
