"""Who is asking: `scope["user"]` and `scope["session"]` for everything behind."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from kernel.edge.refusing import refuse
from kernel.errors import Malformed, SignedOut
from kernel.people import sessions
from kernel.people.sessions import SignedInAs
from kernel.permissions import ANONYMOUS

NO_ONE_NEEDED = ("/static/", "/healthz", "/readyz", "/metrics")


Find = Callable[[HTTPConnection, datetime], Awaitable[SignedInAs | None]]


class SignedIn:
    def __init__(self, app: ASGIApp, *, find: Find = sessions.find) -> None:
        self.app, self.find = app, find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["user"], scope["session"] = ANONYMOUS, None
            if not scope["path"].startswith(NO_ONE_NEEDED):
                try:
                    session = await self.find(HTTPConnection(scope), datetime.now(UTC))
                except Malformed as wrong:
                    return await refuse(wrong, scope, receive, send)
                if session is not None:
                    scope["user"], scope["session"] = session.actor, session
                elif any(name == b"authorization" for name, _ in scope["headers"]):
                    return await refuse(SignedOut(), scope, receive, send)
        return await self.app(scope, receive, send)
