"""A program that watches a live stream, as a browser's EventSource would: it comes back with the last number it has."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

WAIT_S = 30


@dataclass
class Line:
    """One connection, read by a thread of its own until it ends or is dropped."""

    url: str
    headers: dict[str, str]
    last: str = ""
    told: list[tuple[int, str]] = field(default_factory=list)  # place, what
    names: list[str] = field(default_factory=list)
    status: int = 0
    response: httpx.Response | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        self.until(lambda: bool(self.status) or not self.thread.is_alive())

    @property
    def over(self) -> bool:
        return not self.thread.is_alive()

    def until(self, so: Callable[[], bool], seconds: float = WAIT_S) -> float:
        begun = time.monotonic()
        while not so():
            assert time.monotonic() - begun < seconds, (self.status, self.names, self.told[-3:])
            time.sleep(0.02)
        return time.monotonic() - begun

    def drop(self) -> None:
        """As a broken line is: the server learns it when it next says something."""
        if self.response is not None:
            with suppress(OSError, RuntimeError):
                self.response.extensions["network_stream"].get_extra_info("socket").shutdown(2)
        self.thread.join(WAIT_S)

    def again(self) -> "Line":
        return Line(self.url, self.headers, last=str(self.told[-1][0]) if self.told else self.last)

    def _read(self) -> None:
        headers = self.headers | ({"Last-Event-ID": self.last} if self.last else {})
        place, name = 0, ""
        with (
            suppress(httpx.TransportError),
            httpx.stream("GET", self.url, headers=headers, timeout=WAIT_S) as self.response,
        ):
            self.status = self.response.status_code
            for line in self.response.iter_lines():
                key, _, value = line.partition(": ")
                if key == "id":
                    place = int(value)
                elif key == "event":
                    name = value
                    self.names.append(name)
                elif key == "data" and name == "moved":
                    self.told.append((place, json.loads(value)["what"]))
