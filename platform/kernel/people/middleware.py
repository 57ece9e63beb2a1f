"""Who is asking: `scope["user"]` and `scope["session"]` for everything behind."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from kernel.edge import rates
from kernel.edge.address import WITHOUT_ANYBODY
from kernel.edge.refusing import refuse
from kernel.errors import Malformed, SignedOut, TooMany
from kernel.people import sessions
from kernel.people.sessions import SignedInAs
from kernel.permissions import ANONYMOUS

Find = Callable[[HTTPConnection, datetime], Awaitable[SignedInAs | None]]


class SignedIn:
    def __init__(self, app: ASGIApp, *, find: Find = sessions.find) -> None:
        self.app, self.find = app, find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["user"], scope["session"] = ANONYMOUS, None
            if not scope["path"].startswith(WITHOUT_ANYBODY):
                try:
                    session = await self.find(HTTPConnection(scope), datetime.now(UTC))
                except Malformed as wrong:
                    return await refuse(wrong, scope, receive, send)
                scope["again"] = partial(self._again, HTTPConnection(scope))
                if session is not None:
                    scope["user"], scope["session"] = session.actor, session
                elif any(name == b"authorization" for name, _ in scope["headers"]):
                    return await refuse(SignedOut(), scope, receive, send)
                try:
                    _count(HTTPConnection(scope), session, datetime.now(UTC))
                except TooMany as often:
                    return await refuse(often, scope, receive, send)
        return await self.app(scope, receive, send)

    async def _again(self, connection: HTTPConnection) -> SignedInAs | None:
        """For an answer that goes on: who is behind it now, as every process knows it."""
        look = sessions.look_again if self.find is sessions.find else self.find
        return await look(connection, datetime.now(UTC))


def _count(connection: HTTPConnection, session: SignedInAs | None, at: datetime) -> None:
    """Programs by their token, people without an account by their address."""
    if session is None:
        address = rates.address_of(connection)
        rates.hit_here(rates.ANONYMOUS_ADDRESS, address, at=at, factor=rates.factor_of(connection))
    elif session.kind == "api":
        rates.hit_here(rates.API_TOKEN, session.csrf_secret.hex(), at=at)
