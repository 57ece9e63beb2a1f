"""The product as a person starts it: `sunhall init`, `sunhall serve`, in a folder of its own, ended with the test."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from portal.city.ports import free_port

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse battery staple"  # noqa: S105 (of the demo city in a temporary folder)
WAIT_S, SETTLE_S = 120, 240  # a machine that does other things as well
COMES_AGAIN = 20  # times, a second apart
CONSOLE = "console.txt"
OF_ITS_OWN = {"SUNHALL_DATABASE_URL", "SUNHALL_CHANGES_DIR"}  # elsewhere than in its home
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
        return self.run_module("portal.cli", *words, check=check)

    def run_module(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A program with this installation's settings."""
        command = [sys.executable, "-m", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self._env(), capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "portal.cli", *words]
        with (self.home / CONSOLE).open("ab") as console:
            return subprocess.Popen(command, cwd=ROOT, env=self._env(), stdout=console, stderr=console)

    def console(self) -> str:
        """What a laptop's server says: SMS that no gateway takes."""
        return (self.home / CONSOLE).read_text(encoding="utf-8")

    def serve(self, *words: str) -> None:
        """As on a laptop, unless said otherwise."""
        self.process = self.begin("serve", "--port", str(self.port), *(words or ("--embedded-worker",)))
        for _ in range(WAIT_S * 20):
            assert self.process.poll() is None, f"the server ended at once: {self.console()[-2000:]}"
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server isn't ready after {WAIT_S} s")

    def settle(self) -> None:
        """Until everything that has happened has been delivered: a new demo city keeps the worker busy for a while."""
        until, told = time.monotonic() + SETTLE_S, ""
        while time.monotonic() < until:
            told = httpx.get(f"{self.url}/metrics", timeout=20).text
            if 'sunhall_outbox{what="waiting"} 0.0' in told:
                return
            time.sleep(0.1)
        left = [line for line in told.splitlines() if line.startswith("sunhall_outbox{")]
        raise AssertionError(f"the outbox never came to rest: {left}")

    def verify(self) -> None:
        """Every chain, every clock and the index hold."""
        checked = self.run("verify", "--full", check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def kill(self, how: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def token(self, username: str) -> dict[str, str]:
        """Headers of a program that is signed in as `username`; told to come again, it does."""
        sent = {"username": username, "password": PASSWORD}
        for _ in range(COMES_AGAIN):
            answer = httpx.post(f"{self.url}/api/v1/session", json=sent, timeout=20)
            if answer.status_code != 503:
                break
            time.sleep(1)
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
    if demo and not OF_ITS_OWN & more.keys():
        shutil.copytree(_demo_city(), home, dirs_exist_ok=True)
    else:
        hall.run("init", *(["--demo"] if demo else []))
    try:
        yield hall
    finally:
        hall.kill()


@cache
def _demo_city() -> Path:
    """A new demo city in which everything that happened has been delivered; built once, then copied."""
    home = Path(tempfile.mkdtemp(prefix="city-", dir=os.environ.get("SUNHALL_HOME"))) / "home"
    hall = Hall(home, free_port(), {})
    hall.run("init", "--demo")
    try:
        hall.serve()
        hall.settle()
    finally:
        hall.kill(signal.SIGTERM)
    return home
