"""A ticket as the world may read it: redacted words, a place rounded to 100 m, two statuses."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hotline.categories import queries as categories
from hotline.open311 import queries
from hotline.open311.forms import APART, ATTRIBUTES, DESCRIPTION_MAX, GENERAL, PICTURE
from hotline.tickets.disclosure import redacted
from hotline.tickets.forms import Channel
from hotline.tickets.models import Ticket
from hotline.tickets.states import AssignmentState
from kernel import journal
from kernel.api import local
from kernel.clocks import queries as clocks
from kernel.models import Entry
from kernel.secrets import masking
from kernel.settings import settings

GRID = Decimal("0.001")  # about 100 m
DOOR = re.compile(r"[0-9０-９]|[A-Za-z]|[一二三四五六七八九十百零〇]+(?:号|栋|幢|座|楼|单元|室|弄|组|户)")
GENERAL_NAME = "其他诉求"
PATH_SEPARATOR = " / "
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"


async def services() -> list[dict[str, Any]]:
    """The leaves in use, and one for what fits none of them."""
    listed = [_service(leaf.code, leaf.name, leaf.path_name, leaf.words) for leaf in await categories.leaves()]
    return [*listed, _service(GENERAL, GENERAL_NAME, GENERAL_NAME, ())]


def _service(code: str, name: str, path: str, words: Sequence[str]) -> dict[str, Any]:
    group = path.partition(PATH_SEPARATOR)[0]
    return {
        "service_code": code, "service_name": name, "description": path, "metadata": True, "type": "realtime",
        "keywords": ",".join(words), "group": group,
    }  # fmt: skip


def definition(code: str) -> dict[str, Any]:
    """Every service asks the same three questions, and none must be answered."""
    attributes = [
        {
            "variable": True, "code": name, "datatype": kind, "required": False,
            "datatype_description": " | ".join(one.label for one in values) or "W3C 时间，带时区",
            "order": number, "description": label,
        }
        | ({"values": [{"key": one.value, "name": one.label} for one in values]} if values else {})
        for number, (name, label, kind, values) in enumerate(ATTRIBUTES, 1)
    ]  # fmt: skip
    return {"service_code": code, "attributes": attributes}


async def requests(tickets: Sequence[Ticket]) -> list[dict[str, Any]]:
    """In a few queries, however many they are."""
    if not tickets:
        return []
    await Ticket.fetch_for_list(list(tickets), "assignments__agency")
    refs = [ticket.ref for ticket in tickets]
    told = await journal.unsealed_all(refs, ("content", "address", "caller_name"))
    last, places = await queries.last_told(tickets), await queries.places(tickets)
    totals, names = await clocks.totals(refs), await categories.names()
    shown = []
    for ticket in tickets:
        texts = {name: told.get((ticket.ref, name), "") for name in ("content", "address", "caller_name")}
        due = totals.get(ticket.ref)
        row = {
            "service_request_id": ticket.no,
            "status": status(ticket.state.value),
            "status_notes": ticket.state.label,
            "service_code": ticket.category or GENERAL,
            "service_name": names.get(ticket.category or "", GENERAL_NAME).rpartition(PATH_SEPARATOR)[2],
            "requested_datetime": seconds(ticket.registered_at),
            "updated_datetime": seconds(last.get(ticket.ref, ticket.registered_at)),
            "expected_datetime": seconds(due.due_at) if due else "",
            "agency_responsible": _agency(ticket),
            "address": street(texts["address"]),
        }
        row |= _words(ticket, texts) | _place(places.get(ticket.ref))
        shown.append({name: value for name, value in row.items() if value != ""})
    return shown


def update(entry: Entry, ticket: Ticket) -> dict[str, Any]:
    """A change of state, in the words of the table of moves."""
    move = ticket.moves[entry.move]
    known = {name: value for name, value in entry.facts.items() if name in move.facts.model_fields}
    turn = move.turn(move.facts.model_construct(**known))
    assert turn.target is not None or move.target is not None
    target = turn.target or move.target or ticket.state
    return {
        "update_id": f"{ticket.no}-{entry.seq}", "service_request_id": ticket.no, "status": status(target.value),
        "updated_datetime": seconds(entry.at), "description": f"{turn.label}：{target.label}", "media_url": "",
    }  # fmt: skip


def status(state: str) -> str:
    return "closed" if state in queries.CLOSED else "open"


def discovery(base: str) -> dict[str, Any]:
    return {
        "changeset": "2026-11-25T00:00:00+08:00",
        "contact": f"{settings().sponsor} {settings().hotline_phone}",
        "key_service": "api_key 可不填；长期接入的系统向本站申请接口令牌",
        "endpoints": [
            {
                "specification": SPECIFICATION, "url": base, "changeset": "2026-11-25T00:00:00+08:00",
                "type": "production", "formats": ["application/json", "text/xml"],
            }
        ],
    }  # fmt: skip


def jurisdiction() -> str:
    """This city's code: the last part of its path in the tree of regions."""
    return settings().region_path.strip("/").rpartition("/")[2]


def seconds(at: datetime) -> str:
    return local(at.replace(microsecond=0))


def street(address: str) -> str:
    """Down to the road, where the door begins it ends: 江北区云谷路 66 号 → 江北区云谷路."""
    found = DOOR.search(address)
    return (address[: found.start()] if found else address).strip(" ，,、　")


def _words(ticket: Ticket, texts: dict[str, str]) -> dict[str, Any]:
    """The words of who wrote here knowing that it is open; a caller on the telephone never agreed to that."""
    if ticket.channel is not Channel.OPEN311:
        return {}
    said, _, apart = texts["content"].partition(APART)
    pictures = [line.removeprefix(PICTURE) for line in apart.splitlines() if line.startswith(PICTURE)]
    public = [url for url in pictures if not masking.findings(url)]
    return {
        "description": redacted(said, texts["caller_name"])[:DESCRIPTION_MAX],
        "media_url": public[0] if public else "",
    }


def _place(found: queries.Place | None) -> dict[str, Any]:
    if found is None:
        return {}
    lat, long = (float(Decimal(one).quantize(GRID)) for one in found)
    return {"lat": lat, "long": long}


def _agency(ticket: Ticket) -> str:
    held = [share for share in ticket.assignments if share.state is not AssignmentState.A_RECALL]
    return min(held, key=lambda share: share.number).agency.name if held else ""
