"""Pages of the knowledge base: for everyone what is published, for the desk what is behind it."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.knowledge import actions, queries, showing
from hotline.knowledge.forms import Missed, Opinion, Written
from hotline.permissions import P
from kernel.errors import NotFound
from kernel.pages import act_on, act_once, check_token, needs, posted, public, render, see_other
from kernel.settings import settings

NUMBER_DIGITS_MAX = 9


@public
async def published(request: Request) -> Response:
    """办事知识: what everyone may read."""
    words, at = showing.words_of(request.query_params), datetime.now(UTC)
    found = await queries.published(words, at)
    units = await showing.units()
    return render(request, "hotline/knowledge/published.html", found=found, words=words, units=units)


@public
async def read(request: Request) -> Response:
    """One published article, by the address that everything leads to; the desk has its own page of it."""
    no, at = request.path_params["no"], datetime.now(UTC)
    if showing.at_desk(request.user):
        return see_other(request, "hotline:article", no=no)
    found = await queries.in_use(request.user, no, at)
    if found is None:
        raise NotFound(what="这条知识")
    return render(request, "hotline/knowledge/read.html", found=found, units=await showing.units())


@needs(*showing.READERS)
async def index(request: Request) -> Response:
    shown = await showing.listing(request.user, request.query_params, datetime.now(UTC))
    return render(request, "hotline/knowledge/index.html", **shown)


@needs(*showing.READERS)
async def show(request: Request) -> Response:
    shown = await showing.whole(request.user, request.path_params["no"], datetime.now(UTC))
    typed = {"_move": ""} | dict(getattr(request.state, "typed", {}).items())
    return render(request, "hotline/knowledge/show.html", **shown, typed_moves=typed)


@needs(P.ARTICLE_READ)
async def edition(request: Request) -> Response:
    no, number = request.path_params["no"], request.path_params["number"]
    shown = await showing.one_edition(request.user, no, number)
    return render(request, "hotline/knowledge/edition.html", **shown)


@needs(P.ARTICLE_EDIT)
async def new(request: Request) -> Response:
    """With `?proposal=` it begins with what closed consults teach."""
    begun = await showing.start(_proposal(request), datetime.now(UTC))
    title = begun.title if begun else request.query_params.get("title", "")[:80]
    shown = await showing.written(request.user, None, begun)
    return render(request, "hotline/knowledge/write.html", **shown, title=title)


@needs(P.ARTICLE_EDIT)
async def draft(request: Request) -> Response:
    facts = await Written.read(request, again=new)
    check_token(request)
    at = datetime.now(UTC)
    no = await actions.draw_number(at)

    async def effect() -> str:
        article = await actions.draft(facts, region=settings().region_path, by=request.user, at=at, no=no)
        if (taken := _proposal(request)) is not None:
            await actions.take_up(taken, article.no, at=at)
        return _url(request, article.no)

    return await act_once(request, effect)


@needs(P.ARTICLE_EDIT)
async def edit(request: Request) -> Response:
    article = await queries.one(request.user, request.path_params["no"])
    shown = await showing.written(request.user, article)
    return render(request, "hotline/knowledge/write.html", **shown, title=article.title)


@needs(*showing.WRITERS)
async def act(request: Request) -> Response:
    article = await queries.one(request.user, request.path_params["no"])
    again = edit if request.path_params["move"] == "edit" else show
    return await act_on(request, article, actions.VERBS, to=_url(request, article.no), again=again)


@needs(P.ARTICLE_READ)
async def tell(request: Request) -> Response:
    """反馈 on the edition that the desk answers from."""
    no, at = request.path_params["no"], datetime.now(UTC)
    facts = await Opinion.read(request, again=show)
    check_token(request)
    found = await queries.in_use(request.user, no, at)
    if found is None:
        raise NotFound(what="这条知识")

    async def effect() -> str:
        await actions.tell(found, facts, by=request.user, at=at)
        return _url(request, no)

    return await act_once(request, effect)


@needs(P.ARTICLE_READ)
async def miss(request: Request) -> Response:
    """What the desk looked for in vain joins the queue."""
    facts = await Missed.read(request, again=index)
    check_token(request)

    async def effect() -> str:
        await actions.miss(facts.q, at=datetime.now(UTC))
        return request.url_for("hotline:articles").path

    return await act_once(request, effect)


@needs(*showing.WRITERS)
async def queue(request: Request) -> Response:
    shown = await showing.queue(request.path_params["queue"])
    return render(request, "hotline/knowledge/queue.html", **shown)


@needs(*showing.WRITERS)
async def settle(request: Request) -> Response:
    name, number = request.path_params["queue"], str((await posted(request)).get("id", ""))
    if name not in queries.QUEUES or not number.isdecimal() or len(number) > NUMBER_DIGITS_MAX:
        raise NotFound(what="这一条")
    await actions.settle(name, int(number), at=datetime.now(UTC))
    return see_other(request, "hotline:article_queue", queue=name)


def _proposal(request: Request) -> int | None:
    """From the address, or from the form that began with it."""
    typed = getattr(request.state, "typed", {})
    told = str(typed.get("_proposal", "") or request.query_params.get("proposal", ""))
    return int(told) if told.isascii() and told.isdecimal() and len(told) <= NUMBER_DIGITS_MAX else None


def _url(request: Request, no: str) -> str:
    return request.url_for("hotline:article", no=no).path


routes = [
    Route("/knowledge", published, name="knowledge"),
    Route("/knowledge/{no}", read, name="guide"),
    Route("/articles", index, name="articles"),
    Route("/articles/new", new, methods=["GET"], name="new_article"),
    Route("/articles/new", draft, methods=["POST"], name="draft_article"),
    Route("/articles/misses", miss, methods=["POST"], name="article_miss"),
    Route("/articles/queues/{queue}", queue, methods=["GET"], name="article_queue"),
    Route("/articles/queues/{queue}", settle, methods=["POST"], name="settle_article_queue"),
    Route("/articles/{no}", show, name="article"),
    Route("/articles/{no}/edit", edit, methods=["GET"], name="edit_article"),
    Route("/articles/{no}/editions/{number:int}", edition, name="edition"),
    Route("/articles/{no}/tell", tell, methods=["POST"], name="tell_article"),
    Route("/articles/{no}/{move}", act, methods=["POST"], name="act_article"),
]
