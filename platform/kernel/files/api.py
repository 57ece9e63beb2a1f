"""Files for programs: whole as multipart, or in parts that can be taken up again."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel import errors, multipart
from kernel.api import answer_once, local
from kernel.errors import FormRejected, Malformed
from kernel.files import actions, queries
from kernel.files.actions import NotThere, OtherPart, Unfinished
from kernel.files.forms import Begin, of_program
from kernel.files.models import File, Upload
from kernel.files.slots import DOCUMENT, slot_of
from kernel.idempotency import Asked, once
from kernel.openapi import TEXT, described
from kernel.pages import public
from kernel.settings import settings

INTEGER = {"type": "integer", "minimum": 0}
ANSWER = {
    "type": "object", "required": ["file", "sha256", "size"],
    "properties": {"file": TEXT, "sha256": TEXT, "size": INTEGER, "name": TEXT, "type": TEXT, "scanned": TEXT},
}  # fmt: skip
ARRIVED = {"type": "object", "required": ["upload", "received"], "properties": {"upload": TEXT, "received": INTEGER}}
SENT = {
    "multipart/form-data": {
        "type": "object", "required": ["file"],
        "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}, "slot": TEXT},
    }
}  # fmt: skip
PART = {"application/octet-stream": {"type": "string", "contentMediaType": "application/octet-stream"}}


ANYONE = (errors.SignedOut, errors.TooSlow)  # open to who has an account or an open form of ours


@described(
    summary="上传一个文件", content=SENT, status=201, answer=ANSWER,
    refusals=(errors.KeyReused, errors.TooLarge, errors.UnsupportedType, *ANYONE),
)  # fmt: skip
@public
async def send(request: Request) -> Response:
    """One file and, if wanted, the slot it is for; streamed as it comes."""
    if not multipart.is_multipart(request):
        raise Malformed(what="请以 multipart/form-data 上传，文件项名为 file")
    at, wanted = datetime.now(UTC), multipart.Wanted("file", 1, settings().upload_bytes_max)
    sender = of_program(request)
    received = await multipart.read(request, wanted)
    try:
        texts = dict(received.texts)
        slot = slot_of(str(texts.get("slot", DOCUMENT.name))[:40])
        of_program(request, slot)
        if not received.files:
            raise FormRejected({"file": "请选择要上传的文件。"})
        arrived = received.files[0]

        async def effect() -> tuple[int, str]:
            file = await actions.keep(arrived, slot, sender, at=at)
            return 201, bytes(JSONResponse(file_json(file)).body).decode()

        key = request.headers.get("idempotency-key", "")
        body = f"{arrived.sha256}:{slot.name}:{arrived.name}".encode()
        status, text = await once(Asked(request.user.id, "POST /api/v1/files", key, body), effect, at=at)
    finally:
        received.close()
    return Response(text, status_code=status, media_type="application/json")


@described(
    summary="开始分段上传",
    body=Begin,
    status=201,
    answer=ARRIVED,
    refusals=(errors.TooLarge, errors.UnsupportedType, *ANYONE),
)
@public
async def begin(request: Request) -> Response:
    wanted, at = await Begin.read_json(request), datetime.now(UTC)
    slot = slot_of(wanted.slot)
    sender = of_program(request, slot)

    async def effect() -> JSONResponse:
        upload = await actions.begin(
            name=wanted.name, size=wanted.size, sha256=wanted.sha256, slot=slot, sender=sender, at=at
        )
        return JSONResponse(upload_json(upload), status_code=201)

    return await answer_once(request, effect)


@described(summary="已收到多少", answer=ARRIVED, refusals=ANYONE)
@public
async def arrived(request: Request) -> Response:
    upload, _ = await _own(request, datetime.now(UTC))
    return JSONResponse(upload_json(upload))


@described(
    summary="上传一段，不超过 4 MiB", content=PART, query={"offset": (INTEGER, "从第几字节起")}, answer=ARRIVED,
    refusals=(NotThere, OtherPart, errors.TooLarge, *ANYONE),
)  # fmt: skip
@public
async def receive(request: Request) -> Response:
    """The same part twice is one; a part that doesn't follow is told where to go on."""
    upload, _ = await _own(request, datetime.now(UTC))
    offset = request.query_params.get("offset", "")
    if not offset.isdecimal() or len(offset) > 15:
        raise Malformed(what="缺少 offset，即这一段从第几字节起")
    multipart.make_room(request, settings().upload_part_bytes)
    upload.received = await actions.receive(upload, int(offset), await request.body())
    return JSONResponse(upload_json(upload))


@described(summary="分段上传完毕", status=201, answer=ANSWER, refusals=(Unfinished, errors.UnsupportedType, *ANYONE))
@public
async def complete(request: Request) -> Response:
    at = datetime.now(UTC)
    upload, sender = await _own(request, at)
    return JSONResponse(file_json(await actions.complete(upload, sender, at=at)), status_code=201)


async def _own(request: Request, at: datetime) -> tuple[Upload, actions.Sender]:
    sender = of_program(request)
    return await queries.own_upload(str(request.path_params["no"])[:32], request.user, sender.bound, at), sender


def file_json(file: File) -> dict[str, Any]:
    return {
        "file": file.no, "sha256": file.sha256, "size": file.size, "name": file.name, "type": file.type,
        "scanned": file.scanned.value, "uploaded_at": local(file.uploaded_at),
    }  # fmt: skip


def upload_json(upload: Upload) -> dict[str, Any]:
    return {"upload": upload.no, "received": upload.received, "size": upload.size, "until": local(upload.expires_at)}


routes = [
    Route("/files", send, methods=["POST"]),
    Route("/files/uploads", begin, methods=["POST"]),
    Route("/files/uploads/{no}", arrived, methods=["GET"]),
    Route("/files/uploads/{no}", receive, methods=["PUT"]),
    Route("/files/uploads/{no}/complete", complete, methods=["POST"]),
]
