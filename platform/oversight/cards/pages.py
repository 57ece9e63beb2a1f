"""监督: the list of cards, one card, the rules."""

from datetime import UTC, date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.calendar import current
from kernel.citytime import midnight
from kernel.clocks import queries as clocks
from kernel.clocks.words import remaining
from kernel.errors import NotFound
from kernel.lifecycle import asked_moves
from kernel.notices import rendering
from kernel.pages import act_on, needs, render
from kernel.people import queries as people
from oversight.cards import actions, queries
from oversight.cards.models import Card
from oversight.cards.states import CardState
from oversight.ladder import queries as ladder
from oversight.ladder import words
from oversight.ladder.models import Level
from oversight.permissions import P

LABELS = {"explanation": "情况说明", "measures": "整改措施", "grounds": "申诉理由", "reason": "理由", "doc_no": "文号"}


@needs(P.CARD_READ, P.CARD_READ_OWN)
async def index(request: Request) -> Response:
    params, actor = request.query_params, request.user
    state = params.get("state", "") if params.get("state") in {*CardState} else ""
    level = params.get("level", "") if params.get("level") in {*Level} else ""
    last = params.get("after", "")
    after = int(last) if last.isdecimal() and len(last) < 19 else None
    days = _days(params.get("from", ""), params.get("to", ""))
    since, until = (midnight(days[0]), midnight(days[1] + timedelta(days=1))) if days else (None, None)
    rows, following = await queries.page(actor, state=state, level=level, since=since, until=until, after=after)
    kept = {"state": state, "level": level} | ({"from": f"{days[0]}", "to": f"{days[1]}"} if days else {})
    return render(
        request, "oversight/cards/index.html", rows=rows, following=following, days=days, kept=kept,
        states=CardState, levels=Level, titles=await queries.titled(rows, actor), step=words.said_step,
        units=await queries.names({card.org_path for card in rows}),
    )  # fmt: skip


@needs(P.CARD_READ, P.CARD_READ_OWN)
async def show(request: Request) -> Response:
    at, actor = datetime.now(UTC), request.user
    card = await queries.one(actor, request.path_params["no"])
    offers = [(move, refusal) for move, refusal in await asked_moves(card, actor, at) if move.name != "number"]
    story, calendar = await queries.story(card), await current()
    running = [clock for clock in await clocks.of([card.ref]) if clock.running]
    typed = getattr(request.state, "typed", None) or {}
    return render(
        request, "oversight/cards/show.html", card=card, offers=offers, sent=str(typed.get("_move", "")),
        rule=await ladder.version_of(card.rule, card.rule_version), labels=LABELS, step=words.said_step,
        about=(await queries.titled([card], actor)).get(card.about), moves=Card.moves, story=story,
        unit=(await queries.names({card.org_path}))[card.org_path],
        names=await people.names({entry.actor_id for entry, _ in story}),
        clocks=[(words.said_step(clock.step), clock, remaining(clock, calendar, at)) for clock in running],
        paper=await queries.document(card), press=await queries.document_to_press(card, actor),
    )  # fmt: skip


@needs(P.CARD_READ, P.CARD_READ_OWN)
async def document(request: Request) -> Response:
    """催办通知书 as the unit gets it: the paper, sealed or not yet, on the screen or as PDF."""
    card = await queries.one(request.user, request.path_params["no"])
    paper = await queries.document(card)
    if paper is None:
        raise NotFound(what="这张卡的文书")
    printed = await rendering.printed(paper)
    if request.url.path.endswith(".pdf"):
        name = f'inline; filename="{card.no}.pdf"'
        made = await rendering.pdf(printed)
        return Response(made, media_type="application/pdf", headers={"Content-Disposition": name})
    return render(request, "oversight/cards/document.html", card=card, paper=paper, printed=printed)


@needs(P.CARD_READ, P.CARD_READ_OWN)
async def act(request: Request) -> Response:
    card = await queries.one(request.user, request.path_params["no"])
    to = request.url_for("oversight:card", no=card.no).path
    return await act_on(request, card, actions.CARD_VERBS, to=to, again=show)


@needs(P.CARD_READ)
async def rules(request: Request) -> Response:
    """The rules as people read them: when which clock rings, what follows."""
    found = await ladder.in_force(datetime.now(UTC))
    return render(request, "oversight/cards/rules.html", rules=found, words=words)


def _days(first: str, last: str) -> tuple[date, date] | None:
    """What makes no sense narrows nothing."""
    try:
        return date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None


routes = [
    Route("/cards", index, methods=["GET"], name="cards"),
    Route("/cards/{no}", show, methods=["GET"], name="card"),
    Route("/cards/{no}/document", document, methods=["GET"], name="card_document"),
    Route("/cards/{no}/document.pdf", document, methods=["GET"], name="card_document_pdf"),
    Route("/cards/{no}/{move}", act, methods=["POST"], name="act"),
    Route("/rules", rules, methods=["GET"], name="rules"),
]
