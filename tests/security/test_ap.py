"""The interface for programs: rows AP01 and AP04."""

import asyncio
import gzip
import json

import httpx
import pytest
from starlette.types import Message

from hotline.tickets.models import Ticket
from kernel.edge.limits import Body
from kernel.errors import TooSlow
from tests import factories as f
from tests.conftest import Client
from tests.hotline.test_api import NEW

OURS = {
    "state": "closed", "version": 99, "owner": 1, "org": "SW", "region_path": "/", "created_at": "2020-01-01T00:00:00Z",
    "registered_at": "2020-01-01T00:00:00Z", "head": "00", "no": "12345-20200101-000001-1", "id": 1, "account_id": 1,
}  # fmt: skip


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("field", OURS)
async def test_ap01_what_the_hall_itself_decides_is_no_field_of_a_request(signed_in: Client, field: str) -> None:
    ticket = await f.a_ticket()
    refused = await signed_in(f.OPERATOR).post("/api/v1/tickets", json=NEW | {field: OURS[field]})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, [field])
    facts = {"lead": "SW", "basis": "职责清单", field: OURS[field]}
    moved = await signed_in(f.DISPATCHER).post(
        f"/api/v1/tickets/{ticket.no}/moves/dispatch", json={"version": ticket.version, "facts": facts}
    )
    assert moved.status_code == 422, moved.text
    assert await Ticket.all().count() == 1


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
async def test_ap04_a_method_that_no_route_has_is_refused(signed_in: Client, method: str) -> None:
    headers = {"content-type": "application/json", "origin": "http://localhost", "x-echo": "heard"}
    for path in ("/api/v1/tickets", "/", "/search"):
        answer = await signed_in(f.OPERATOR).request(method, path, headers=headers)
        assert answer.status_code == 405, (method, path, answer.status_code)
        assert "heard" not in answer.text


@pytest.mark.usefixtures("database")
async def test_ap04_a_compressed_body_is_refused_and_no_answer_is_compressed(signed_in: Client) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip", "accept-encoding": "gzip, br"}
    packed = await signed_in(f.OPERATOR).post(
        "/api/v1/tickets", content=gzip.compress(json.dumps(NEW).encode()), headers=headers
    )
    assert packed.status_code == 415
    page: httpx.Response = await signed_in(f.OPERATOR).get("/search?q=停水", headers={"accept-encoding": "gzip, br"})
    assert "content-encoding" not in page.headers, "a token beside what somebody sent"


async def test_ap04_who_stops_in_the_middle_of_a_body_is_told_408() -> None:
    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def app(scope: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]

    body = Body(app, bytes_max=1_000, idle_s=0.05, whole_s=0.2)
    with pytest.raises(TooSlow) as refused:
        await body({"type": "http", "headers": [], "path": "/"}, never, never)  # type: ignore[arg-type]
    assert refused.value.status == 408
