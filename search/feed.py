"""RSS 2.0 of a question: what anybody may read, newest first, the same for everyone, so it may be kept by all."""

from email.utils import format_datetime
from urllib.parse import urlencode
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.forms import unfit
from kernel.pages import public
from kernel.permissions import ANONYMOUS
from kernel.settings import settings
from search import answering
from search.answering import Answer
from search.engine import Sort
from search.forms import Ask, ask
from search.highlights import plain

ITEMS_MAX, KEPT_S = 30, 600
ATOM = "http://www.w3.org/2005/Atom"
ElementTree.register_namespace("atom", ATOM)


@public
async def rss(request: Request) -> Response:
    """GET /search.rss?q=…: whoever asks, it is asked as nobody."""
    wanted = (await ask(request, lenient=True)).model_copy(
        update={"sort": Sort.NEWEST, "limit": ITEMS_MAX, "cursor": ""}
    )
    found = await answering.answer(wanted.asked(), by=ANONYMOUS, widen=False)
    kept = "no-store" if found.degraded else f"public, max-age={KEPT_S}"
    base = (settings().public_url or str(request.base_url)).rstrip("/")
    return Response(_drawn(wanted, found, base), media_type="application/rss+xml", headers={"Cache-Control": kept})


def address_of(wanted: Ask, path: str) -> str:
    """The question's address there; without an order, which is the feed's own."""
    asked = {"q": wanted.q, "kind": wanted.kind, "agency": wanted.agency, "region": wanted.region}
    return f"{path}?{urlencode({name: value for name, value in asked.items() if value})}"


def _drawn(wanted: Ask, found: Answer, base: str) -> bytes:
    hall = settings().hall_name
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    _said(channel, "title", f"{wanted.q} - {hall}搜索")
    _said(channel, "link", base + address_of(wanted, "/search"))
    _said(channel, "description", f"“{wanted.q}”的公开结果，新的在前")
    _said(channel, "language", "zh-cn")
    _said(channel, "ttl", str(KEPT_S // 60))
    address = base + address_of(wanted, "/search.rss")
    ElementTree.SubElement(channel, f"{{{ATOM}}}link", href=address, rel="self", type="application/rss+xml")
    for item in found.items:
        document, told = item.document, ElementTree.SubElement(channel, "item")
        _said(told, "title", document.title)
        _said(told, "link", base + document.url)
        _said(told, "guid", f"{document.kind}:{document.no}").set("isPermaLink", "false")
        _said(told, "description", plain(item.snippet) or document.title)
        _said(told, "category", item.kind_label)
        if document.published:
            _said(told, "pubDate", format_datetime(document.published))
    drawn: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn


def _said(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    told = ElementTree.SubElement(parent, name)
    told.text = "".join(sign for sign in text if not unfit(sign))
    return told


routes = [Route("/search.rss", rss, name="search_feed")]
