"""What the desk's script asks while somebody types."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.desks import elements, finding
from hotline.permissions import P
from hotline.tickets.forms import CONTENT_MAX
from kernel.forms import Form
from kernel.openapi import OBJECT, TEXT, described
from kernel.pages import needs

ANSWER = OBJECT | {"properties": dict.fromkeys(("title", "who", "when", "where", "cause", "demand"), TEXT)}
ITEMS = OBJECT | {
    "required": ["items"],
    "properties": {
        "items": {"type": "array", "items": OBJECT | {"properties": dict.fromkeys(("code", "title", "text"), TEXT)}}
    },
}
ASKED = {"q": (TEXT | {"maxLength": 40}, "拼音首字母、代码或名称的一部分")}
NOT_KEPT = {"Cache-Control": "no-store"}


class Said(Form):
    content: Annotated[str, Field(title="诉求内容", max_length=CONTENT_MAX)] = ""


@described(summary="从诉求内容拆出五要素，没有的为空；不保存", body=Said, answer=ANSWER)
@needs(P.TICKET_REGISTER)
async def split(request: Request) -> Response:
    said = await Said.read_json(request)
    return JSONResponse(asdict(elements.split(said.content)), headers=NOT_KEPT)


@described(summary="按拼音首字母、代码或名称找承办单位", query=ASKED, answer=ITEMS)
@needs(P.TICKET_REGISTER, P.TICKET_DISPATCH, P.ASSIGNMENT_OBJECT, P.ASSIGNMENT_RULE)
async def units(request: Request) -> Response:
    found = await finding.units(request.query_params.get("q", "")[:40])
    return JSONResponse({"items": [asdict(one) for one in found]}, headers=NOT_KEPT)


@described(summary="按拼音首字母找答复的起头句式", query=ASKED, answer=ITEMS)
@needs(P.ASSIGNMENT_REPLY)
async def phrases(request: Request) -> Response:
    found = finding.phrases(request.query_params.get("q", "")[:40])
    return JSONResponse({"items": [asdict(one) for one in found]}, headers=NOT_KEPT)


routes = [
    Route("/elements", split, methods=["POST"]),
    Route("/units", units, methods=["GET"]),
    Route("/phrases", phrases, methods=["GET"]),
]
