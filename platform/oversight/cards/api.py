"""Cards for programs."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kernel import errors
from kernel.api import act_on, choice, journal_json, limit_of, listing, local, number_in_path, thing_json
from kernel.clocks import queries as clocks
from kernel.errors import FormRejected
from kernel.openapi import TEXT, described, list_of, thing
from kernel.pages import needs
from kernel.permissions import Actor
from oversight.cards import actions, queries
from oversight.cards.models import Card
from oversight.cards.states import CardState
from oversight.ladder.models import Level
from oversight.permissions import P

STATES = {state.value: state.value for state in CardState}
LEVELS = {level.value: level.value for level in Level}
MAYBE = {"type": ["string", "null"]}
ROW = {
    "type": "object",
    "required": ["kind", "no", "state", "state_label", "version", "level", "about"],
    "properties": {"kind": TEXT, "no": TEXT, "state": TEXT, "state_label": TEXT, "version": {"type": "integer"}}
    | {"level": TEXT, "rule": TEXT, "about": TEXT, "step": TEXT, "doc_no": TEXT, "made_at": TEXT, "due_at": MAYBE},
}


@described(
    summary="监督卡列表",
    query={
        "state": ({"enum": [*STATES]}, "状态"), "level": ({"enum": [*LEVELS]}, "种类"),
        "limit": ({"type": "integer", "minimum": 1, "maximum": 100}, "每页条数"), "cursor": (TEXT, "上一页的 next"),
    },
    answer=list_of(ROW),
)  # fmt: skip
@needs(P.CARD_READ, P.CARD_READ_OWN)
async def index(request: Request) -> Response:
    state, level = choice(request, "state", STATES) or "", choice(request, "level", LEVELS) or ""
    cursor = request.query_params.get("cursor", "")
    if cursor and (not cursor.isdecimal() or len(cursor) > 18):
        raise FormRejected({"cursor": "续页标记不正确，请从第一页重新读取。"})
    after = int(cursor) if cursor else None
    rows, following = await queries.page(request.user, state=state, level=level, after=after, limit=limit_of(request))
    return JSONResponse(listing([row_json(card) for card in rows], str(following) if following else None))


@described(summary="查看一张监督卡", answer=thing())
@needs(P.CARD_READ, P.CARD_READ_OWN)
async def show(request: Request) -> Response:
    card = await queries.one(request.user, number_in_path(request))
    return JSONResponse(await card_json(request.user, card, datetime.now(UTC)))


@described(summary="监督卡自己的日志链", answer={"type": "array", "items": {"$ref": "#/components/schemas/Entry"}})
@needs(P.CARD_READ, P.CARD_READ_OWN)
async def journal(request: Request) -> Response:
    return JSONResponse(await journal_json(await queries.one(request.user, number_in_path(request))))


@described(
    summary="监督卡办理一步", answer=thing(), moves_of=("card",),
    refusals=(errors.WrongState, errors.StaleVersion, errors.KeyReused),
)  # fmt: skip
@needs(P.CARD_READ, P.CARD_READ_OWN)
async def act(request: Request) -> Response:
    actor, at = request.user, datetime.now(UTC)
    card = await queries.one(actor, number_in_path(request))

    async def shown() -> dict[str, object]:
        return await card_json(actor, await queries.one(actor, card.no), at)

    return await act_on(request, card, actions.CARD_VERBS, shown, at=at)


def row_json(card: Card) -> dict[str, object]:
    return {
        "kind": card.kind, "no": card.no, "state": card.state.value, "state_label": card.state.label,
        "version": card.version, "level": card.level, "rule": f"{card.rule}-v{card.rule_version}",
        "about": card.about, "step": card.step, "doc_no": card.doc_no, "made_at": local(card.made_at),
        "due_at": local(card.due_at) if card.due_at else None,
    }  # fmt: skip


async def card_json(actor: Actor, card: Card, at: datetime) -> dict[str, object]:
    return row_json(card) | await thing_json(card, actor, at, await clocks.of([card.ref]))


routes = [
    Route("/oversight/cards", index),
    Route("/oversight/cards/{no}", show),
    Route("/oversight/cards/{no}/journal", journal),
    Route("/oversight/cards/{no}/moves/{move}", act, methods=["POST"]),
]
