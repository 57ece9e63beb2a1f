"""Where a hall that rests says so; signing in, health and the administrator's own page stay."""

from starlette.types import ASGIApp, Receive, Scope, Send

from kernel.edge.address import WITHOUT_ANYBODY
from kernel.maintenance.actions import Resting
from kernel.maintenance.models import Mode
from kernel.maintenance.queries import standing
from kernel.people.permissions import P

READING = {"GET", "HEAD", "OPTIONS"}
ALWAYS = (*WITHOUT_ANYBODY, "/sign-in", "/sign-out", "/api/v1/session", "/admin/opening")


class Maintenance:
    """Inside of who is asking, outside of everything that works for an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(ALWAYS):
            now = await standing()
            writes = scope["method"] not in READING
            shut = now.mode is Mode.CLOSED and not scope["user"].may_anywhere(P.HALL_CLOSE)
            if shut or (now.mode is not Mode.OPEN and writes):
                raise Resting(now)
            scope["resting"] = now if now.mode is not Mode.OPEN else None  # every page says so
        await self.app(scope, receive, send)
