"""Pages for callers: with an account or without, on a telephone, with script switched off."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.callers.forms import Filed, Track
from hotline.categories import queries as categories
from hotline.permissions import CALLERS
from hotline.tickets import actions, answers, queries, showing
from hotline.tickets.api import limit_outsiders, limit_tracking
from hotline.tickets.files import TICKET_SLOT
from hotline.tickets.forms import TITLE_MAX, Type
from hotline.tickets.models import Ticket
from kernel.database import transaction
from kernel.errors import NotFound
from kernel.files.actions import attach_sent
from kernel.files.forms import expect, keep_sent, of_form, shown
from kernel.files.pages import links
from kernel.forms import typed_form
from kernel.lifecycle import Way
from kernel.pages import check_token, public, render, told_once, way
from kernel.permissions import Actor
from kernel.ratings import actions as ratings
from kernel.ratings.forms import Rate
from kernel.settings import settings

OUTSIDE_TYPES = (Type.CONSULT, Type.HELP, Type.COMPLAINT, Type.REPORT, Type.SUGGEST, Type.PRAISE)


@public
async def home(request: Request) -> Response:
    """12345: ring, write, follow, read what others were answered."""
    return render(request, "hotline/callers/home.html", answers=await answers.newest(limit=6))


@public
async def new(request: Request) -> Response:
    """我要诉求"""
    types = [(one.value, one.label) for one in OUTSIDE_TYPES]
    areas = [(area.code, area.name) for area in await categories.areas() if area.code.isdecimal()]
    about = request.query_params.get("about", "")[:TITLE_MAX]  # what somebody has looked for in vain
    return render(
        request, "hotline/callers/new.html", type_options=types, area_options=areas, files=shown(request, TICKET_SLOT),
        about=about,
    )  # fmt: skip


@public
async def file(request: Request) -> Response:
    """Registered: number and query code are the first sentence of the answer, and shown only here."""
    at = datetime.now(UTC)
    expect(request, TICKET_SLOT)
    await typed_form(request, again=new)
    check_token(request)
    sent = await keep_sent(request, TICKET_SLOT, at=at)
    form = await Filed.read(request, again=new)
    await limit_outsiders(request, at)
    no = await actions.draw_number(at)

    async def effect() -> str:
        region = settings().region_path
        async with transaction():
            ticket, code = await actions.register(form.facts(), no=no, region=region, by=request.user, at=at)
            await attach_sent(sent, ticket.ref, TICKET_SLOT, of_form(request), at=at)
        return f"{ticket.no} {code}"

    no, code = (await told_once(request, effect)).split()
    return render(request, "hotline/callers/filed.html", no=no, code=code)


@public
async def track(request: Request) -> Response:
    """查进度: number and code in a form, never in the address."""
    return render(request, "hotline/callers/track.html")


@public
async def tracked(request: Request) -> Response:
    ticket, actor, at = await _proven(request)
    return await _shown(request, ticket, actor, at)


@public
async def act(request: Request) -> Response:
    """Urge, supply, add, withdraw without an account: number and code come with every post."""
    ticket, actor, at = await _proven(request)
    name = request.path_params["move"]
    if name not in actions.TICKET_VERBS or Ticket.moves[name].permission not in CALLERS:
        raise NotFound(what="该操作")

    async def again(request: Request) -> Response:
        return await _shown(request, await queries.one(actor, ticket.no), actor, at)

    facts = await Ticket.moves[name].facts.read(request, again=again)

    async def effect() -> str:
        seen = way(request)
        await actions.VERBS[name](ticket, facts, **Way(by=actor, at=at, version=seen["version"]))
        return ticket.no

    await told_once(request, effect)
    # nothing of the move is typed any more, but whoever has only the code goes on with it
    request.state.typed = {"_code": str(request.state.typed.get("_code", ""))}
    return await _shown(request, await queries.one(actor, ticket.no), actor, at)


@public
async def rate(request: Request) -> Response:
    """评价 of a matter that has ended: by number and query code, or by the account that it belongs to."""
    sent = await typed_form(request, again=track)
    if sent.get("_code"):
        ticket, actor, at = await _proven(request)
    else:
        check_token(request)
        actor, at = request.user, datetime.now(UTC)
        ticket = await queries.one(actor, str(sent.get("_no", ""))[:48])

    async def again(request: Request) -> Response:
        return await _shown(request, ticket, actor, at)

    request.state.again = again
    told = {name: sent.get(name) for name in ("level", "text") if sent.get(name)}
    facts = Rate.check(told | {"subject": ticket.ref, "tags": sent.getlist("tags")})
    no = await ratings.draw_number(at)

    async def effect() -> str:
        await ratings.rate(facts, no=no, by=actor, at=at)
        return ticket.no

    await told_once(request, effect)
    request.state.typed = {"_code": sent.get("_code", "")}
    return await _shown(request, ticket, actor, at)


@public
async def released(request: Request) -> Response:
    """公开答复"""
    words = request.query_params.get("q", "")[:100].strip()
    found, following = await answers.page(words, after=request.query_params.get("after", "")[:48])
    return render(request, "hotline/callers/answers.html", found=found, following=following, words=words)


@public
async def answer(request: Request) -> Response:
    found = await answers.one(request.path_params["no"])
    if found is None:
        raise NotFound(what="这条公开答复")
    return render(request, "hotline/callers/answer.html", found=found)


async def _proven(request: Request) -> tuple[Ticket, Actor, datetime]:
    """Whoever knows number and query code holds this one ticket for this one request."""
    sent, at = await typed_form(request, again=track), datetime.now(UTC)
    asked = Track.check({name: str(sent.get(f"_{name}") or sent.get(name) or "") for name in ("no", "code")})
    check_token(request)
    await limit_tracking(request, asked.no, at)
    ticket = await queries.by_query_code(asked.no, asked.code)
    return ticket, request.user.holding(ticket.ref), at


async def _shown(request: Request, ticket: Ticket, actor: Actor, at: datetime) -> Response:
    whole = await showing.whole(ticket, actor, at)
    file_links = links(request, whole["files"], at)
    typed = getattr(request.state, "typed", {})
    code = str(typed.get("_code", "") or typed.get("code", ""))
    whole["unsent"] = showing.unsent(typed, whole["offers"])
    return render(request, "hotline/tickets/mine.html", **whole, file_links=file_links, code=code)


routes = [
    Route("/", home, name="home"),
    Route("/file", new, methods=["GET"], name="file"),
    Route("/file", file, methods=["POST"], name="filed"),
    Route("/track", track, methods=["GET"], name="track"),
    Route("/track", tracked, methods=["POST"], name="tracked"),
    Route("/rate", rate, methods=["POST"], name="rate"),
    Route("/track/{move}", act, methods=["POST"], name="track_act"),
    Route("/answers", released, name="answers"),
    Route("/answers/{no}", answer, name="answer"),
]
