"""Own styles and scripts (静态资源): one file each, named by its content, so a browser may keep it for ever."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.errors import NotFound
from kernel.pages import public

FOR_EVER = "public, max-age=31536000, immutable"
MADE_OF = {
    "hall.css": ("tokens.css", "base.css", "components.css", "product.css"),
    "hall.js": ("hall.js",),
    "desk.js": ("desk.js",),
    "mark.svg": ("mark.svg",),
}
UNSAID = re.compile(rb"^[ \t]+|^/\*.*?\*/\n", re.MULTILINE | re.DOTALL)  # comments and indents of a script aren't sent
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    name: str  # hall.3f2a91c04b7d.css
    body: bytes
    packed: bytes
    media_type: str


def asset(name: str) -> str:
    """The address of `hall.css` as it is today."""
    return f"/static/{_made(name).name}"


@cache
def _made(name: str) -> Asset:
    folder = files("kernel.ui") / "static"
    stem, _, ending = name.rpartition(".")
    body = b"\n".join((folder / part).read_bytes() for part in MADE_OF[name])
    body = UNSAID.sub(b"", body) if ending == "js" else body
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"{stem}.{digest}.{ending}", body, gzip.compress(body, 9, mtime=0), TYPES[ending])


@cache
def _by_name() -> dict[str, Asset]:
    return {made.name: made for made in map(_made, MADE_OF)}


@public
async def serve(request: Request) -> Response:
    found = _by_name().get(request.path_params["name"])
    if found is None:
        raise NotFound(what="该文件")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=headers)


routes = [Route("/static/{name}", serve, name="kernel:static")]
