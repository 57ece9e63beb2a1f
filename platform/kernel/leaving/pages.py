"""离岗移交: who leaves, what stands in their name, one button to hand it over, one to shut the account."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.leaving import actions, queries
from kernel.leaving.forms import Leave
from kernel.pages import check_token, must_be_fresh, needs, posted, render, see_other
from kernel.people.permissions import P


@needs(P.ACCOUNT_DISABLE)
async def index(request: Request) -> Response:
    at, found = datetime.now(UTC), await queries.all_leaving()
    accounts = await queries.accounts_of({one for row in found for one in (row.account_id, row.successor_id)})
    rows = [(row, [(one.label, held) for one, held in await queries.open_items(row.account_id, at)]) for row in found]
    return render(request, "kernel/leaving/index.html", rows=rows, accounts=accounts)


@needs(P.ACCOUNT_DISABLE)
async def mark(request: Request) -> Response:
    form = await Leave.read(request, again=index)
    check_token(request)
    await actions.mark(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:leaving")


@needs(P.ACCOUNT_DISABLE)
async def hand_over(request: Request) -> Response:
    request.state.again = index
    await posted(request)
    must_be_fresh(request)
    await actions.hand_over(request.path_params["username"], by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:leaving")


routes = [
    Route("/admin/leaving", index, methods=["GET"], name="kernel:leaving"),
    Route("/admin/leaving", mark, methods=["POST"], name="kernel:leaving_mark"),
    Route("/admin/leaving/{username}", hand_over, methods=["POST"], name="kernel:leaving_hand_over"),
]
