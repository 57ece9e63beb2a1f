"""How the site looks to this reader: theme, contrast, elder mode, script; kept in a cookie without an id, and for who
is signed in with the account, so that it follows them to another device."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.pages import is_public, posted, public, render
from kernel.people import actions
from kernel.people.pages import safe_path
from kernel.settings import settings
from kernel.ui import gallery

YEAR_S = 365 * 86_400
CHOICES: dict[str, dict[str, str]] = {
    "theme": {"auto": "跟随系统", "light": "浅色", "dark": "深色"},
    "contrast": {"normal": "标准", "high": "高对比度"},
    "mode": {"normal": "标准", "elder": "适老（大字、单列）"},
    "script": {"hans": "简体", "hant": "繁體（只用于公开页面）"},
}


@dataclass(frozen=True, slots=True)
class Look:
    theme: str = "auto"
    contrast: str = "normal"
    mode: str = "normal"
    script: str = "hans"

    def changed(self, asked: Mapping[str, Any]) -> "Look":
        """Only what is offered; anything else stays as it was."""
        told = {name: str(asked[name]) for name, offered in CHOICES.items() if asked.get(name) in offered}
        return replace(self, **told)

    def text(self) -> str:
        return f"{self.theme}.{self.contrast}.{self.mode}.{self.script}"


def look_of(request: Request) -> Look:
    """The account's, else this device's."""
    session = request.scope.get("session")
    kept = (session.look if session else "") or request.cookies.get(cookie_name(), "")
    return Look().changed(dict(zip(CHOICES, kept.split("."), strict=False)))


def cookie_name() -> str:
    return "look" if settings().insecure_lan else "__Host-look"


async def context(request: Request) -> Mapping[str, Any]:
    look = look_of(request)
    return {"look": look, "here": _here(request), "traditional": look.script == "hant" and is_public(request)}


@public
async def show_look(request: Request) -> Response:
    """显示设置: every choice on one page."""
    back = safe_path(request.query_params.get("back", "/"))
    return render(request, "kernel/ui/look.html", choices=CHOICES, back=back)


@public
async def change_look(request: Request) -> Response:
    """A choice is kept, and one is back where one was; works without script."""
    typed = await posted(request)
    chosen = look_of(request).changed(typed)
    if not request.user.anonymous:
        await actions.keep_look(chosen.text(), by=request.user)
    response = RedirectResponse(safe_path(str(typed.get("back", "/"))), status_code=303)
    response.set_cookie(
        cookie_name(), chosen.text(), max_age=YEAR_S, path="/", secure=not settings().insecure_lan, samesite="lax"
    )
    return response


def _here(request: Request) -> str:
    """Where a switch leads back to; the answer to a form is no page that could be asked for again."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


routes = [
    Route("/look", show_look, methods=["GET"], name="kernel:look"),
    Route("/look", change_look, methods=["POST"], name="kernel:change_look"),
    Route("/_gallery", gallery.show, methods=["GET"], name="kernel:gallery"),
]
