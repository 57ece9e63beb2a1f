"""How the edge says no before anybody knows who asks: the envelope for programs, a page of its own for people."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kernel import tongues
from kernel.errors import Refusal
from kernel.pages import alone


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if tongues.of_program(scope["path"]):
        answer: Response = tongues.told(refusal, scope["path"])
    else:
        answer = alone(
            Request(scope),
            "kernel/ui/refused.html",
            refusal.status,
            refusal=refusal,
            opens=refusal.opens_at(datetime.now(UTC)),
        )
    answer.headers.update(refusal.headers)
    await answer(scope, receive, send)
