"""One answer in the two spellings of GeoReport: JSON and XML, both UTF-8."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from starlette.responses import JSONResponse, Response

from kernel.errors import FormRejected, NotFound, Refusal

FORMATS = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ITEM_OF = {  # the name of a list's elements in XML
    "services": "service", "service_requests": "request", "service_request_updates": "request_update",
    "errors": "error", "attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format",
}  # fmt: skip
OURS = {  # a field of ours by the name that the client gave it
    "content": "description", "caller_phone": "phone", "caller_name": "last_name", "lon": "long",
    "address": "address_string", "category": "service_code", "text": "description",
}  # fmt: skip


def written(root: str, told: Sequence[Any] | Mapping[str, Any], form: str, status: int = 200) -> Response:
    """`root` is the outermost element of the XML; JSON has no name for it."""
    if form == "xml":
        text = f'<?xml version="1.0" encoding="utf-8"?>\n{element(root, told)}\n'
        return Response(text, status_code=status, headers={"Content-Type": FORMATS["xml"]})
    return JSONResponse(told, status_code=status, headers={"Content-Type": FORMATS["json"]})


def element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(element(key, one) for key, one in value.items())
    elif isinstance(value, list | tuple):
        inner = "".join(element(ITEM_OF[name], one) for one in value)
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = escape(NOT_XML.sub("\ufffd", str(value)), quote=False)
    return f"<{name}>{inner}</{name}>"


def refused(refusal: Refusal, form: str) -> Response:
    """The specification's list of errors: 400 for what is malformed, 403 for a key, 404 for what isn't there."""
    status = 400 if isinstance(refusal, FormRejected) else refusal.status
    if isinstance(refusal, FormRejected):
        said = [f"{OURS.get(field, field)}：{text}" if field else text for field, text in refusal.fields.items()]
    else:
        said = [str(refusal)]
    errors = [{"code": status, "description": one} for one in said]
    answer = written("errors", errors, form if form in FORMATS else "json", status)
    answer.headers.update(refusal.headers)
    return answer


def told(refusal: Refusal, path: str) -> Response:
    """Whatever refuses before or around a handler, in the format that the address asks for."""
    return refused(refusal, path.rpartition(".")[2])


def known_format(form: str) -> str:
    if form not in FORMATS:
        raise NotFound(what="这种格式，请用 .json 或 .xml")
    return form
