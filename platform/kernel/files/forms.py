"""Files in forms and in requests of programs: who sends, what came with a form, what is asked of an upload."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from starlette.datastructures import FormData
from starlette.requests import Request

from kernel import multipart, secrets
from kernel.edge import csrf, rates
from kernel.errors import ForeignForm, FormRejected, SignedOut
from kernel.files import actions, queries
from kernel.files.actions import Sender, TooManyFiles
from kernel.files.models import File
from kernel.files.recognise import NotAccepted
from kernel.files.slots import DOCUMENT, Slot
from kernel.forms import Form
from kernel.settings import settings

INPUT, KNOWN, KEY = "_files", "_file", "_files_key"  # the input, numbers of what was sent before, the form's key
KEY_CHARS_MIN = 16
HASH = r"^[0-9a-fA-F]{64}$"


class Begin(Form):
    name: Annotated[str, Field(title="文件名", min_length=1, max_length=255)]
    size: Annotated[int, Field(title="字节数", ge=1, le=2**40)]
    sha256: Annotated[str, Field(title="SHA-256", pattern=HASH)] = ""
    slot: Annotated[str, Field(title="附件栏", max_length=40)] = DOCUMENT.name


def expect(request: Request, slot: Slot) -> None:
    """Before the form is read: this page's form may bring files."""
    request.state.wanted_files = multipart.Wanted(INPUT, slot.files_max, settings().upload_bytes_max)


async def keep_sent(request: Request, slot: Slot, *, at: datetime) -> list[str]:
    """Files that came with the form are kept at once, so they needn't be chosen again when a field is refused; with
    those sent before they are what the form is about. Numbers, for `attach_sent`."""
    typed = request.state.typed
    known = [str(no)[:32] for no in typed.getlist(KNOWN) if no]
    sender, found = of_form(request), list[File]()
    for no in dict.fromkeys(known):
        file = await queries.own_unattached(no, slot, request.user, sender.bound)
        found += [file] if file else []
    arrived = getattr(request.state, "received_files", [])
    if len(found) + len(arrived) > slot.files_max:
        raise TooManyFiles(label=slot.label, count=slot.files_max)
    request.state.kept_files = found
    for file in arrived:
        found.append(await actions.keep(file, slot, sender, at=at))
        file.close()
    request.state.received_files = []
    return [file.no for file in found]


def expect_one(request: Request) -> None:
    """Before the form is read: one of its fields names a file, and that file may come along."""
    request.state.wanted_files = multipart.Wanted(INPUT, 1, settings().upload_bytes_max)


async def number_sent(request: Request, field: str, slot: Slot, *, at: datetime) -> None:
    """A file that came with the form stands in `field` by its number, as if it had been chosen there; it is kept, so
    it needn't be sent again when another field is refused. Raises FormRejected."""
    for arrived in getattr(request.state, "received_files", []):
        try:
            file = await actions.keep(arrived, slot, of_form(request), at=at)
        except NotAccepted as wrong:
            raise FormRejected({field: str(wrong)}) from wrong
        finally:
            arrived.close()
        others = [(name, value) for name, value in request.state.typed.multi_items() if name != field]
        request.state.sent_form = request.state.typed = FormData([*others, (field, file.no)])
    request.state.received_files = []


def shown(request: Request, slot: Slot) -> dict[str, Any]:
    """For the template: what has been sent already, and the key under which."""
    kept: Sequence[File] = getattr(request.state, "kept_files", [])
    typed, most = getattr(request.state, "typed", {}), settings().upload_bytes_max
    return {
        "kept": kept,
        "key": str(typed.get(KEY) or typed.get("_key") or ""),
        "slot": slot,
        "bytes_max": most,
    }


def of_form(request: Request) -> Sender:
    typed = request.state.typed
    return _sender(request, str(typed.get(KEY) or typed.get("_key") or ""))


def of_program(request: Request, slot: Slot | None = None) -> Sender:
    """Who has no account sends only from an open form of ours, for a slot that takes it: its key and token come as
    headers. Raises SignedOut, ForeignForm."""
    key = request.headers.get("x-form-key", "")[:120]
    if request.user.anonymous and (len(key) < KEY_CHARS_MIN or (slot and not slot.without_account)):
        raise SignedOut
    session = request.scope["session"]
    by_form = multipart.is_multipart(request) and (session is None or session.kind != "api")
    secret = session.csrf_secret if session else b"anonymous"
    if (by_form or session is None) and not csrf.check(secret, request.headers.get("x-csrf-token", "")):
        raise ForeignForm(permission="")
    return _sender(request, key)


def _sender(request: Request, key: str) -> Sender:
    actor = request.user
    whose = f"network:{rates.address_of(request)}" if actor.anonymous else f"account:{actor.id}"
    bound = secrets.blind_index("form_key", key).hex() if actor.anonymous and len(key) >= KEY_CHARS_MIN else ""
    return Sender(actor=actor, quota=secrets.blind_index("upload_quota", whose).hex()[:64], bound=bound[:64])
