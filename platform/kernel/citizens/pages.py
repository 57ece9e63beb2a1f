"""Registering, signing in by code, recovering: a number first, then the code with what else is needed. No script."""

import hashlib
import secrets as entropy
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kernel.citizens import actions, levels, queries, realname
from kernel.citizens.forms import ByCode, ByNumber, Document, LostPhone, NewPhone, Phone, Recovering, Registering, Seen
from kernel.errors import FormRejected
from kernel.pages import check_token, must_be_fresh, needs, public, render, see_other, signed_in
from kernel.people import pages as people
from kernel.people import sessions
from kernel.people.permissions import P
from kernel.secrets.masking import mask_id, mask_phone

STEP_S = 900
FLOWS = {"register": "注册", "code": "用验证码登录", "recover": "找回口令"}
PURPOSES = {"register": "register", "code": "sign_in", "recover": "recover"}
Finish = Callable[[Request, str], Awaitable[str]]


@public
async def ask(request: Request) -> Response:
    return _phone(request)


@public
async def send(request: Request) -> Response:
    """The same answer for every number. The code fits this browser only, by a cookie of its own."""
    form = await Phone.read(request, again=ask)
    check_token(request)
    token = request.cookies.get(_cookie(), "")[:64] or entropy.token_urlsafe(32)
    come, purpose = people.come_from(request, "web"), PURPOSES[_flow(request)]
    await actions.ask_code(form.phone, purpose=purpose, bound_to=_bound(token), come=come, at=datetime.now(UTC))
    response = _second(request, phone=form.phone)
    secure = sessions.secure()
    response.set_cookie(_cookie(), token, max_age=STEP_S, path="/", secure=secure, httponly=True, samesite="strict")
    return response


@public
async def finish(request: Request) -> Response:
    token = await FINISH[_flow(request)](request, _bound(request.cookies.get(_cookie(), "")))
    if request.scope["session"] is not None:
        await sessions.end(request.scope["session"].id, at=datetime.now(UTC))
    response = sessions.keep(RedirectResponse("/me", status_code=303), token)
    response.delete_cookie(_cookie(), path="/", secure=sessions.secure(), httponly=True)
    return response


async def _register(request: Request, bound: str) -> str:
    form = await Registering.read(request, again=_again)
    check_token(request)
    return await actions.register(form, bound_to=bound, come=people.come_from(request, "web"), at=datetime.now(UTC))


async def _by_code(request: Request, bound: str) -> str:
    form = await ByCode.read(request, again=_again)
    check_token(request)
    come = people.come_from(request, "web")
    return await actions.sign_in_by_code(form, bound_to=bound, come=come, at=datetime.now(UTC))


async def _recover(request: Request, bound: str) -> str:
    form = await Recovering.read(request, again=_again)
    check_token(request)
    return await actions.recover(form, bound_to=bound, come=people.come_from(request, "web"), at=datetime.now(UTC))


FINISH: dict[str, Finish] = {"register": _register, "code": _by_code, "recover": _recover}


@signed_in
async def security(request: Request) -> Response:
    """安全: level, telephone, password, sessions."""
    person = await queries.person(request.user.id)
    shown = {"phone": mask_phone(person.phone), "id_number": mask_id(person.id_number)} if person else {}
    return render(
        request, "kernel/citizens/security.html", person=person, level=levels.of(request.user),
        opens=levels.OPENS, online=realname.offered(), **{"phone": "", "id_number": ""} | shown,
    )  # fmt: skip


@signed_in
async def show_real_name(request: Request) -> Response:
    """二级: asked of the city's real-name service, where one is connected."""
    return render(request, "kernel/citizens/real_name.html", online=realname.offered(), level=levels.of(request.user))


@signed_in
async def verify_by_number(request: Request) -> Response:
    form = await ByNumber.read(request, again=show_real_name)
    check_token(request)
    await actions.verify_by_number(form, by=request.user, at=datetime.now(UTC))
    return see_other(request, "kernel:security")


@signed_in
async def show_phone(request: Request) -> Response:
    return render(request, "kernel/citizens/change_phone.html", phone="")


@signed_in
async def send_to_new(request: Request) -> Response:
    form = await Phone.read(request, again=show_phone)
    check_token(request)
    await _must_have_profile(request)
    come = people.come_from(request, "web")
    await actions.ask_new_phone(form.phone, bound_to=_session(request), come=come, at=datetime.now(UTC))
    return render(request, "kernel/citizens/change_phone.html", phone=form.phone)


@signed_in
async def change_phone(request: Request) -> Response:
    form = await NewPhone.read(request, again=_phone_again)
    check_token(request)
    await _must_have_profile(request)
    await actions.change_phone(
        form, by=request.user, bound_to=_session(request), session_id=request.scope["session"].id,
        at=datetime.now(UTC),
    )  # fmt: skip
    return see_other(request, "kernel:security")


@needs(P.CITIZEN_VERIFY)
async def window(request: Request) -> Response:
    return render(request, "kernel/citizens/window.html", documents=_documents(), done="")


@needs(P.CITIZEN_VERIFY)
async def verify(request: Request) -> Response:
    form = await Seen.read(request, again=window)
    check_token(request)
    proved_at = must_be_fresh(request)
    await actions.verify_in_person(form, by=request.user, proved_at=proved_at, at=datetime.now(UTC))
    request.state.typed = {}
    return render(request, "kernel/citizens/window.html", documents=_documents(), done="已核验，实名等级为三级。")


@needs(P.CITIZEN_VERIFY)
async def show_lost(request: Request) -> Response:
    return render(request, "kernel/citizens/lost.html", documents=_documents(), done="")


@needs(P.CITIZEN_VERIFY)
async def replace_lost(request: Request) -> Response:
    form = await LostPhone.read(request, again=show_lost)
    check_token(request)
    proved_at = must_be_fresh(request)
    await actions.replace_lost_phone(form, by=request.user, proved_at=proved_at, at=datetime.now(UTC))
    request.state.typed = {}
    done = "已换绑，原来的登录都已结束。请本人用新手机号找回口令。"
    return render(request, "kernel/citizens/lost.html", documents=_documents(), done=done)


async def _must_have_profile(request: Request) -> None:
    if await queries.profile_of(request.user.id) is None:
        raise FormRejected({"phone": "这个帐号不是用手机号注册的，不能绑定手机号。"})


def _documents() -> list[tuple[str, str]]:
    return [(one.value, one.label) for one in Document]


def _phone(request: Request) -> Response:
    flow = _flow(request)
    return render(request, "kernel/citizens/phone.html", flow=flow, title=FLOWS[flow])


def _second(request: Request, *, phone: str) -> Response:
    flow = _flow(request)
    return render(request, "kernel/citizens/code.html", flow=flow, title=FLOWS[flow], phone=phone)


async def _again(request: Request) -> Response:
    return _second(request, phone=str(request.state.typed.get("phone", ""))[:20])


async def _phone_again(request: Request) -> Response:
    phone = str(request.state.typed.get("phone", ""))[:20]
    return render(request, "kernel/citizens/change_phone.html", phone=phone)


def _flow(request: Request) -> str:
    return next(name for name in FLOWS if name in request.url.path.split("/"))


def _cookie() -> str:
    return "__Host-sunhall_step" if sessions.secure() else "sunhall_step"


def _bound(token: str) -> str:
    return hashlib.sha256(f"step:{token}".encode()).hexdigest() if token else entropy.token_hex(32)


def _session(request: Request) -> str:
    return f"session:{request.scope['session'].id}"


def _ways(path: str, name: str) -> list[Route]:
    return [
        Route(path, ask, methods=["GET"], name=f"kernel:{name}"),
        Route(path, send, methods=["POST"], name=f"kernel:{name}_send"),
        Route(f"{path}/finish", finish, methods=["POST"], name=f"kernel:{name}_finish"),
    ]


routes = [
    *_ways("/register", "register"),
    *_ways("/sign-in/code", "code"),
    *_ways("/recover", "recover"),
    Route("/me/security", security, methods=["GET"], name="kernel:security"),
    Route("/me/real-name", show_real_name, methods=["GET"], name="kernel:real_name"),
    Route("/me/real-name", verify_by_number, methods=["POST"], name="kernel:real_name_post"),
    Route("/me/phone", show_phone, methods=["GET"], name="kernel:phone"),
    Route("/me/phone", send_to_new, methods=["POST"], name="kernel:phone_send"),
    Route("/me/phone/finish", change_phone, methods=["POST"], name="kernel:phone_finish"),
    Route("/window/citizens", window, methods=["GET"], name="kernel:window"),
    Route("/window/citizens", verify, methods=["POST"], name="kernel:window_verify"),
    Route("/window/lost-phone", show_lost, methods=["GET"], name="kernel:lost_phone"),
    Route("/window/lost-phone", replace_lost, methods=["POST"], name="kernel:lost_phone_post"),
]
