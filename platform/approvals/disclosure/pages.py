"""政务公开: for everyone the published documents, for the desk their drafting, publication, change and end."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from approvals.disclosure import actions, queries, showing
from approvals.disclosure.forms import Theme, Written
from approvals.permissions import P
from kernel.pages import act_on, act_once, check_token, needs, public, render
from kernel.settings import settings

THEMES = [(theme.value, theme.label) for theme in Theme]


@public
async def index(request: Request) -> Response:
    """政策文件: the list."""
    shown = await showing.listing(request.query_params)
    return render(request, "approvals/disclosure/index.html", **shown)


@public
async def read(request: Request) -> Response:
    """One document, by the address that everything leads to."""
    shown = await showing.reading(request.path_params["no"])
    return render(request, "approvals/disclosure/read.html", **shown)


@needs(*queries.WRITERS)
async def desk(request: Request) -> Response:
    shown = await showing.desk(request.user, request.query_params)
    return render(request, "approvals/disclosure/desk.html", **shown)


@needs(*queries.WRITERS)
async def show(request: Request) -> Response:
    shown = await showing.whole(request.user, request.path_params["no"], datetime.now(UTC))
    typed = {"_move": ""} | dict(getattr(request.state, "typed", {}).items())
    return render(request, "approvals/disclosure/show.html", **shown, typed_moves=typed)


@needs(P.POLICY_EDIT)
async def new(request: Request) -> Response:
    return render(request, "approvals/disclosure/write.html", policy=None, themes=THEMES)


@needs(P.POLICY_EDIT)
async def draft(request: Request) -> Response:
    facts = await Written.read(request, again=new)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        policy = await actions.draft(facts, region=settings().region_path, by=request.user, at=at, no=no)
        return _url(request, policy.no)

    return await act_once(request, effect)


@needs(P.POLICY_EDIT)
async def edit(request: Request) -> Response:
    policy = await queries.one(request.user, request.path_params["no"])
    return render(request, "approvals/disclosure/write.html", policy=policy, themes=THEMES)


@needs(*queries.WRITERS)
async def act(request: Request) -> Response:
    policy = await queries.one(request.user, request.path_params["no"])
    again = edit if request.path_params["move"] == "edit" else show
    return await act_on(request, policy, actions.VERBS, to=_url(request, policy.no), again=again)


def _url(request: Request, no: str) -> str:
    return request.url_for("disclosure:policy", no=no).path


routes = [
    Route("/policies", index, name="disclosure:policies"),
    Route("/policies/{no}", read, name="disclosure:read"),
    Route("/disclosure", desk, name="disclosure:desk"),
    Route("/disclosure/new", new, methods=["GET"], name="disclosure:new"),
    Route("/disclosure/new", draft, methods=["POST"], name="disclosure:draft"),
    Route("/disclosure/{no}", show, name="disclosure:policy"),
    Route("/disclosure/{no}/edit", edit, methods=["GET"], name="disclosure:edit"),
    Route("/disclosure/{no}/{move}", act, methods=["POST"], name="disclosure:act"),
]
