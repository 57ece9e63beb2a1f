"""检索词典: what the hall calls otherwise; written down here, tried on a question, published by a second person."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.errors import FormRejected
from kernel.forms import typed_form
from kernel.pages import act_on, act_once, check_token, needs, render
from search.permissions import P
from search.vocabulary import actions, queries, showing
from search.vocabulary.forms import Lines, Written


@needs(*queries.READERS)
async def index(request: Request) -> Response:
    shown = await showing.whole(request.user)
    return render(request, "search/vocabulary/index.html", **shown)


@needs(P.VOCABULARY_DRAFT)
async def new(request: Request) -> Response:
    return render(request, "search/vocabulary/new.html", lines=await queries.lines_in_force(), tried=None)


@needs(P.VOCABULARY_DRAFT)
async def propose(request: Request) -> Response:
    """Or only tries it out (`_do=try`): then the page is shown again with what a question becomes."""
    sent = await typed_form(request, again=new)
    if sent.get("_do") == "try":
        form = await Lines.read(request, again=new)
        check_token(request)
        if not str(sent.get("_q", "")).strip():
            raise FormRejected({"try-q": "请写一句问话，用来试查。"})
        tried = await showing.tried(request.user, form.lines, str(sent.get("_q", "")))
        return render(request, "search/vocabulary/new.html", lines="", tried=tried)
    form = await Written.read(request, again=new)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        edition = await actions.propose(form, no=no, by=request.user, at=at)
        return request.url_for("search:vocabulary_edition", no=edition.no).path

    return await act_once(request, effect)


@needs(*queries.READERS)
async def show(request: Request) -> Response:
    q = request.query_params.get("q", "")
    shown = await showing.edition(request.user, request.path_params["no"], datetime.now(UTC), q)
    return render(request, "search/vocabulary/show.html", **shown)


@needs(*queries.READERS)
async def act(request: Request) -> Response:
    edition = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("search:vocabulary_edition", no=edition.no).path
    return await act_on(request, edition, actions.VERBS, to=to, again=show)


routes = [
    Route("/admin/vocabulary", index, methods=["GET"], name="search:vocabulary"),
    Route("/admin/vocabulary/new", new, methods=["GET"], name="search:vocabulary_new"),
    Route("/admin/vocabulary/new", propose, methods=["POST"], name="search:vocabulary_propose"),
    Route("/admin/vocabulary/{no}", show, methods=["GET"], name="search:vocabulary_edition"),
    Route("/admin/vocabulary/{no}/{move}", act, methods=["POST"], name="search:vocabulary_act"),
]
