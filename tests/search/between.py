"""A wire double between the client and a real node: it hands everything on, but for what it is told to spoil."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

Answer = tuple[int, bytes]
Spoil = Callable[[str, Callable[[], Answer]], Answer]  # path, the node's own answer → what the client gets
KEPT = ("Content-Type", "X-Elastic-Product")
PLAIN = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}


@dataclass
class Between:
    url: str = ""
    spoil: Spoil | None = None
    spoilt: list[str] = field(default_factory=list)  # paths
    over: Event = field(default_factory=Event)  # ends what is being slow

    def slowly(self, seconds: float) -> Spoil:
        def slow(path: str, ask: Callable[[], Answer]) -> Answer:
            self.over.wait(seconds)
            return ask()

        return slow


def busy(times: int) -> Spoil:
    """A whole bulk refused with 429, so many times."""
    left = [times]

    def refuse(path: str, ask: Callable[[], Answer]) -> Answer:
        if (not path.startswith("/_bulk") and "/_bulk" not in path) or not left[0]:
            return ask()
        left[0] -= 1
        return 429, json.dumps({"error": {"type": "es_rejected_execution_exception"}, "status": 429}).encode()

    return refuse


def half_done(status: int, times: int) -> Spoil:
    """Of a bulk every second item is said to have failed; the node has taken them all."""
    left = [times]

    def half(path: str, ask: Callable[[], Answer]) -> Answer:
        code, body = ask()
        told = json.loads(body) if "/_bulk" in path and left[0] else {}
        if not told.get("items"):
            return code, body
        left[0] -= 1
        for item in told["items"][::2]:
            for result in item.values():
                result.update(status=status, error={"type": "spoilt_on_the_way"})
        return code, json.dumps(told).encode()

    return half


@contextmanager
def between(node_port: int) -> Iterator[Between]:
    told = Between()

    class Handing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers: dict[str, str] = {}

            def ask() -> Answer:
                line = HTTPConnection("127.0.0.1", node_port, timeout=30)
                try:
                    given = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
                    line.request(self.command, self.path, sent or None, given)
                    answer = line.getresponse()
                    headers.update({name: value for name in KEPT if (value := answer.getheader(name))})
                    return answer.status, answer.read()
                finally:
                    line.close()

            if told.spoil is None:
                status, body = ask()
            else:
                told.spoilt.append(self.path)
                status, body = told.spoil(self.path, ask)
            self.send_response(status)
            for name, value in (
                {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"} | headers
            ).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handing)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        server.server_close()
