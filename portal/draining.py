"""A web process that is being replaced lets go of its callers politely.

uvicorn closes idle connections the moment it is told to stop: a request already on its way there gets a reset for an
answer. Here such a connection is kept for as long as it would have been kept anyway, and each further answer on it says
that it is the last; what arrives on new connections goes to the processes that stay.

An answer that goes on (a live stream) would keep the process for as long as it may: it ends at once, and whoever
watches comes again."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kernel.streams import answer

LAST = (b"connection", b"close")


class Ending(HttpToolsProtocol):
    """For a single process."""

    def shutdown(self) -> None:
        """The server's word that it ends; called once for each connection."""
        answer.end_all()
        super().shutdown()


class Draining(Ending):
    """For several processes on one port; a single one has nobody to hand its callers to."""

    drained: asyncio.TimerHandle | None = None

    def shutdown(self) -> None:
        """Its own connection is let go of later, unless an answer is under way."""
        answer.end_all()
        if LAST not in self.server_state.default_headers:
            self.server_state.default_headers = [*self.server_state.default_headers, LAST]
        if self.cycle is not None and not self.cycle.response_complete:
            super().shutdown()  # the answer under way is the last one
        else:
            self.drained = self.loop.call_later(self.timeout_keep_alive, super().shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.drained is not None:
            self.drained.cancel()
        super().connection_lost(exc)

    def connection_made(self, transport: Any) -> None:
        """One that was accepted in the very moment of the end is served like the others."""
        super().connection_made(transport)
        if LAST in self.server_state.default_headers:
            self.drained = self.loop.call_later(self.timeout_keep_alive, super().shutdown)
