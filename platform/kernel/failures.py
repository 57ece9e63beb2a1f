"""What nobody refused and yet didn't work: an outage of the database told as such, our own mistakes by number."""

import logging
import sqlite3
from collections.abc import Iterator

import asyncpg
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tortoise.exceptions import DBConnectionError

from kernel import tongues
from kernel.errors import Degraded, Failed, Refusal
from kernel.forms import what_was_sent
from kernel.pages import alone, typed_texts

log = logging.getLogger(__name__)
POSTGRES = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, starting up, a statement beyond its time
    asyncpg.InsufficientResourcesError,  # no disk, no memory, no connection left
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
SQLITE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB,
}  # fmt: skip


def is_outage(problem: BaseException) -> bool:
    """Whether trying again later may help. A wrong statement stays wrong: that is our mistake, not an outage."""
    return any(_is_one(cause) for cause in _causes(problem))


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        told = problem.args[0] if problem.args else None  # tortoise hands SQLite's error on as an argument
        problem = problem.__cause__ or (told if isinstance(told, BaseException) else None)


def _is_one(cause: BaseException) -> bool:
    if isinstance(cause, sqlite3.DatabaseError):
        return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in SQLITE
    return isinstance(cause, (DBConnectionError, ConnectionError, TimeoutError, *POSTGRES))


class Failures:
    """Around everything that works for an answer: who asked gets a page that keeps what was typed, we get the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as problem:
            if scope["type"] != "http" or begun:
                raise
            request = Request(scope, receive)
            if isinstance(problem, Refusal) and problem.known:
                answer = await _outage(request, problem)
            elif is_outage(problem):
                log.warning("outage: %s: %s", type(problem).__name__, str(problem)[:200])
                answer = await _outage(request, Degraded(what="数据服务"))
            else:
                log.exception("failure in request %s", request.state.request_id)
                answer = _failure(request)
            await answer(scope, receive, send)


def _failure(request: Request) -> Response:
    """A programmer's mistake: a sentence and the request's id, nothing of the inside; the log has the rest."""
    request_id = request.state.request_id
    if tongues.of_program(request.url.path):
        return tongues.told(Failed(request_id=request_id), request.url.path)
    return alone(request, "kernel/ui/failure.html", 500)


async def _outage(request: Request, refusal: Refusal) -> Response:
    if tongues.of_program(request.url.path):
        return tongues.told(refusal, request.url.path)
    typed = getattr(request.state, "typed", None)
    if typed is None and request.method == "POST":
        typed = await what_was_sent(
            request
        )  # the session could not even be looked up: what was sent is still to be read
    answer = alone(request, "kernel/ui/outage.html", refusal.status, refusal=refusal, kept=typed_texts(typed or {}))
    answer.headers.update(refusal.headers)
    return answer
