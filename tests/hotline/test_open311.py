"""GeoReport v2 as its clients use it: read by `georeport`, written as FixMyStreet writes, and nobody is given away."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import xmltodict  # type: ignore[import-untyped]
from georeport import GeoReport  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate  # type: ignore[import-untyped]

from hotline.categories.models import Category
from hotline.open311 import showing
from hotline.tickets import actions
from hotline.tickets.disclosure import redacted
from hotline.tickets.forms import Note
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.api import local
from kernel.journal import Sealed
from kernel.models import Entry
from tests import factories as f
from tests.conftest import Client
from tests.factories import NOW, a_ticket, a_ticket_in, way

AT = "/open311/v2"
SPAN = {"start_date": local(NOW - timedelta(days=1)), "end_date": local(NOW + timedelta(days=1))}
TEXT = {"type": "string"}
REQUEST = {
    "type": "object",
    "required": ["service_request_id", "status", "service_code", "requested_datetime"],
    "properties": {
        "service_request_id": TEXT, "status": {"enum": ["open", "closed"]}, "service_code": TEXT,
        "requested_datetime": TEXT | {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$"},
        "description": TEXT | {"maxLength": 4000}, "lat": {"type": "number"}, "long": {"type": "number"},
        "media_url": TEXT, "expected_datetime": TEXT, "address": TEXT, "status_notes": TEXT,
    },
}  # fmt: skip
SERVICE = {
    "type": "object",
    "required": ["service_code", "service_name", "metadata", "type"],
    "properties": {"metadata": {"type": "boolean"}, "type": {"enum": ["realtime", "batch", "blackbox"]}},
}
ERRORS = {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["code", "description"]}}
SENT = {
    "service_code": "000000", "lat": "28.51234", "long": "115.12345", "first_name": "小明", "last_name": "欧阳",
    "phone": "13900002206", "email": "ming@example.com", "media_url": "https://pictures.example.com/1.jpg",
    "description": "title: 路灯不亮\n\ndetail: 欧阳小明，电话 139 0000 2206，ming@example.com\n",
    "attribute[type]": "help", "attribute[fixmystreet_id]": "4711",
}  # fmt: skip
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_client_of_open311_reads_json_and_xml_alike(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wire between `georeport` and the hall is a double: it carries what the hall answered to the same address."""
    await Category.create(code="010101", name="路灯", path_name="城建 / 市政 / 路灯", level=3)
    ticket, nobody = await a_ticket(category="010101", lat="28.51234", lon="115.12345"), signed_in(f.NOBODY)
    heard: dict[str, requests.Response] = {}
    for form in ("json", "xml"):
        for path in ("services", "services/010101", f"requests/{ticket.no}", "requests"):
            asked = SPAN if path == "requests" else {}
            answer = await nobody.get(f"{AT}/{path}.{form}", params=asked)
            heard[f"http://hall{AT}/{path}.{form}"] = carried = requests.Response()
            carried.status_code, carried._content = answer.status_code, answer.content
    monkeypatch.setattr(requests, "get", lambda url, params: heard[url])

    seen = {form: GeoReport(f"http://hall{AT}", output_format=form) for form in ("json", "xml")}
    assert [one["service_code"] for one in seen["xml"].get_service_list()] == ["010101", "000000"]
    assert seen["xml"].get_service_definition("010101")["service_code"] == "010101"
    one, same = (seen[form].get_service_request(ticket.no) for form in ("json", "xml"))
    assert one["service_request_id"] == same["service_request_id"] == ticket.no
    assert (one["lat"], one["long"], one["address"], one["service_name"]) == (28.512, 115.123, "江北区云谷路", "路灯")
    assert seen["json"].get_service_requests(**SPAN) == [one]
    for row in (one, *seen["json"].get_service_requests()):
        validate(row, REQUEST)
    for service in seen["json"].get_service_list():
        validate(service, SERVICE)
    assert "description" not in one  # a caller on the telephone never agreed to be read


async def test_a_report_as_fixmystreet_sends_it_becomes_a_ticket_and_tells_nobody_who_sent_it(
    signed_in: Client,
) -> None:
    nobody = signed_in(f.NOBODY)
    answer = await nobody.post(f"{AT}/requests.xml", content=urlencode(SENT), headers=FORM)
    assert answer.status_code == 200, answer.text
    told = xmltodict.parse(answer.content)["service_requests"]["request"]
    ticket = await Ticket.get(no=told["service_request_id"])
    assert (ticket.channel, ticket.title, ticket.has_phone) == ("open311", "路灯不亮", True)
    assert "查询码" in told["service_notice"]

    (shown,) = (await nobody.get(f"{AT}/requests/{ticket.no}.json")).json()
    validate(shown, REQUEST)
    assert shown["media_url"] == SENT["media_url"]
    assert "路灯不亮" in shown["description"]
    for secret in ("欧阳小明", "2206", "ming@", "4711", "28.5123", "115.1234"):
        assert secret not in str(shown)


@pytest.mark.parametrize("hidden", [{"type": "report"}, {"secrecy": "confidential"}, {"secrecy": "anonymous"}], ids=str)
async def test_reports_and_confidential_matters_are_in_no_answer(signed_in: Client, hidden: dict[str, Any]) -> None:
    ticket, open_one = await a_ticket(**hidden), await a_ticket()
    for asker in (f.NOBODY, f.OPERATOR):
        program = signed_in(asker)
        for path in (f"requests/{ticket.no}", f"tokens/{ticket.no}"):
            assert (await program.get(f"{AT}/{path}.json")).status_code == 404
        for path in ("requests", "servicerequestupdates"):
            text = (await program.get(f"{AT}/{path}.json", params=SPAN)).text
            assert open_one.no in text
            assert ticket.no not in text
        named = {"service_request_id": f"{ticket.no},{open_one.no}"} | SPAN
        assert ticket.no not in (await program.get(f"{AT}/servicerequestupdates.json", params=named)).text


async def test_updates_of_a_span_say_every_change_of_state_and_no_inner_word(signed_in: Client) -> None:
    ticket = await a_ticket_in("closed")
    await actions.note(ticket, Note(text=Sealed("内部意见")), **way(ticket, f.OPERATOR))
    answer = await signed_in(f.NOBODY).get(f"{AT}/servicerequestupdates.xml", params=SPAN)
    told = xmltodict.parse(answer.content)["service_request_updates"]["request_update"]
    assert [one["status"] for one in told] == ["open"] * (len(told) - 1) + ["closed"]
    assert told[-1]["description"] == "办结：已办结"
    assert "内部意见" not in answer.text
    before = {name: local(NOW - timedelta(days=days)) for name, days in (("start_date", 9), ("end_date", 8))}
    assert (await signed_in(f.NOBODY).get(f"{AT}/servicerequestupdates.json", params=before)).json() == []


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400),
        ({"start_date": "2026-01-01T00:00:00"}, 400),
        ({"status": "fixed"}, 400),
        ({"jurisdiction_id": "elsewhere"}, 404),
    ],
)
async def test_a_wrong_question_is_answered_in_the_clients_tongue(
    signed_in: Client, params: dict[str, str], status: int
) -> None:
    answer = await signed_in(f.NOBODY).get(f"{AT}/requests.json", params=params)
    assert answer.status_code == status
    validate(answer.json(), ERRORS)
    spelled = await signed_in(f.NOBODY).get(f"{AT}/requests.xml", params=params)
    assert xmltodict.parse(spelled.content)["errors"]["error"]["code"] == str(status)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"service_code": ""}, 400), ({"service_code": "BADGER"}, 404), ({"attribute[type]": "starfish"}, 400),
        ({"lat": "", "long": ""}, 400), ({"lat": "91"}, 400), ({"phone": "call me"}, 400),
        ({"api_key": "made-up"}, 403), ({"description": "长" * 4001}, 400),
    ],
)  # fmt: skip
async def test_a_wrong_request_registers_nothing(signed_in: Client, changed: dict[str, str], status: int) -> None:
    answer = await signed_in(f.NOBODY).post(f"{AT}/requests.json", content=urlencode(SENT | changed), headers=FORM)
    assert answer.status_code == status
    validate(answer.json(), ERRORS)
    assert await Ticket.all().count() == 0


async def test_only_whose_it_is_adds_to_a_request(signed_in: Client) -> None:
    ticket = await a_ticket(by=f.CITIZEN, channel="web")
    body = urlencode({"service_request_id": ticket.no, "description": "还是不亮"})
    said: dict[Any, int] = {}
    for who in (f.NOBODY, f.NEIGHBOUR, f.CITIZEN):
        path = f"{AT}/servicerequestupdates.json"
        said[who.name] = (await signed_in(who).post(path, content=body, headers=FORM)).status_code
    assert list(said.values()) == [403, 404, 200]


async def test_a_place_may_be_as_long_as_a_map_writes_it(signed_in: Client) -> None:
    long = SENT | {"lat": "28.228209999999997", "long": "112.93881000000002"}
    answer = await signed_in(f.NOBODY).post(f"{AT}/requests.json", content=urlencode(long), headers=FORM)
    assert answer.status_code == 200, answer.text
    no = answer.json()[0]["service_request_id"]
    [shown] = (await signed_in(f.NOBODY).get(f"{AT}/requests/{no}.json")).json()
    assert (shown["lat"], shown["long"]) == (28.228, 112.939)


async def test_without_words_a_request_is_named_after_its_service(signed_in: Client) -> None:
    told = {"service_code": "000000", "address_string": "江北区云谷路"}
    answer = await signed_in(f.NOBODY).post(f"{AT}/requests.json", content=urlencode(told), headers=FORM)
    assert (await Ticket.get(no=answer.json()[0]["service_request_id"])).title == "其他诉求"


async def test_an_update_told_twice_is_one_and_its_picture_arrives(signed_in: Client) -> None:
    ticket = await a_ticket(by=f.CITIZEN, channel="web")
    citizen, path = signed_in(f.CITIZEN), f"{AT}/servicerequestupdates.json"
    told = {"service_request_id": ticket.no, "update_id": "77", "description": "", "media_url": "https://x.cn/a.jpg"}
    answers = [(await citizen.post(path, content=urlencode(told), headers=FORM)) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    notes = await Entry.filter(subject=ticket.ref, move="note")
    assert len(notes) == 1
    assert "图片：https://x.cn/a.jpg" in (await journal.unsealed(ticket.ref, "text") or "")
    silent = urlencode({"service_request_id": ticket.no})
    assert (await citizen.post(path, content=silent, headers=FORM)).status_code == 400


async def test_a_method_that_isnt_there_is_refused_in_chinese(signed_in: Client) -> None:
    refused = await signed_in(f.NOBODY).delete(f"{AT}/requests.json")
    assert refused.json() == [{"code": 405, "description": "这个地址不接受 DELETE 请求。"}]


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.sampled_from(["路灯不亮", "请联系", "，", " ", "电话", "：", "张三丰"]), max_size=6),
    number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    join=st.sampled_from(["", " ", "-", "　"]),
    box=st.from_regex(r"[a-z]{3,8}@[a-z]{3,8}\.(com|cn)", fullmatch=True),
)
def test_what_is_redacted_holds_no_number_no_address_and_no_name(
    words: list[str], number: str, join: str, box: str
) -> None:
    text = "".join(words) + join.join((number[:3], number[3:7], number[7:])) + "，" + box + "，张三丰"
    told = redacted(text, "张三丰")
    assert number[3:7] not in told
    assert box not in told
    assert "张三丰" not in told


@given(st.text(max_size=40))
def test_a_published_address_ends_before_the_door(address: str) -> None:
    assert not any(sign in showing.street(address) for sign in "0123456789")
