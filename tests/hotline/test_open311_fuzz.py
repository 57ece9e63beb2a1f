"""Whatever is sent to the open interface, it answers below 500 and refuses in the body and the format of GeoReport."""

import json
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

import pytest
import xmltodict  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import validate  # type: ignore[import-untyped]

from hotline.open311 import showing
from hotline.tickets.models import Ticket
from tests import factories as f
from tests.conftest import Client
from tests.factories import a_ticket
from tests.hotline.test_open311 import AT, ERRORS, SENT

FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"
LONG_CHARS = 6_000
QUERY_CHARS = 60_000  # what the client sends at most
NUMBER = "{no}"  # of a request that there is
FORMATS = st.sampled_from(["json", "xml", "json", "xml", "XML", "html", "%00", "json.xml", ""])
NAMES = (
    "jurisdiction_id", "service_request_id", "service_code", "start_date", "end_date", "status", "api_key", *SENT,
    "address_string", "address_id", "media_url[]", "attribute[secrecy]", "attribute[]", "attribute[", "page", "\x00",
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [
            b"", b"91", b"-90.0000001", b"181", b"1e400", b"NaN", b"-Infinity", b"0x10", b"28.5", b"115.1", b"1E-400",
            "٣".encode(), b"000000", b"open,closed", b"2026-03-02T10:00:00+08:00", b"9999-12-31T23:59:59Z",
            b"0001-01-01T00:00:00-14:00", b"1970-01-01T00:00:00+14:00", b"2026-03-02T10:00:00+23:59", b"360000",
            b"\xff\xfe", b"\xed\xa0\x80", b"a\x00b", "\u202e路灯".encode(), b"9" * LONG_CHARS,
            "灯".encode() * LONG_CHARS,
            b",".join(b"%d" % n for n in range(300)), NUMBER.encode(),
        ]
    ),
    st.binary(max_size=30), st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")),
)  # fmt: skip
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)
PARTS = st.one_of(st.just(NUMBER), st.just("000000"), st.text(max_size=20), st.just("长" * 300))
PLACES = st.sampled_from(["discovery", "services", "requests", "servicerequestupdates", "tokens", "nothing", ""])


@dataclass(frozen=True)
class Case:
    """One request: what stands in the address, and what is sent."""

    method: str
    path: str
    query: str
    kind: str
    body: bytes

    @property
    def xml(self) -> bool:
        return self.path.endswith(".xml")


def escaped(raw: bytes) -> str:
    return quote_from_bytes(raw, safe="")


def form(pairs: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{escaped(name.encode())}={escaped(value)}" for name, value in pairs)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    part = draw(st.one_of(st.none(), PARTS))
    below = "" if part is None else f"/{escaped(part.encode('utf-8', 'replace')) if part != NUMBER else NUMBER}"
    path = f"{AT}/{draw(PLACES)}{below}.{draw(FORMATS)}"
    kind = draw(st.sampled_from([FORM, FORM, FORM, JSON, MULTIPART, "", f"{FORM}; charset=utf-16", "x/y\\z"]))
    usual = [(name, value.encode()) for name, value in SENT.items()] if draw(st.booleans()) else []
    body = form(usual + draw(PAIRS)).encode() if kind == FORM else draw(st.binary(max_size=200))
    return Case(draw(st.sampled_from(["GET", "POST", "POST", "PUT", "DELETE"])), path, form(draw(PAIRS)), kind, body)


def drawn(count: int) -> list[Case]:
    """By hypothesis, the same in every run; sent afterwards, because the hall answers in the loop of the test."""
    found: list[Case] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck])
    @given(case=cases())
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


async def test_whatever_is_sent_the_answer_is_georeports(signed_in: Client) -> None:
    ticket, client = await a_ticket(), signed_in(f.NOBODY)
    seen, real = set[tuple[str, int]](), escaped(NUMBER.encode())
    for case in drawn(400):
        path, query = (told.replace(NUMBER, ticket.no).replace(real, ticket.no) for told in (case.path, case.query))
        headers = {"Content-Type": case.kind} if case.kind else {}
        body = case.body if case.method in {"POST", "PUT"} else b""
        answer = await client.request(case.method, f"{path}?{query[:QUERY_CHARS]}", content=body, headers=headers)
        assert answer.status_code < 500, case
        assert_in_its_tongue(answer.status_code, answer.headers["content-type"], answer.content, case)
        seen.add((case.method, answer.status_code))
    assert {("GET", 200), ("GET", 400), ("GET", 404), ("POST", 400)} <= seen, seen
    assert await Ticket.all().count() >= 1


def assert_in_its_tongue(status: int, kind: str, content: bytes, case: Case) -> None:
    assert kind == ("text/xml; charset=utf-8" if case.xml else "application/json; charset=utf-8"), (case, kind)
    if case.xml:
        told = xmltodict.parse(content)
        if status >= 400:
            errors = told["errors"]["error"]
            errors = errors if isinstance(errors, list) else [errors]
            assert all(one["code"] == str(status) and one["description"] for one in errors), (case, errors)
    else:
        errors = json.loads(content)
        if status >= 400:
            validate(errors, ERRORS)
            assert all(one["code"] == status for one in errors), (case, errors)


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_the_edge_and_our_own_mistakes_answer_in_the_same_tongue(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    client = signed_in(f.NOBODY)
    nowhere = Case("GET", f"{AT}/nothing.{form}", "", "", b"")
    answer = await client.get(nowhere.path)
    assert answer.status_code == 404
    assert_in_its_tongue(404, answer.headers["content-type"], answer.content, nowhere)

    put = await client.put(f"{AT}/requests.{form}")
    assert put.status_code == 405
    assert_in_its_tongue(405, put.headers["content-type"], put.content, nowhere)

    large = await client.post(f"{AT}/requests.{form}", content=b"x" * 40_000_000, headers={"Content-Type": FORM})
    assert large.status_code == 413
    assert_in_its_tongue(413, large.headers["content-type"], large.content, nowhere)

    async def broken(*_: object) -> list[object]:
        raise ZeroDivisionError

    monkeypatch.setattr(showing, "services", broken)
    failed = await client.get(f"{AT}/services.{form}")
    assert failed.status_code == 500
    assert_in_its_tongue(500, failed.headers["content-type"], failed.content, nowhere)
    assert "ZeroDivisionError" not in failed.text
