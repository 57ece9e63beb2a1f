"""Slots (附件栏): where files may be put, which types, how many. A module declares its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from kernel.errors import NotFound
from kernel.files.recognise import DOCUMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """`without_account`: also for who isn't signed in, bound to the key of the form it is sent from."""

    name: str
    label: str
    types: frozenset[str] = DOCUMENTS
    files_max: int = 5
    without_account: bool = False


DOCUMENT = Slot(name="document", label="文件")  # sent before it is known what for
_slots: dict[str, Slot] = {DOCUMENT.name: DOCUMENT}


def declare(slots: Iterable[Slot]) -> None:
    _slots.update({slot.name: slot for slot in slots})


def slot_of(name: str) -> Slot:
    """Raises NotFound."""
    if name not in _slots:
        raise NotFound(what="这个附件栏")
    return _slots[name]
