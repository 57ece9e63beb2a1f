"""JSON lines: when, what, which request, who by number. A processor masks what slipped into a text."""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.edge.address import WITHOUT_ANYBODY
from kernel.observability import requests
from kernel.secrets.masking import mask_text
from kernel.settings import settings

PERSONAL = frozenset({"name", "phone", "caller", "password", "token", "code", "content", "title", "address_text"})
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
log = structlog.get_logger("access")


TALKATIVE = (
    "aiosqlite",
    "asyncpg",
    "httpx",
    "httpcore",
    "python_multipart",
    "redis",
)  # at DEBUG they log what they carry


def set_up() -> None:
    """Everything, also what libraries log, leaves as one JSON line on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        harmless,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings().log_level, force=True)
    for noisy in ("arq", "uvicorn.access", "tortoise", "elastic_transport", "asyncio", *TALKATIVE):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def harmless(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No personal keys, no numbers in texts, no line that forges another."""
    for name in [name for name in event if name in PERSONAL]:
        del event[name]
    for name, value in event.items():
        if isinstance(value, str) and name not in {"at", "exception"}:
            event[name] = mask_text(CONTROL.sub(" ", value)) if len(value) < 20_000 else "…"
    return event


class AccessLog:
    """One line a request: method, path without its query, status, milliseconds."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(WITHOUT_ANYBODY):
            return await self.app(scope, receive, send)
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            seconds, user = time.perf_counter() - began, scope.get("user")
            requests.note(scope, status, seconds)
            log.info(
                "request", method=scope["method"], path=scope["path"][:200], status=status,
                ms=round(seconds * 1000), actor=user.id if user else None,
                request_id=scope.get("state", {}).get("request_id"),
            )  # fmt: skip
