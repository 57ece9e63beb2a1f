"""Input that breaks a parser or a database elsewhere: rows IN04, IN05, IN06, IN12."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.tickets.models import Ticket
from kernel.edge import csrf
from tests import factories as f
from tests.conftest import ROOT, SECRET, Client
from tests.hotline.test_api import NEW
from tests.test_rules import SOURCES, calls

TOO_GREAT = [2**31, 2**63, -(2**63) - 1, 10**40]
PATTERNS = {"compile", "match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split"}
NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*]")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("number", TOO_GREAT)
async def test_in04_a_number_that_no_column_holds_is_refused_by_both_databases_alike(
    signed_in: Client, number: int
) -> None:
    ticket, client = await f.a_ticket(), signed_in(f.DISPATCHER)
    sent = json.dumps({"version": number, "facts": {"lead": "SW", "basis": "职责清单"}}).encode()
    headers = {"content-type": "application/json"}
    answer = await client.post(f"/api/v1/tickets/{ticket.no}/moves/dispatch", content=sent, headers=headers)
    assert answer.status_code == 422, answer.text
    for path in (f"/api/v1/tickets?limit={number}", f"/inbox/{number}", f"/inbox?before={number}"):
        assert (await client.get(path)).status_code < 500, path


@pytest.mark.usefixtures("database")
async def test_in05_what_should_be_sent_once_is_refused_twice_in_address_form_and_head(signed_in: Client) -> None:
    client = signed_in(f.OPERATOR)
    assert (await client.get("/api/v1/tickets?limit=1&limit=2")).status_code == 400
    twice = [("idempotency-key", "a"), ("idempotency-key", "b")]
    assert (await client.post("/api/v1/tickets", json=NEW, headers=twice)).status_code == 400
    body = f"_csrf={csrf.token(SECRET)}&type=help&title=%E5%81%9C%E6%B0%B4%E4%B8%A4%E5%A4%A9&title=%E5%88%AB%E7%9A%84"
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "http://localhost"}
    assert (await client.post("/hotline/new", content=body, headers=headers)).status_code == 400
    assert await Ticket.all().count() == 0


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("cut", [1, 4, 8, 60, 200])
async def test_in06_a_form_whose_end_is_missing_is_refused_and_nothing_is_kept(signed_in: Client, cut: int) -> None:
    typed = {
        "_csrf": csrf.token(SECRET), "type": "help", "title": "小区停水两天", "content": "小区停水两天，无人通知。",
        "caller_phone": "13900002206", "address": "江北区云谷路 66 号",
    }  # fmt: skip
    parts = "".join(f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                    for name, value in typed.items())  # fmt: skip
    whole = f"{parts}--x--\r\n".encode()
    headers = {"content-type": "multipart/form-data; boundary=x", "origin": "http://localhost"}
    client = signed_in(f.OPERATOR)
    answer = await client.post("/hotline/file", content=whole[: len(whole) - 2 - cut], headers=headers)
    assert answer.status_code == 400, answer.status_code
    assert await Ticket.all().count() == 0
    assert (await client.post("/hotline/file", content=whole, headers=headers)).status_code in (200, 303)
    assert await Ticket.all().count() == 1


def patterns(file: Path) -> Iterator[tuple[int, ast.expr]]:
    for call in calls(file):
        if ast.unparse(call.func).startswith("re.") and ast.unparse(call.func)[3:] in PATTERNS and call.args:
            yield call.lineno, call.args[0]


def test_in12_no_pattern_is_made_of_what_somebody_sent_and_none_repeats_within_a_repeat() -> None:
    for file in SOURCES:
        for line, pattern in patterns(file):
            where = f"{file.relative_to(ROOT)}:{line}"
            names = {node.id for node in ast.walk(pattern) if isinstance(node, ast.Name)}
            assert all(name.isupper() for name in names), f"{where}: made of {names}"
            assert not any(isinstance(node, ast.Call) for node in ast.walk(pattern)), where
            said = "".join(str(node.value) for node in ast.walk(pattern) if isinstance(node, ast.Constant))
            assert not NESTED.search(said), f"{where}: {said}"
