"""The packet on paper: what is read out, faxed or carried over where no interface stands."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hotline.handover import queries
from hotline.permissions import P
from hotline.tickets import queries as tickets
from hotline.tickets.forms import Receiver
from hotline.tickets.pages import show
from kernel import views
from kernel.errors import NotAllowed, NotFound
from kernel.forms import typed_form
from kernel.pages import check_token, needs, render


@needs(P.TICKET_TRANSFER)
async def packet(request: Request) -> Response:
    """移交单. A post: it shows the caller's number, and who looked is on record before it does. No second sign-in is
    asked for, two minutes are all there is."""
    ticket, at = await tickets.one(request.user, request.path_params["no"]), datetime.now(UTC)
    await typed_form(request, again=show)
    check_token(request)
    if not await ticket.may(P.TICKET_TRANSFER, request.user):
        raise NotAllowed(permission=P.TICKET_TRANSFER.label)
    found = await queries.packet(ticket)
    if found is None:
        raise NotFound(what="移交单，这件工单没有移交")
    standing = await queries.standing(ticket, at)
    await views.record(ticket.ref, "handover", purpose=f"打印移交 {found.to} 的移交单", by=request.user, at=at)
    return render(
        request,
        "hotline/handover/packet.html",
        packet=found,
        ticket=ticket,
        to=Receiver(found.to).label,
        standing=standing,
    )


routes = [Route("/tickets/{no}/packet", packet, methods=["POST"], name="packet")]
