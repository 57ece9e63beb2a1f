"""Parts of one upload come to two web processes in turn: they share the folder where parts wait."""

import hashlib

import httpx

from tests.faults.test_history import Twins, at, twins

__all__ = ["twins"]
PART, TEXT = 500_000, b"2026-11-19 18:00 no water\n" * 100_000  # six parts


def test_an_upload_whose_parts_go_to_two_processes_in_turn_is_whole(twins: Twins) -> None:
    twins.hall.port = twins.ports[0]
    headers = twins.hall.token("operator")
    first, second = (f"{at(port)}/api/v1/files/uploads" for port in twins.ports)
    sha256 = hashlib.sha256(TEXT).hexdigest()
    wanted = {"name": "a.txt", "size": len(TEXT), "slot": "ticket"}
    no = httpx.post(first, json=wanted, headers=headers, timeout=20).json()["upload"]
    raw = headers | {"Content-Type": "application/octet-stream"}
    for number, start in enumerate(range(0, len(TEXT), PART)):
        part, base = TEXT[start : start + PART], (second, first)[number % 2]
        answer = httpx.put(f"{base}/{no}?offset={start}", content=part, headers=raw, timeout=20)
        assert answer.json()["received"] == start + len(part), answer.text
    done = httpx.post(f"{second}/{no}/complete", json={}, headers=headers, timeout=20)
    assert (done.status_code, done.json()["sha256"]) == (201, sha256), done.text
    for port in twins.ports:
        assert httpx.get(f"{at(port)}/files/{done.json()['file']}", headers=headers, timeout=20).content == TEXT
