"""保存的检索: list, open, name, remove; everything a plain form."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.pages import act_once, check_token, posted, render, see_other, signed_in
from search import regions
from search.engine import Sort
from search.forms import ask
from search.saving import actions, queries
from search.saving.forms import Rename, Save
from search.trimming import searchables


@signed_in
async def index(request: Request) -> Response:
    kinds = {kind: searchable.label for kind, searchable in searchables().items()}
    typed = {"_saved": ""} | dict(getattr(request.state, "typed", {}).items())
    rows = await queries.listed(request.user)
    named = {row.region: await regions.name_of(row.region) or "所选地区" for row in rows if row.region}
    return render(
        request, "search/saving/index.html", rows=rows, most=actions.SAVED_MAX, kinds=kinds, regions=named,
        typed_saved=typed,
    )  # fmt: skip


@signed_in
async def save(request: Request) -> Response:
    """From the search page; counted against the same rate, since it asks the index, too."""
    facts = await Save.read(request, again=index)
    check_token(request)
    await ask(request, lenient=True)

    async def effect() -> str:
        await actions.save(facts, by=request.user, at=datetime.now(UTC))
        return request.url_for("search:saved").path

    return await act_once(request, effect)


@signed_in
async def go(request: Request) -> Response:
    """The search itself, newest first: that is where a message about it leads."""
    saved = await queries.one(request.user, request.path_params["id"])
    asked = {"q": saved.q, "kind": saved.kind, "agency": saved.agency, "region": saved.region}
    told = urlencode({name: value for name, value in asked.items() if value} | {"sort": Sort.NEWEST.value})
    return RedirectResponse(f"/search?{told}", status_code=303)


@signed_in
async def rename(request: Request) -> Response:
    saved = await queries.one(request.user, request.path_params["id"])
    facts = await Rename.read(request, again=index)
    check_token(request)
    await actions.rename(saved, facts, by=request.user)
    return see_other(request, "search:saved")


@signed_in
async def remove(request: Request) -> Response:
    await posted(request)
    saved = await queries.one(request.user, request.path_params["id"])
    await actions.remove(saved, by=request.user)
    return see_other(request, "search:saved")


routes = [
    Route("/me/searches", index, methods=["GET"], name="search:saved"),
    Route("/me/searches", save, methods=["POST"], name="search:save"),
    Route("/me/searches/{id:int}", go, methods=["GET"], name="search:go"),
    Route("/me/searches/{id:int}/rename", rename, methods=["POST"], name="search:rename"),
    Route("/me/searches/{id:int}/remove", remove, methods=["POST"], name="search:remove"),
]
