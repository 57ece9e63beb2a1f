"""The product as a person starts it: `sunhall init`, `sunhall serve`, in a folder of its own, ended with the test."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse battery staple"  # noqa: S105 (of the demo city in a temporary folder)
WAIT_S = 40
TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@dataclass
class Hall:
    """One installation; `serve` may be called again after `kill`."""

    home: Path
    port: int
    more: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portal.cli", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self._env(), capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "portal.cli", *words]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=ROOT, env=self._env(), stdout=quiet, stderr=quiet)

    def serve(self, *words: str) -> None:
        """As on a laptop, unless said otherwise."""
        self.process = self.begin("serve", "--port", str(self.port), *(words or ("--embedded-worker",)))
        for _ in range(WAIT_S * 20):
            assert self.process.poll() is None, "the server ended at once"
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server isn't ready after {WAIT_S} s")

    def settle(self) -> None:
        """Until everything that has happened has been delivered: a new demo city keeps the worker busy for a while."""
        for _ in range(WAIT_S * 20):
            told = httpx.get(f"{self.url}/metrics", timeout=20).text
            if 'sunhall_outbox{what="waiting"} 0.0' in told:
                return
            time.sleep(0.1)
        raise AssertionError("the outbox never came to rest")

    def kill(self, how: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def token(self, username: str) -> dict[str, str]:
        """Headers of a program that is signed in as `username`."""
        sent = {"username": username, "password": PASSWORD}
        answer = httpx.post(f"{self.url}/api/v1/session", json=sent, timeout=20)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def _env(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
        ours = {"PYTHONPATH": path, "SUNHALL_HOME": str(self.home), "SUNHALL_DEMO_PASSWORD": PASSWORD}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNHALL_")}
        return inherited | ours | self.more


@contextmanager
def a_hall(home: Path, *, demo: bool, **more: str) -> Iterator[Hall]:
    hall = Hall(home, free_port(), more)
    hall.run("init", *(["--demo"] if demo else []))
    try:
        yield hall
    finally:
        hall.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
