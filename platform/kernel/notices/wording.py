"""What a module declares of a document: its words with named slots. Data only: nothing in it is ever executed.

A slot stands in a text as `{name}`. Whatever is put into it stays text, in HTML and in the PDF."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.errors import FormRejected
from kernel.forms import BAD, unfit

SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
TEXT_MAX, ROWS_MAX = 2000, 60


@dataclass(frozen=True, slots=True)
class Slot:
    """One place that is filled in. `columns`: a table, each row has as many texts. `max`: signs of a text."""

    name: str
    label: str
    max: int = 200
    optional: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplate:
    """One version of one document. `series` is its sign in the number (澜卫**受**〔2026〕1182号).

    `body`: paragraphs in order; one that is nothing but a slot with columns is a table.
    `remedy`: how and where to object (行政复议法 第四十四条, 行政诉讼法 第四十六条); empty only where none is due."""

    code: str
    version: int
    series: str
    title: str
    to: str
    body: tuple[str, ...]
    slots: tuple[Slot, ...]
    legal_basis: str
    remedy: str
    valid_from: date
    kind: str  # what it may be about: the kind of thing, and the states it must be in
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = {slot.name for slot in self.slots}
        used = {name for text in (self.to, *self.body, self.remedy) for name in SLOT.findall(text)}
        if used != known:
            raise ValueError(f"这些填写项只声明未使用，或只使用未声明：{'、'.join(sorted(used ^ known))}")

    def plain(self) -> dict[str, Any]:
        """As it is stored and hashed."""
        return {
            "code": self.code, "version": self.version, "series": self.series, "title": self.title, "to": self.to,
            "body": list(self.body), "legal_basis": self.legal_basis, "remedy": self.remedy,
            "slots": [
                {"name": slot.name, "label": slot.label, "max": slot.max, "optional": slot.optional,
                 "columns": list(slot.columns)} for slot in self.slots
            ],
            "valid_from": self.valid_from.isoformat(), "kind": self.kind, "states": list(self.states),
        }  # fmt: skip


def from_plain(stored: Mapping[str, Any]) -> NoticeTemplate:
    """Raises ValueError when a slot is used and not declared, or the other way round."""
    slots = tuple(Slot(**{**slot, "columns": tuple(slot["columns"])}) for slot in stored["slots"])
    begins = date.fromisoformat(stored["valid_from"])
    lists = {"slots": slots, "body": tuple(stored["body"]), "states": tuple(stored["states"])}
    return NoticeTemplate(**{**stored, **lists, "valid_from": begins})


def fill(template: NoticeTemplate, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of exactly this template's slots. Raises FormRejected with every problem at once."""
    problems = {
        name: f"这份文书没有“{name}”这一项，请删去。" for name in values.keys() - {s.name for s in template.slots}
    }
    filled: dict[str, Any] = {}
    for slot in template.slots:
        value = values.get(slot.name) or ([] if slot.columns else "")
        if problem := _wrong_table(slot, value) if slot.columns else _wrong_text(slot, value):
            problems[slot.name] = problem
        filled[slot.name] = value
    if problems:
        raise FormRejected(problems)
    return filled


def _wrong_text(slot: Slot, value: Any) -> str:
    if not isinstance(value, str):
        return f"{slot.label}应为文字。"
    if not value.strip() and not slot.optional:
        return f"请填写{slot.label}。"
    if len(value) > min(slot.max, TEXT_MAX):
        return f"{slot.label}最多 {min(slot.max, TEXT_MAX)} 个字。"
    return BAD.format(label=slot.label) if any(map(unfit, value)) else ""


def _wrong_table(slot: Slot, rows: Any) -> str:
    if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) != len(slot.columns) for row in rows):
        return f"{slot.label}每行应有{'、'.join(slot.columns)}。"
    if not rows and not slot.optional:
        return f"请至少填写一行{slot.label}。"
    if len(rows) > ROWS_MAX:
        return f"{slot.label}最多 {ROWS_MAX} 行。"
    row_slot = Slot(slot.name, slot.label, slot.max, optional=True)
    return next((wrong for row in rows for cell in row if (wrong := _wrong_text(row_slot, cell))), "")


def composed(template: NoticeTemplate, values: Mapping[str, Any]) -> dict[str, Any]:
    """The words with their values: one structure that the page and the PDF both print."""
    tables = {slot.name: slot for slot in template.slots if slot.columns}
    blocks: list[dict[str, Any]] = []
    for text in template.body:
        whole = SLOT.fullmatch(text)
        if whole and whole[1] in tables:
            slot = tables[whole[1]]
            if rows := values[slot.name]:
                blocks.append({"kind": "table", "label": slot.label, "columns": list(slot.columns), "rows": rows})
        else:
            blocks += [{"kind": "text", "text": line} for line in _said(text, values).split("\n") if line.strip()]
    return {
        "title": template.title, "to": _said(template.to, values), "blocks": blocks,
        "legal_basis": template.legal_basis, "remedy": _said(template.remedy, values),
    }  # fmt: skip


def _said(text: str, values: Mapping[str, Any]) -> str:
    """One pass: a value that looks like a slot stays what it is."""
    return SLOT.sub(lambda found: str(values[found[1]]), text)
