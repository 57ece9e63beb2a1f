"""Live streams: every event once and in order, however the line and the processes come and go; on both databases."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.types import Message, Scope

from kernel import jobs, outbox
from kernel.database import transaction
from kernel.errors import Malformed, TooMany
from kernel.models import Event
from kernel.people.sessions import SignedInAs
from kernel.permissions import ANONYMOUS, Actor
from kernel.settings import settings
from kernel.streams import channels, stirs
from kernel.streams.answer import Live
from kernel.streams.source import Told, of_events
from tests.factories import MANAGER, NOW

pytestmark = pytest.mark.usefixtures("database")
WITHIN_S = 10


def told(event: Event) -> Told | None:
    return Told(event.place or 0, "moved", {"topic": event.topic}) if "secret" not in event.topic else None


SOURCE = of_events("test", ("thing", "other"), told)


async def written(count: int, topic: str = "thing.moved") -> None:
    async with transaction():
        for _ in range(count):
            await outbox.publish(topic, "thing:1", 1, NOW)


async def happened(count: int, topic: str = "thing.moved") -> None:
    await written(count, topic)
    await outbox.put_in_order()


@dataclass
class Watcher:
    """A browser's EventSource, as far as a stream is concerned."""

    sent: list[Message] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    stuck: asyncio.Event | None = None

    @property
    def text(self) -> str:
        return b"".join(m.get("body", b"") for m in self.sent).decode()

    @property
    def places(self) -> list[int]:
        return [int(line.removeprefix("id: ")) for line in self.text.splitlines() if line.startswith("id: ")]

    @property
    def over(self) -> bool:
        return bool(self.sent) and self.sent[-1].get("more_body") is False

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.stuck is not None and message["type"] == "http.response.body":
            await self.stuck.wait()
        self.sent.append(message)

    async def until(self, so: Callable[["Watcher"], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not so(self):
                await asyncio.sleep(0.01)

    async def until_has(self, count: int) -> None:
        await self.until(lambda watcher: len(watcher.places) >= count)


def asked(actor: Actor = MANAGER, *, last: str = "", method: str = "GET", now: Actor | None = None) -> Request:
    """`now`: who is behind it when somebody looks again."""

    async def again() -> SignedInAs | None:
        who = now or actor
        ends = NOW + timedelta(hours=1)
        return None if who.anonymous else SignedInAs(1, b"", "web", who, NOW, ends, must_change=False, read_at=0)

    headers = [(b"last-event-id", last.encode())] if last else []
    scope: Scope = {
        "type": "http", "method": method, "path": "/", "query_string": b"", "headers": headers,
        "client": ("10.0.0.1", 1), "user": actor, "again": again,
    }  # fmt: skip
    return Request(scope)


def is_manager(actor: Actor) -> bool:
    return actor.id == MANAGER.id


@asynccontextmanager
async def watching(request: Request) -> AsyncIterator[Watcher]:
    watcher = Watcher()
    live = Live(request, SOURCE, still=None if request.user.anonymous else is_manager)
    running = asyncio.create_task(live(request.scope, watcher.receive, watcher.send))
    try:
        await watcher.until(lambda one: bool(one.sent) or running.done())
        if running.done():
            await running
        yield watcher
    finally:
        watcher.left.set()
        running.cancel()
        with suppress(asyncio.CancelledError, TooMany):
            await running


async def test_a_watcher_gets_what_happens_once_in_order_and_nothing_of_other_kinds() -> None:
    await happened(2)
    async with watching(asked()) as watcher:
        await happened(3)
        await happened(1, "stranger.moved")
        await happened(1, "thing.secret")
        await happened(1, "other.moved")
        await watcher.until_has(4)
    assert watcher.places == [3, 4, 5, 8]
    head = dict(watcher.sent[0]["headers"])
    assert head[b"content-type"].startswith(b"text/event-stream")
    assert head[b"x-accel-buffering"] == b"no"
    first, *_ = [line for line in watcher.text.splitlines() if line.startswith("data: ")]
    assert json.loads(first.removeprefix("data: ")) == {"topic": "thing.moved"}


async def test_a_dropped_hour_is_caught_up_by_the_last_number_with_nothing_missed_and_nothing_doubled() -> None:
    async with watching(asked()) as first:
        await happened(3)
        await first.until_has(3)
    for _ in range(3):
        await happened(channels.BATCH)
    async with watching(asked(last=str(first.places[-1]))) as second:
        await happened(2)
        await second.until_has(3 * channels.BATCH + 2)
    assert first.places + second.places == [*range(1, 3 * channels.BATCH + 6)]


async def test_who_comes_back_while_others_watch_gets_the_older_from_the_database_and_the_newer_from_memory() -> None:
    await happened(5)
    async with watching(asked()) as early:
        await happened(4)
        await early.until_has(4)
        async with watching(asked(last="2")) as late:
            await happened(2)
            await late.until_has(9)
            await early.until_has(6)
    assert late.places == [*range(3, 12)]
    assert early.places == [*range(6, 12)]


async def test_a_change_that_began_earlier_and_was_committed_later_is_not_missed(engine: str) -> None:
    """On PostgreSQL its row has the smaller number; SQLite has one writer, so it can't happen."""
    if engine == "sqlite":
        return
    begun, close = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await outbox.publish("thing.slow", "thing:2", 1, NOW)
            begun.set()
            await close.wait()

    async with watching(asked()) as watcher:
        writing = asyncio.create_task(slow())
        await begun.wait()
        await happened(2, "thing.fast")
        await watcher.until_has(2)
        close.set()
        await writing
        await outbox.put_in_order()
        await watcher.until_has(3)
    ids = {event.topic: event.id for event in await Event.all()}
    assert ids["thing.slow"] < ids["thing.fast"]
    assert watcher.text.count("slow") == 1
    assert watcher.places == [1, 2, 3]


async def test_several_workers_give_one_order_without_gaps() -> None:
    await written(60)
    await asyncio.gather(*(outbox.put_in_order() for _ in range(4)))
    places = await Event.all().order_by("place").values_list("place", flat=True)
    assert places == [*range(1, 61)]


async def test_a_word_through_the_queue_brings_it_and_without_a_word_it_comes_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channels, "LOOK_S", 600.0)
    async with jobs.queue("") as redis, stirs.heard(redis, channels.stir_here), watching(asked()) as watcher:
        await happened(1)
        await asyncio.sleep(0.2)
        assert not watcher.places, "nobody has said anything, and nobody looks for ten minutes"
        await stirs.stir(SOURCE.stir)
        await watcher.until_has(1)
        await written(1)
        await jobs.deliver({"worker": "w", "redis": redis})
        await watcher.until_has(2)
    monkeypatch.setattr(channels, "LOOK_S", 0.05)
    async with watching(asked()) as watcher:
        await happened(1)
        await watcher.until_has(1)


async def test_it_ends_for_who_is_signed_out_or_may_no_longer_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.streams.answer.CHECK_S", 0.05)
    for now in (ANONYMOUS, Actor(id=99, name="别人", kind="staff")):
        async with watching(asked(now=now)) as watcher:
            await watcher.until(lambda one: one.over)
            assert "event: over" in watcher.text


async def test_a_stream_for_everybody_asks_nobody_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.streams.answer.CHECK_S", 0.05)
    async with watching(asked(ANONYMOUS)) as watcher:
        await asyncio.sleep(0.2)
        await happened(1)
        await watcher.until_has(1)
        assert not watcher.over


async def test_do04_one_person_has_so_many_streams_and_one_that_ends_makes_room() -> None:
    most = settings().streams_per_person
    async with watching(asked()):
        async with watching(asked()), watching(asked()), watching(asked()):
            with pytest.raises(TooMany):
                async with watching(asked()):
                    raise AssertionError(f"more than {most}")
        async with watching(asked()) as again:
            assert again.sent


async def test_do04_who_takes_nothing_is_cut_off_and_gets_the_rest_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.streams.answer.SEND_S", 0.1)
    watcher, request = Watcher(), asked()
    running = asyncio.create_task(Live(request, SOURCE, still=None)(request.scope, watcher.receive, watcher.send))
    await watcher.until(lambda one: len(one.sent) == 2)
    watcher.stuck = asyncio.Event()
    await happened(1)
    async with asyncio.timeout(WITHIN_S):
        await running
    assert not watcher.places
    assert channels.channel(SOURCE).watchers == 0
    async with watching(asked(last="0")) as again:
        await again.until_has(1)
        assert again.places == [1]


async def test_silence_is_broken_by_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.streams.answer.HEARTBEAT_S", 0.05)
    monkeypatch.setattr("kernel.streams.answer.CHECK_S", 0.05)
    async with watching(asked()) as watcher:
        await watcher.until(lambda one: one.text.count(":\n\n") >= 2)


async def test_a_number_that_is_not_ours_begins_anew_and_one_that_is_none_is_refused() -> None:
    await happened(3)
    async with watching(asked(last="9000")) as watcher:
        await watcher.until(lambda one: "event: anew" in one.text)
        await happened(1)
        await watcher.until_has(2)
        assert watcher.places == [3, 4]
    with pytest.raises(Malformed):
        Live(asked(last="1; DROP"), SOURCE, still=None)


async def test_a_question_for_the_head_alone_does_not_go_on() -> None:
    watcher, request = Watcher(), asked(method="HEAD")
    async with asyncio.timeout(WITHIN_S):
        await Live(request, SOURCE, still=None)(request.scope, watcher.receive, watcher.send)
    assert watcher.over
