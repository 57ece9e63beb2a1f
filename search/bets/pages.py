"""置顶与不显示: the list that every hand on the answers stands in, with who, why and until when."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.pages import act_on, act_once, check_token, needs, render
from search.bets import actions, queries, showing
from search.bets.forms import PLACES_MAX, Effect, Match, Placed
from search.permissions import P


@needs(*queries.READERS)
async def index(request: Request) -> Response:
    shown = await showing.whole(request.user, datetime.now(UTC))
    return render(request, "search/bets/index.html", **shown)


@needs(P.BET_DRAFT)
async def new(request: Request) -> Response:
    given = {name: request.query_params.get(name, "")[:100] for name in ("q", "document")}
    matches, effects = [[(one.value, one.label) for one in labels] for labels in (Match, Effect)]
    return render(request, "search/bets/new.html", given=given, matches=matches, effects=effects, places=PLACES_MAX)


@needs(P.BET_DRAFT)
async def propose(request: Request) -> Response:
    form = await Placed.read(request, again=new)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        bet = await actions.propose(form, no=no, by=request.user, at=at)
        return request.url_for("search:bet", no=bet.no).path

    return await act_once(request, effect)


@needs(*queries.READERS)
async def show(request: Request) -> Response:
    shown = await showing.bet(request.user, request.path_params["no"], datetime.now(UTC))
    return render(request, "search/bets/show.html", **shown)


@needs(*queries.READERS)
async def act(request: Request) -> Response:
    bet = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("search:bet", no=bet.no).path
    return await act_on(request, bet, actions.VERBS, to=to, again=show)


routes = [
    Route("/admin/bets", index, methods=["GET"], name="search:bets"),
    Route("/admin/bets/new", new, methods=["GET"], name="search:bet_new"),
    Route("/admin/bets/new", propose, methods=["POST"], name="search:bet_propose"),
    Route("/admin/bets/{no}", show, methods=["GET"], name="search:bet"),
    Route("/admin/bets/{no}/{move}", act, methods=["POST"], name="search:bet_act"),
]
