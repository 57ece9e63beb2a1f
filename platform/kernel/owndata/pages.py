"""我的信息: see, take along, correct, erase, close; and who looked."""

import json
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.citizens import actions as citizens
from kernel.citizens import queries as people
from kernel.edge import rates, security
from kernel.owndata import actions, queries
from kernel.owndata.forms import Answer, Ask, ByHand, CorrectName, Right, Sure
from kernel.pages import check_token, needs, posted, public, render, see_other, signed_in, way
from kernel.people import sessions
from kernel.people.permissions import P


@signed_in
async def show(request: Request) -> Response:
    owner = request.user.owner
    person = await people.person(request.user.id)
    return render(
        request, "kernel/owndata/show.html", held=await queries.held(owner), requests=await queries.mine(owner),
        person=person, correctable=person is not None and person.level.value == "1",
    )  # fmt: skip


@signed_in
async def download(request: Request) -> Response:
    """A copy to take along (第四十五条): five an hour."""
    await posted(request)
    at, owner = datetime.now(UTC), request.user.owner
    await rates.hit(rates.EXPORT_PERSON, str(request.user.id), at=at)
    told = {
        held.line.name: {
            "label": held.line.label, "purpose": held.line.purpose, "basis": held.line.basis,
            "period": held.line.period, "readers": held.line.readers, "rows": held.rows,
        }
        for held in await queries.held(owner)
    }  # fmt: skip
    await security.log("own_data_downloaded", actor_id=request.user.id, at=at)
    body = json.dumps({"at": at.isoformat(), "data": told}, ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(body, media_type="application/json", headers=headers)


@signed_in
async def correct(request: Request) -> Response:
    form = await CorrectName.read(request, again=show)
    check_token(request)
    await citizens.correct_name(form.name, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:own_data")


@signed_in
async def ask(request: Request) -> Response:
    """What a person must look at first."""
    form = await ByHand.read(request, again=show)
    check_token(request)
    made = await actions.ask(Ask(right=Right.CORRECT, text=form.text), by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:own_request", no=made.no)


@signed_in
async def show_erase(request: Request) -> Response:
    return render(request, "kernel/owndata/erase.html", closing=False)


@signed_in
async def erase(request: Request) -> Response:
    request.state.again = show_erase
    await posted(request)
    made = await actions.erase(by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:own_request", no=made.no)


@signed_in
async def show_close(request: Request) -> Response:
    return render(request, "kernel/owndata/erase.html", closing=True)


@signed_in
async def close(request: Request) -> Response:
    """The answer is shown now, to whom nobody is any more."""
    form = await Sure.read(request, again=show_close)
    check_token(request)
    made = await actions.close_account(form.password.get_secret_value(), by=request.user, at=datetime.now(UTC))
    _, answer = await queries.said(made)
    response = render(request, "kernel/owndata/closed.html", made=made, answer=answer)
    response.delete_cookie(sessions.cookie_name(), path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@signed_in
async def show_request(request: Request) -> Response:
    made = await queries.one(request.user, request.path_params["no"])
    asked, answer = await queries.said(made)
    officer = request.user.may_anywhere(P.OWN_REQUEST_ANSWER)
    return render(request, "kernel/owndata/request.html", made=made, asked=asked, answer=answer, officer=officer)


@signed_in
async def looks(request: Request) -> Response:
    """谁看过我的信息."""
    found = await queries.looks(await queries.subjects_of(request.user.owner))
    return render(request, "kernel/owndata/looks.html", looks=found)


@public
async def rules(request: Request) -> Response:
    """个人信息处理规则: the register itself, for everybody (第十七条)."""
    return render(request, "kernel/owndata/rules.html", lines=list(queries.register()))


@needs(P.OWN_REQUEST_ANSWER)
async def desk(request: Request) -> Response:
    return render(request, "kernel/owndata/desk.html", waiting=await queries.waiting())


@needs(P.OWN_REQUEST_ANSWER)
async def answer(request: Request) -> Response:
    made = await queries.one(request.user, request.path_params["no"])
    form = await Answer.read(request, again=show_request)
    check_token(request)
    await actions.answer(made, form, **way(request))
    return see_other(request, "kernel:own_desk")


routes = [
    Route("/me/data", show, methods=["GET"], name="kernel:own_data"),
    Route("/me/data/download", download, methods=["POST"], name="kernel:own_download"),
    Route("/me/data/correct", correct, methods=["POST"], name="kernel:own_correct"),
    Route("/me/data/ask", ask, methods=["POST"], name="kernel:own_ask"),
    Route("/me/data/erase", show_erase, methods=["GET"], name="kernel:own_erase"),
    Route("/me/data/erase", erase, methods=["POST"], name="kernel:own_erase_post"),
    Route("/me/data/close", show_close, methods=["GET"], name="kernel:own_close"),
    Route("/me/data/close", close, methods=["POST"], name="kernel:own_close_post"),
    Route("/me/data/looks", looks, methods=["GET"], name="kernel:own_looks"),
    Route("/me/data/requests/{no}", show_request, methods=["GET"], name="kernel:own_request"),
    Route("/me/data/requests/{no}/answer", answer, methods=["POST"], name="kernel:own_answer"),
    Route("/about/personal-data", rules, methods=["GET"], name="kernel:own_rules"),
    Route("/privacy/requests", desk, methods=["GET"], name="kernel:own_desk"),
]
