"""The desk of ratings: who must be called back and until when, and the numbers that may be told."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import kinds, lifecycle
from kernel.pages import act_once, check_token, needs, render, way
from kernel.ratings import actions, queries
from kernel.ratings.forms import LEVELS, FollowUp, Tag
from kernel.ratings.permissions import P


@needs(P.RATING_READ)
async def index(request: Request) -> Response:
    at, actor, rows = datetime.now(UTC), request.user, []
    for rating in await queries.waiting(actor):
        kind, no = kinds.kind_of(rating.subject)
        thing = await kind.load(no)
        offers = {move.name for move in await lifecycle.allowed_moves(rating, actor, at)}
        rows.append((rating, kind.title(thing), kind.url(thing), await queries.text(rating), offers))
    return render(
        request, "kernel/ratings/index.html", rows=rows, levels=LEVELS, at=at,
        tags={tag.value: tag.label for tag in Tag}, told=await queries.statistics_for(actor),
    )  # fmt: skip


@needs(P.RATING_FOLLOW_UP)
async def follow_up(request: Request) -> Response:
    rating = await queries.one(request.user, request.path_params["no"])
    facts = await FollowUp.read(request, again=index)
    check_token(request)

    async def effect() -> str:
        await actions.follow_up(rating, facts, **way(request))
        return "/ratings"

    return await act_once(request, effect)


routes = [
    Route("/ratings", index, methods=["GET"], name="kernel:ratings"),
    Route("/ratings/{no}/follow_up", follow_up, methods=["POST"], name="kernel:rating_follow_up"),
]
