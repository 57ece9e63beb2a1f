"""Rating for whoever holds the matter: an account, or number and query code."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel import kinds
from kernel.api import answer_once
from kernel.edge import rates
from kernel.openapi import TEXT, described
from kernel.pages import public
from kernel.ratings import actions
from kernel.ratings.forms import LEVELS, Rate

ANSWER = {
    "type": "object", "required": ["no", "subject", "level", "level_label", "state"],
    "properties": {"no": TEXT, "subject": TEXT, "level": {"type": "integer"}, "level_label": TEXT, "state": TEXT},
}  # fmt: skip


class NewRating(Rate):
    code: Annotated[str | None, Field(title="查询码", max_length=40)] = None

    def facts(self) -> Rate:
        return Rate.model_construct(subject=self.subject, level=self.level, tags=self.tags, text=self.text)


@described(
    summary="评价一件已办结的事项", body=NewRating, answer=ANSWER, status=201,
    refusals=(actions.AlreadyRated, actions.NotYet),
)  # fmt: skip
@public
async def create(request: Request) -> Response:
    """A wrong number, a wrong code and somebody else's matter are the same answer."""
    wanted, at = await NewRating.read_json(request), datetime.now(UTC)
    actor = request.user
    if wanted.code:
        await rates.hit(rates.TRACK_NUMBER, wanted.subject.partition(":")[2], at=at)
        await rates.hit(rates.TRACK_ADDRESS, rates.address_of(request), at=at)
        if await kinds.proven(wanted.subject, wanted.code):
            actor = actor.holding(wanted.subject)
    no = await actions.draw_number(at)

    async def effect() -> JSONResponse:
        rating = await actions.rate(wanted.facts(), no=no, by=actor, at=at)
        told = {"no": rating.no, "subject": rating.subject, "level": rating.level, "state": rating.state.value}
        return JSONResponse(told | {"level_label": LEVELS[rating.level]}, status_code=201)

    return await answer_once(request, effect)


routes = [Route("/ratings", create, methods=["POST"])]
