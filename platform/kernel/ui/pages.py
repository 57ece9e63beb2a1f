"""How the site looks to this reader: theme, contrast, elder mode; kept in a cookie without an id."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.pages import public, render
from kernel.people.pages import safe_path
from kernel.settings import settings

YEAR_S = 365 * 86_400
CHOICES: dict[str, dict[str, str]] = {
    "theme": {"auto": "跟随系统", "light": "浅色", "dark": "深色"},
    "contrast": {"normal": "标准", "high": "高对比度"},
    "mode": {"normal": "标准", "elder": "适老（大字、单列）"},
}


@dataclass(frozen=True, slots=True)
class Look:
    theme: str = "auto"
    contrast: str = "normal"
    mode: str = "normal"

    def changed(self, asked: Mapping[str, str]) -> "Look":
        """Only what is offered; anything else stays as it was."""
        told = {name: asked[name] for name, offered in CHOICES.items() if asked.get(name) in offered}
        return replace(self, **told)

    def text(self) -> str:
        return f"{self.theme}.{self.contrast}.{self.mode}"


def look_of(request: Request) -> Look:
    parts = request.cookies.get(cookie_name(), "").split(".")
    return Look().changed(dict(zip(CHOICES, parts, strict=False)))


def cookie_name() -> str:
    return "look" if settings().insecure_lan else "__Host-look"


async def context(request: Request) -> Mapping[str, Any]:
    return {"look": look_of(request)}


@public
async def look(request: Request) -> Response:
    """With a choice: keep it and go back; without: the page that offers them."""
    chosen = look_of(request).changed(request.query_params)
    back = safe_path(request.query_params.get("back", "/"))
    if not any(name in request.query_params for name in CHOICES):
        return render(request, "kernel/ui/look.html", choices=CHOICES, back=back)
    response = RedirectResponse(back, status_code=303)
    response.set_cookie(
        cookie_name(), chosen.text(), max_age=YEAR_S, path="/", secure=not settings().insecure_lan, samesite="lax"
    )
    return response


@public
async def gallery(request: Request) -> Response:
    """组件图册: every component in its states; the visual and accessibility target of the tests."""
    return render(request, "kernel/ui/gallery.html")


routes = [
    Route("/look", look, methods=["GET"], name="kernel:look"),
    Route("/_gallery", gallery, methods=["GET"], name="kernel:gallery"),
]
