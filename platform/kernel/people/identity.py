"""The pages around the city's identity provider: to it, back from it, linking and unlinking."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.errors import SignedOut
from kernel.pages import must_be_fresh, posted, public, see_other, signed_in
from kernel.people import provider, sessions
from kernel.people.pages import arrive, come_from, safe_path
from kernel.settings import settings

BACK = "/sign-in/provider/back"


@public
async def to_provider(request: Request) -> Response:
    return await _begin(request, safe_path(request.query_params.get("next", "/")), None)


@signed_in
async def link(request: Request) -> Response:
    """Whose account it is has just been proven."""
    must_be_fresh(request)
    return await _begin(request, "/me/sessions", request.user.id)


@public
async def back(request: Request) -> Response:
    at, given = datetime.now(UTC), request.query_params
    claims, asked = await provider.claims_of(
        given.get("code", "")[:2000], given.get("state", "")[:200], request.cookies.get(_cookie(), "")[:200],
        back=_back(request), at=at,
    )  # fmt: skip
    if asked.account_id is not None:
        if request.user.id != asked.account_id:
            raise SignedOut
        must_be_fresh(request)
        await provider.link(request.user, claims, at=at)
        return see_other(request, "kernel:sessions")
    token, account = await provider.sign_in(claims, come=come_from(request, "web"), at=at)
    if request.scope["session"] is not None:
        await sessions.end(request.scope["session"].id, at=at)
    request.state.typed = {}
    response = await arrive(request, token, account, asked.next, at)
    response.delete_cookie(_cookie(), path="/", secure=sessions.secure(), httponly=True)
    return response


@signed_in
async def unlink(request: Request) -> Response:
    await posted(request)
    must_be_fresh(request)
    await provider.unlink(request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:sessions")


async def _begin(request: Request, wanted: str, account_id: int | None) -> Response:
    url, state = await provider.begin(_back(request), wanted=wanted, account_id=account_id, at=datetime.now(UTC))
    response = RedirectResponse(url, status_code=303)
    response.set_cookie(
        _cookie(), state, path="/", secure=sessions.secure(), httponly=True, samesite="lax",
        max_age=int(provider.ASK_LIFE.total_seconds()),
    )  # fmt: skip
    return response


def _back(request: Request) -> str:
    return (settings().public_url or str(request.base_url)).rstrip("/") + BACK


def _cookie() -> str:
    return "__Host-asked" if sessions.secure() else "asked"


routes = [
    Route("/sign-in/provider", to_provider, methods=["GET"], name="kernel:provider"),
    Route(BACK, back, methods=["GET"], name="kernel:provider_back"),
    Route("/me/identity/link", link, methods=["GET"], name="kernel:identity_link"),
    Route("/me/identity/unlink", unlink, methods=["POST"], name="kernel:identity_unlink"),
]
