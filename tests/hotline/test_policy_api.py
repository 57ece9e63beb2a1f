"""Time-limit policies for programs: the same moves, guards and trials as on the pages, in the shape of every API."""

import copy
from datetime import UTC, date, datetime, timedelta

from hotline.policies import jobs
from hotline.policies.models import Policy, Replay
from hotline.policies.presets import PRESETS
from tests import factories as f
from tests.conftest import Client
from tests.factories import MANAGER, SUPERVISOR
from tests.hotline.test_policy_life import a_policy

AT = "/api/v1/hotline/policies"
STARTED = {"no": "city-2027-1", "title": "按市政府令第 12 号修订", "base": "shandong-5+10"}


async def test_a_program_drafts_and_a_second_person_publishes(signed_in: Client) -> None:
    manager, supervisor = signed_in(MANAGER), signed_in(SUPERVISOR)
    begun = await manager.post(AT, json=STARTED, headers={"Idempotency-Key": "a"})
    assert begun.status_code == 201
    assert (await manager.post(AT, json=STARTED, headers={"Idempotency-Key": "a"})).json() == begun.json()
    told = begun.json()
    assert (told["kind"], told["state"], told["base"]) == ("time_policy", "draft", STARTED["base"])
    assert told["in_force"] is False
    assert {one["name"] for one in told["moves"]} == {"edit", "submit", "withdraw"}
    here = f"{AT}/{STARTED['no']}"

    document = copy.deepcopy(told["document"])
    document["steps"]["handle"]["demand"] = "三天"
    sent = {"version": told["version"], "facts": {"title": STARTED["title"], "document": document}}
    assert (await manager.post(f"{here}/moves/edit", json=sent)).status_code == 422
    document["steps"]["handle"]["demand"] = "3 wd"
    told = (await manager.post(f"{here}/moves/edit", json=sent)).json()
    assert told["document"]["steps"]["handle"]["demand"] == "3 wd"
    told = (await manager.post(f"{here}/moves/submit", json={"version": told["version"]})).json()
    assert told["state"] == "submitted"

    today = datetime.now(UTC) + timedelta(hours=8)
    sent = {"version": told["version"], "facts": {"effective_from": f"{today.date()}"}}
    refused = await manager.post(f"{here}/moves/publish", json=sent)
    assert refused.status_code == 403, "who wrote it doesn't publish it"
    told = (await supervisor.post(f"{here}/moves/publish", json=sent)).json()
    assert (told["state"], told["effective_from"], told["in_force"]) == ("published", f"{today.date()}", True)
    assert (await supervisor.post(f"{here}/moves/publish", json=sent)).status_code == 409
    moves = [one["move"] for one in (await manager.get(f"{here}/journal")).json()]
    assert moves == ["draft", "edit", "submit", "publish"]


async def test_versions_are_listed_and_read_by_who_may_read_them(signed_in: Client) -> None:
    await a_policy("submitted")
    manager = signed_in(MANAGER)
    listed = (await manager.get(AT)).json()
    assert [one["no"] for one in listed["items"]] == ["city-1", "default-v1"]
    assert [one["in_force"] for one in listed["items"]] == [False, True]
    assert "document" not in listed["items"][0]
    one = (await manager.get(f"{AT}/default-v1")).json()
    assert one["document"]["longer"]["complex"]["demand"] == "15 wd"
    assert (await manager.get(f"{AT}/nowhere")).status_code == 404
    for stranger, status in ((f.HANDLER, 403), (f.CITIZEN, 403), (f.NOBODY, 401)):
        client = signed_in(stranger)
        for path in (AT, f"{AT}/default-v1", f"{AT}/default-v1/journal", f"{AT}/default-v1/trials/1"):
            assert (await client.get(path)).status_code == status, (stranger.name, path)
        assert (await client.post(AT, json=STARTED)).status_code == status
    assert (await signed_in(SUPERVISOR).post(AT, json=STARTED)).status_code == 403, "who publishes doesn't draft"
    assert (await manager.post(AT, json=STARTED | {"no": "default-v1"})).status_code == 422
    assert await Policy.all().count() == len({"default-v1", "city-1"}) < len(PRESETS)


async def test_a_trial_is_asked_for_worked_off_and_read_by_its_number(signed_in: Client) -> None:
    await f.a_ticket_in("closed")
    await a_policy("draft", handle__demand="1 wd")
    manager, here = signed_in(MANAGER), f"{AT}/city-1/trials"
    day = f"{date(2026, 3, 2)}"
    future = await manager.post(here, json={"first": day, "last": "2999-01-01"})
    assert future.status_code == 422
    asked = await manager.post(here, json={"first": day, "last": day})
    assert asked.status_code == 201
    told = asked.json()
    assert (told["total"], told["done"], told["finished_at"]) == (1, 0, None)
    [replay] = await Replay.all()
    await jobs.work(replay, worker="one", at=datetime.now(UTC))
    told = (await manager.get(f"{here}/{told['number']}")).json()
    assert (told["done"], told["of_this_sheet"]) == (1, True)
    assert {"step": "handle", "class": "demand", "judged": 1, "late_then": 0, "late_now": 0} in told["lines"]
    assert told["changed"] == []
    for number in ("999", "x", "9" * 30):
        assert (await manager.get(f"{here}/{number}")).status_code == 404
