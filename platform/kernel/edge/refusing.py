"""How the edge says no before there is a page: the envelope for programs, one plain sentence for people."""

import html

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from kernel.errors import Refusal
from kernel.settings import settings

PAGE = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>'
    '<main><h1>{title}</h1><p><a href="/">回到首页</a>，或拨打 {phone}。</p></main></html>'
)


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    headers = dict(refusal.headers)
    if scope["path"].startswith("/api/"):
        answer: Response = JSONResponse(refusal.envelope(), status_code=refusal.status, headers=headers)
    else:
        page = PAGE.format(title=html.escape(str(refusal)), phone=html.escape(settings().hotline_phone))
        answer = HTMLResponse(page, status_code=refusal.status, headers=headers)
    await answer(scope, receive, send)
