"""Where an unsafe request comes from: a browser's must come from our own pages, a program's must be JSON."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kernel.edge.refusing import refuse
from kernel.errors import ForeignForm, Refusal, UnsupportedType
from kernel.settings import settings

SAFE = {"GET", "HEAD", "OPTIONS"}
WITHOUT_BODY = {"DELETE"}
SIGNED_FORMS, FORM_TYPE = "/api/v1/cti", "application/x-www-form-urlencoded"  # an exchange signs what it sends
FILES, FILE_TYPES = "/api/v1/files", {"multipart/form-data", "application/octet-stream"}


class OwnOrigin:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unsafe = scope["type"] == "http" and scope["method"] not in SAFE
        if unsafe and (refusal := _refusal(scope, Headers(scope=scope))):
            return await refuse(refusal, scope, receive, send)
        return await self.app(scope, receive, send)


def _refusal(scope: Scope, headers: Headers) -> Refusal | None:
    if scope["path"].startswith("/api/") and scope["method"] not in WITHOUT_BODY:
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        files = scope["path"].startswith(FILES) and media in FILE_TYPES
        signed = scope["path"] == SIGNED_FORMS and media == FORM_TYPE
        if media != "application/json" and not files and not signed:
            return UnsupportedType(what="请以 application/json 提交")
    bearer = headers.get("authorization", "").lower().startswith("bearer ")
    if not bearer and not _from_here(headers):
        return ForeignForm(permission="")
    return None


def _from_here(headers: Headers) -> bool:
    """`Origin` decides; `Sec-Fetch-Site` only helps, because plain http doesn't send it. Neither: not a browser."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    wanted = {urlsplit(settings().public_url).netloc, headers.get("host", "")} - {""}
    return urlsplit(origin).netloc in wanted
