"""What the hall tells of itself: enough to run it, nothing about anybody."""

import json
import logging
import re
from io import StringIO

import pytest
from pydantic import SecretStr

from kernel.observability import logs
from kernel.settings import settings
from tests import factories as f
from tests.conftest import Client
from tests.hotline.test_api import NEW

pytestmark = pytest.mark.usefixtures("database")


async def test_metrics_count_answers_and_durations_by_handler_never_by_address(signed_in: Client) -> None:
    client = signed_in(f.OPERATOR)
    created = (await client.post("/api/v1/tickets", json=NEW)).json()
    for _ in range(3):
        await client.get(f"/api/v1/tickets/{created['no']}")
    told = (await client.get("/metrics")).text

    shown = 'handler="hotline.tickets.api.show",method="GET",status="200"'
    assert re.search(rf"sunhall_requests_total{{{shown}}} ([3-9]|\d\d+)\.0", told)
    assert re.search(r'sunhall_request_seconds_bucket{handler="hotline.tickets.api.show",le="\+Inf"}', told)
    for name in ("outbox", "clocks"):
        assert f"sunhall_{name}{{" in told
    assert created["no"] not in told
    assert "云谷" not in told


async def test_de05_metrics_are_for_this_machine_and_for_who_has_the_token(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(f.NOBODY)
    client._transport.client = ("203.0.113.5", 1)  # type: ignore[attr-defined]
    assert (await client.get("/metrics")).status_code == 404
    monkeypatch.setattr(settings(), "metrics_token", SecretStr("t" * 32))
    assert (await client.get("/metrics", headers={"authorization": f"Bearer {'x' * 32}"})).status_code in (401, 404)


async def test_lo01_a_line_a_request_with_its_id_and_no_word_of_what_was_said(
    signed_in: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    stream, root = StringIO(), logging.getLogger()
    before = list(root.handlers)
    logs.set_up()
    try:
        for handler in root.handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(stream)
        client = signed_in(f.OPERATOR)
        answer = await client.post("/api/v1/tickets?who=张三", json=NEW)
        await client.get(f"/hotline/tickets/{answer.json()['no']}")
        logging.getLogger("anything").warning("called 13900002206\nby 张三")
    finally:
        root.handlers[:] = before

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    first = next(line for line in lines if line.get("event") == "request")
    assert first["request_id"] == answer.headers["x-request-id"]
    assert {"at", "level", "event"} <= lines[0].keys()
    whole = stream.getvalue()
    for canary in (NEW["content"], NEW["title"], "13900002206", "139 0000 2206", "云谷路"):
        assert canary not in whole, canary


async def test_a_process_lives_even_when_its_database_does_not(signed_in: Client) -> None:
    client = signed_in(f.NOBODY)
    assert (await client.get("/healthz")).text == "ok"
    told = (await client.get("/readyz")).json()
    assert told["ready"] is True
    assert told["parts"]["database"] == "ok"
