"""Pages of the time limits: the versions, one of them with its sheet, editing, differences, trials."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.permissions import P
from hotline.policies import actions, cells, forms, jobs, queries, showing
from hotline.policies.models import Replay
from kernel.forms import typed_form
from kernel.pages import act_on, act_once, check_token, needs, render
from kernel.settings import settings


@needs(*queries.READERS)
async def index(request: Request) -> Response:
    shown = await showing.listing(request.user, datetime.now(UTC))
    return render(request, "hotline/policies/index.html", **shown)


@needs(P.POLICY_DRAFT)
async def new(request: Request) -> Response:
    bases, base = await showing.bases(request.user), request.query_params.get("base", "")
    return render(request, "hotline/policies/new.html", bases=bases, base=base if base in dict(bases) else "")


@needs(P.POLICY_DRAFT)
async def draft(request: Request) -> Response:
    """The copy is there at once; what is to be different is written next."""
    facts = await forms.Started.read(request, again=new)
    check_token(request)

    async def effect() -> str:
        at = datetime.now(UTC)
        policy = await actions.draft(facts, region=settings().region_path, by=request.user, at=at)
        return request.url_for("hotline:edit_policy", no=policy.no).path

    return await act_once(request, effect)


@needs(*queries.READERS)
async def show(request: Request) -> Response:
    no, against = request.path_params["no"], request.query_params.get("against", "")
    shown = await showing.whole(request.user, no, against, datetime.now(UTC))
    typed = {"_move": ""} | dict(getattr(request.state, "typed", {}).items())
    return render(request, "hotline/policies/show.html", **shown, typed_moves=typed)


@needs(P.POLICY_DRAFT)
async def edit(request: Request) -> Response:
    policy = await queries.one(request.user, request.path_params["no"])
    usual = cells.typed(policy.document)
    return render(request, "hotline/policies/write.html", policy=policy, sheet=cells.SHEET, usual=usual)


@needs(*queries.READERS)
async def act(request: Request) -> Response:
    policy = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("hotline:policy", no=policy.no).path
    sheet = _sheet if request.path_params["move"] == "edit" else None
    return await act_on(request, policy, actions.VERBS, to=to, again=show, read=sheet)


async def _sheet(request: Request) -> object:
    return forms.written(await typed_form(request, again=edit))


@needs(*queries.READERS)
async def try_out(request: Request) -> Response:
    """A small hall has the answer at once, a large one sees how far it is."""
    policy = await queries.one(request.user, request.path_params["no"])
    facts = await forms.Period.read(request, again=show)
    check_token(request)
    at = datetime.now(UTC)
    asked: list[Replay] = []

    async def effect() -> str:
        asked.append(await actions.ask_trial(policy, facts, by=request.user, at=at))
        return request.url_for("hotline:policy_trial", no=policy.no, number=asked[0].id).path

    response = await act_once(request, effect)
    for replay in asked:
        await jobs.work(replay, worker=f"page:{request.user.id}", at=at)
    return response


@needs(*queries.READERS)
async def trial(request: Request) -> Response:
    policy = await queries.one(request.user, request.path_params["no"])
    replay = await queries.replay(policy, request.path_params["number"])
    shown = await showing.tried(request.user, policy, replay)
    return render(request, "hotline/policies/trial.html", **shown)


routes = [
    Route("/policies", index, name="policies"),
    Route("/policies/new", new, methods=["GET"], name="new_policy"),
    Route("/policies/new", draft, methods=["POST"], name="draft_policy"),
    Route("/policies/{no}", show, methods=["GET"], name="policy"),
    Route("/policies/{no}/edit", edit, methods=["GET"], name="edit_policy"),
    Route("/policies/{no}/trials", try_out, methods=["POST"], name="try_policy"),
    Route("/policies/{no}/trials/{number:int}", trial, methods=["GET"], name="policy_trial"),
    Route("/policies/{no}/{move}", act, methods=["POST"], name="act_policy"),
]
