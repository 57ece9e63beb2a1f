"""OpenAPI 3.1 of every route for programs, drawn from the routes, the forms and the tables of moves themselves."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from kernel import errors, kinds
from kernel.api import Asking
from kernel.edge import origin
from kernel.forms import Form
from kernel.pages import public
from kernel.settings import settings

H = TypeVar("H", bound=Callable[..., Any])
REF = "#/components/schemas/"
VERBS_IN_PATH = "/moves/{move}"
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
TEXT: dict[str, Any] = {"type": "string"}
OBJECT: dict[str, Any] = {"type": "object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a route for programs takes and gives: `query` is name → (schema, sentence)."""

    summary: str
    body: type[Form] | None = None
    content: Mapping[str, Any] = field(default_factory=dict)  # media type → schema, of a body that isn't JSON
    query: Mapping[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=lambda: OBJECT)
    status: int = 200
    refusals: tuple[type[errors.Refusal], ...] = ()
    moves_of: tuple[str, ...] = ()  # kinds whose verbs this route carries


def described(**given: Any) -> Callable[[H], H]:
    """`@described(summary="查看一件工单", …)`; a test holds every route for programs to one."""

    def mark(handler: H) -> H:
        handler.description = Description(**given)  # type: ignore[attr-defined]
        return handler

    return mark


def api_document(routes: Iterable[BaseRoute], base: str = "/api/v1") -> Route:
    routes = tuple(routes)

    @cache
    def drawn() -> dict[str, Any]:
        return whole(routes, base)

    @public
    async def document(request: Request) -> Response:
        return JSONResponse(drawn(), headers={"Cache-Control": "public, max-age=60"})

    document.description = Description(summary="本接口的说明")  # type: ignore[attr-defined]
    return Route("/api/openapi.json", document, name="openapi")


def whole(routes: tuple[BaseRoute, ...], base: str) -> dict[str, Any]:
    """The document: paths, schemas, errors, limits."""
    schemas: dict[str, Any] = {"Error": _error_schema(), "Thing": _thing_schema(), "Entry": _entry_schema()}
    paths: dict[str, dict[str, Any]] = {}
    for route, path in _flat(routes, base):
        told = getattr(route.endpoint, "description", None)
        assert told is not None, f"{path} is not described"
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            for where, operation in _operations(path, method, told, route, schemas):
                paths.setdefault(where, {})[method.lower()] = operation
    limits = settings()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{limits.city_name}{limits.hall_name}",
            "version": "1",
            "description": (
                f"一次请求的内容不超过 {limits.body_bytes_max} 字节；列表每页不超过 {limits.page_items_max} 条；"
                "每个令牌每分钟不超过 600 次请求，超过时返回 429 和 Retry-After。"
                "除登录外的 POST 都接受 Idempotency-Key，24 小时内同一编号得到同一答复。"
            ),
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-sunhall"},
            },
        },
    }


def _flat(routes: Iterable[BaseRoute], base: str) -> Iterable[tuple[Route, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _flat(route.routes, base + route.path)
        elif isinstance(route, Route):
            yield route, base + PARAMETER.sub(r"{\1}", route.path)


def _operations(
    path: str, method: str, told: Description, route: Route, schemas: dict[str, Any]
) -> Iterable[tuple[str, dict[str, Any]]]:
    """One operation; a route that carries verbs becomes one for each verb, with that verb's own facts."""
    if not path.endswith(VERBS_IN_PATH):
        yield path, _operation(path, method, told, route, _body(told.body, schemas))
        return
    for kind in kinds.every():
        if kind.model.kind not in told.moves_of:
            continue
        for name in kind.verbs:
            move = kind.model.moves[name]
            asked = _schema(Asking, schemas) | {}
            body = {"allOf": [asked, {"type": "object", "properties": {"facts": _schema(move.facts, schemas)}}]}
            one = Description(summary=f"{kind.model.label}：{move.label}", refusals=told.refusals, answer=told.answer)
            where = path.replace("{move}", name)
            yield where, _operation(where, method, one, route, body)


def _operation(path: str, method: str, told: Description, route: Route, body: dict[str, Any] | None) -> dict[str, Any]:
    access = getattr(route.endpoint, "access", "public")
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_"),
        "summary": told.summary,
        "parameters": [*_parameters(path, told)],
        "responses": _responses(told, method, body is not None, access != "public"),
        "security": [{"bearer": []}, {"cookie": []}] if access != "public" else [{}, {"bearer": []}, {"cookie": []}],
    }
    if method == "POST" and "session" not in path:
        operation["parameters"].append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": TEXT | {"maxLength": 120},
                "description": "请求编号：同一编号只有一次效果",
            }
        )
    if told.content:
        content = {media: {"schema": schema} for media, schema in told.content.items()}
        operation["requestBody"] = {"required": True, "content": content}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _parameters(path: str, told: Description) -> Iterable[dict[str, Any]]:
    for name in PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": TEXT | {"maxLength": 60}}
    for name, (schema, sentence) in told.query.items():
        yield {"name": name, "in": "query", "required": False, "schema": dict(schema), "description": sentence}
    for name, sentence in told.headers.items():
        yield {"name": name, "in": "header", "required": True, "schema": TEXT, "description": sentence}


def _responses(told: Description, method: str, has_body: bool, signed_in: bool) -> dict[str, Any]:
    """The answer, and every refusal that such a route can give."""
    refusals: list[type[errors.Refusal]] = [errors.Malformed, errors.TooMany, errors.HeadersTooLarge, errors.Degraded]
    refusals += [errors.NotFound, errors.NotAllowed, errors.FormRejected, *told.refusals]
    if signed_in:
        refusals.append(errors.SignedOut)
    if method != "GET" and has_body:
        refusals += [errors.TooLarge, errors.TooSlow, errors.KeyReused]
    if method not in origin.SAFE | origin.WITHOUT_BODY:  # whatever is sent there, also nothing, is said to be JSON
        refusals.append(errors.UnsupportedType)
    found: dict[str, Any] = {}
    for refusal in sorted(refusals, key=lambda one: (one.status, one.code)):
        error = {"application/json": {"schema": {"$ref": f"{REF}Error"}}}
        before = found.get(str(refusal.status), {"description": ""})["description"]
        codes = [code for code in (before, refusal.code) if code]
        found[str(refusal.status)] = {"description": " | ".join(dict.fromkeys(codes)), "content": error}
    answer: dict[str, Any] = {"description": told.summary}
    if told.status != 204:
        answer["content"] = {"application/json": {"schema": dict(told.answer)}}
    return {str(told.status): answer} | found


def _body(form: type[Form] | None, schemas: dict[str, Any]) -> dict[str, Any] | None:
    return _schema(form, schemas) if form else None


def _schema(form: type[Form], schemas: dict[str, Any]) -> dict[str, Any]:
    """The form's JSON Schema under its own name, its inner models beside it."""
    name = form.__name__
    if name not in schemas:
        schema = form.model_json_schema(ref_template=REF + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
    return {"$ref": REF + name}


def thing(**more: Any) -> dict[str, Any]:
    """The schema of a thing with its own further properties."""
    return {"allOf": [{"$ref": f"{REF}Thing"}, {"type": "object", "properties": more}]}


def list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {"items": {"type": "array", "items": dict(item)}, "next": {"type": ["string", "null"]}},
    }


def _error_schema() -> dict[str, Any]:
    fields = {"type": "object", "additionalProperties": TEXT}
    error = {
        "type": "object",
        "required": ["code", "text"],
        "properties": {"code": TEXT, "text": TEXT, "fields": fields},
    }
    return {"type": "object", "required": ["error"], "properties": {"error": error}}


def _thing_schema() -> dict[str, Any]:
    time = {"type": "string", "format": "date-time"}
    remaining = {"type": ["object", "null"], "properties": {"amount": {"type": "integer"}, "unit": TEXT}}
    clock = {"step": TEXT, "due_at": time, "due_on": {"type": "string", "format": "date"}} | {
        "provisional": {"type": "boolean"}, "paused": {"type": "boolean"}, "remaining": remaining,
        "met": {"type": ["boolean", "null"]},
    }  # fmt: skip
    move = {"name": TEXT, "label": TEXT, "facts": OBJECT}
    return {
        "type": "object",
        "required": ["kind", "no", "state", "state_label", "version", "moves", "clocks"],
        "properties": {"kind": TEXT, "no": TEXT, "state": TEXT, "state_label": TEXT, "version": {"type": "integer"}}
        | {"moves": {"type": "array", "items": {"type": "object", "properties": move}}}
        | {"clocks": {"type": "array", "items": {"type": "object", "properties": clock}}},
    }


def _entry_schema() -> dict[str, Any]:
    names = {"at": {"type": "string", "format": "date-time"}, "move": TEXT, "facts": OBJECT}
    whole_numbers = {"seq": {"type": "integer"}, "actor": {"type": "integer"}}
    return {"type": "object", "properties": names | whole_numbers | {"prev_hash": TEXT, "hash": TEXT}}
