"""What the API's own document promises holds for whatever a program sends."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.halls import Hall

PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck], database=None)
ENDS_SESSIONS = "/session"


def document(hall: Hall) -> dict[str, object]:
    told: dict[str, object] = httpx.get(f"{hall.url}/api/openapi.json", timeout=20).json()
    return told


def numbers(hall: Hall, headers: dict[str, str]) -> list[str]:
    """Of tickets that the reader may see: behind a number made up there is only a 404."""
    if not headers:
        return []
    listed = httpx.get(f"{hall.url}/api/v1/tickets?limit=100", headers=headers, timeout=20).json()
    return [item["no"] for item in listed["items"]]


@pytest.mark.parametrize("username", ["operator", "dispatcher", "agency", ""])
def test_ap06_every_operation_keeps_its_promises_whatever_is_sent(hall: Hall, username: str) -> None:
    schema = schemathesis.openapi.from_dict(document(hall))
    schema.config.update(base_url=hall.url)
    headers = hall.token(username) if username else {}
    real, tried = numbers(hall, headers), []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path.endswith(ENDS_SESSIONS):
            continue

        @FEW
        @given(case=operation.as_strategy(), which=st.integers(0, 2 * len(real)))
        def holds(case: schemathesis.Case[Any], which: int) -> None:
            if "no" in case.path_parameters and which < len(real):
                case.path_parameters["no"] = real[which]
            case.call_and_validate(headers=headers, checks=PROMISES, timeout=20)

        holds()
        tried.append(operation.label)
    assert len(tried) > 15
