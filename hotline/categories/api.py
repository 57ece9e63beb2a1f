"""The tree for programs."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline.categories import queries
from kernel.openapi import TEXT, described, list_of
from kernel.pages import public

NODE = {"type": "object", "properties": {"code": TEXT, "name": TEXT, "path": TEXT, "level": {"type": "integer"}}}


@described(summary="诉求分类表", answer=list_of(NODE))
@public
async def index(request: Request) -> Response:
    items = [
        {"code": one.code, "name": one.name, "path": one.path_name, "level": one.level, "active": one.active}
        for one in await queries.tree()
    ]
    return JSONResponse({"items": items, "next": None})


routes = [Route("/categories", index)]
