"""A wire double of the SMS gateway (docs/adapters/sms.md), and of the emergency centres' adapter, which wants the same
proof (docs/adapters/handover.md): a small HTTP server in a thread of its own that checks signature, time and
nonce, remembers request ids, and answers as it is told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kernel.secrets.signatures import NONCE, proves

KEY = "a key that both sides know"


class Gateway(ThreadingHTTPServer):
    """`says`: "" as the rules have it, or a status (400, 429, 500 …), "html", "slow" after `wait_s`, "cut"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.key, self.says, self.wait_s = KEY, "", 0.0
        self.asked: list[dict[str, str]] = []
        self.taken: dict[str, str] = {}  # request id → text
        self.nonces: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/send"

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hung up is no error of ours."""


class Asked(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        gateway, body = self.server, self.rfile.read(int(self.headers["Content-Length"]))
        sent = json.loads(body)
        gateway.asked.append(sent)
        if gateway.says == "slow":
            time.sleep(gateway.wait_s)
        if gateway.says == "cut":
            self.close_connection = True
            return None
        if gateway.says.isdecimal():
            return self._answer(int(gateway.says), {"status": "refused"})
        if gateway.says == "html":
            return self._answer(200, "<html>")
        headers = {name: self.headers.get(name, "") for name in self.headers}
        if not proves(gateway.key, headers, sent, at=datetime.now(UTC)) or headers[NONCE] in gateway.nonces:
            return self._answer(401, {"status": "not signed"})
        gateway.nonces.add(headers[NONCE])
        request_id = sent.get("request_id") or sent["packet_id"]
        known = request_id in gateway.taken
        gateway.taken.setdefault(request_id, sent.get("text") or sent["what"])
        return self._answer(200, {"status": "duplicate" if known else "accepted"})

    def _answer(self, status: int, said: object) -> None:
        body = json.dumps(said).encode() if not isinstance(said, str) else said.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Nothing of it belongs on the console of the tests."""


@contextmanager
def a_gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    thread = threading.Thread(target=gateway.serve_forever, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        gateway.shutdown()
        gateway.server_close()
        thread.join(5)
