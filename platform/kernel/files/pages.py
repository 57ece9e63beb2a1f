"""A file as it leaves the hall: to be saved, or shown if it is a picture; never run, whatever is in it."""

import hmac
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kernel import secrets
from kernel.errors import NotFound
from kernel.files import queries, store
from kernel.files.models import File
from kernel.files.recognise import INLINE, PICTURES, TYPES
from kernel.pages import public
from kernel.people.permissions import P

CSP = "default-src 'none'; sandbox; frame-ancestors 'none'"
LINK_LIFE = timedelta(minutes=5)
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@public
async def download(request: Request) -> Response:
    """Checked anew at each reading, or by a link that a page has just signed for this session."""
    no = str(request.path_params["no"])[:32]
    file = await (queries.signed(no, request.user) if _is_signed(request, no) else queries.one(request.user, no))
    if file is None:
        raise NotFound(what="这个文件")
    sha256, size = _what(request, file)
    headers = _headers(file)
    span = _span(request.headers.get("range", ""), size)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = span
    if (start, end) != (0, size):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status, headers["Content-Length"] = (206 if "Content-Range" in headers else 200), str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(await _begun(store.opened(sha256, start, end)), status_code=status, headers=headers)


def _what(request: Request, file: File) -> tuple[str, int]:
    """The bytes for this reader: a picture as it was made anew, without the place where it was taken; as it was sent
    only for its sender, and as evidence (`?original=1`) for who may. Raises NotFound until it has been made."""
    if file.type not in PICTURES or (not request.user.anonymous and file.uploader_id == request.user.id):
        return file.sha256, file.size
    if request.query_params.get("original") == "1" and request.user.may_anywhere(P.FILE_ORIGINAL):
        return file.sha256, file.size
    if not file.shown_sha256:
        raise NotFound(what="可以公开的图片（正在处理，或它已损坏）")
    return file.shown_sha256, file.shown_size


def link(request: Request, file: File, at: datetime) -> str:
    """For who has no account: the page that they opened with number and query code signs it, for five minutes."""
    path = request.url_for("kernel:file", no=file.no).path
    return path if not request.user.anonymous else signed_link(request, file, at)


def signed_link(request: Request, file: File, at: datetime) -> str:
    """For pictures in a page whose reader has just been found allowed."""
    until = int((at + LINK_LIFE).timestamp())
    path = request.url_for("kernel:file", no=file.no).path
    return f"{path}?until={until}&sig={_signature(request, file.no, until)}"


def links(request: Request, files: Iterable[File], at: datetime) -> list[tuple[File, str, str]]:
    """For the template: each file with the address to save it and, of a picture, the one to show it."""
    shown = [(file, link(request, file, at), signed_link(request, file, at)) for file in files]
    return [(file, save, show if file.type in INLINE and _made(request, file) else "") for file, save, show in shown]


def _made(request: Request, file: File) -> bool:
    """Whether there is a picture for this reader: for its sender at once, for others a moment later."""
    return bool(file.shown_sha256) or (not request.user.anonymous and file.uploader_id == request.user.id)


def disposition(file: File) -> str:
    """RFC 6266: the name in ASCII for old programs, whole in UTF-8; neither quote nor line break can end it."""
    ascii_name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in " ._-") else "_" for sign in file.name)
    how = "inline" if file.type in INLINE else "attachment"
    return f"{how}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(file.name, safe='')}"


def _headers(file: File) -> dict[str, str]:
    return {
        "Content-Type": TYPES[file.type], "Content-Disposition": disposition(file), "Content-Security-Policy": CSP,
        "Accept-Ranges": "bytes",
    }  # fmt: skip


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """One range within the file; several, or nonsense, is the whole. None: it begins behind the end."""
    found = RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size
    start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else None


def _is_signed(request: Request, no: str) -> bool:
    until, sig = request.query_params.get("until", ""), request.query_params.get("sig", "")
    if not until.isdecimal() or len(until) > 12 or not sig.isascii():
        return False
    now = datetime.now(UTC).timestamp()
    if not now <= int(until) <= now + LINK_LIFE.total_seconds():
        return False
    return hmac.compare_digest(sig, _signature(request, no, int(until)))


def _signature(request: Request, no: str, until: int) -> str:
    session = request.scope["session"]
    whose = session.csrf_secret.hex() if session else "anonymous"
    return secrets.blind_index("file_link", f"{no}:{until}:{whose}").hex()[:32]


async def _begun(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """With the first piece at hand: what is missing or has rotted is said before anything is sent."""
    first = await anext(source, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in source:
            yield piece

    return whole()


routes = [Route("/files/{no}", download, name="kernel:file")]
