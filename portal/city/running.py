"""The services of the table as plain processes of this machine: started in their order, watched, ended together."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from kernel.settings import without_ours
from portal.city import preparing, topology
from portal.city.elasticsearch import Node
from portal.city.ports import free_port
from portal.city.preparing import Folder, Unfit
from portal.city.topology import Service

READY_S, STOP_S, WATCH_S = 90, 30, 0.5
AGAIN_MAX, AGAIN_WITHIN_S, AGAIN_AFTER_MAX_S = 5, 60, 8.0
STARTUP_FAILURE = 3
ALIAS = {"sunhall": [sys.executable, "-m", "portal.cli"], "python": [sys.executable]}


@dataclass
class Running:
    """One service; `starts` says when it was started, so that one that falls again and again is given up."""

    service: Service
    process: subprocess.Popen[bytes]
    starts: list[float] = field(default_factory=list)

    @property
    def recent(self) -> int:
        return len([start for start in self.starts if monotonic() - start < AGAIN_WITHIN_S])

    @property
    def not_before(self) -> float:
        """The next start waits longer each time: what stands in its way may need a moment to go."""
        wait: float = min(2.0 ** (self.recent - 1), AGAIN_AFTER_MAX_S)
        return self.starts[-1] + wait


class City:
    """Ctrl-C and SIGTERM end it, SIGHUP replaces the web processes one by one and then the worker."""

    def __init__(self, folder: Folder, web_port: int, *, demo: bool = True) -> None:
        self.folder, self.demo = folder, demo
        self.places = preparing.prepare(folder, web_port)
        self.services = topology.services(self.places)
        self.running: dict[str, Running] = {}
        self.said = ""
        self.stopping = self.renewing = False

    def start(self) -> None:
        """In the order of what comes after what. Raises Unfit when one doesn't become healthy."""
        (self.folder.root / "environment").unlink(missing_ok=True)
        waiting = {name: service for name, service in self.services.items() if not service.profile}
        done: set[str] = set()
        while waiting and not self.stopping:
            able = [service for service in waiting.values() if set(service.after) <= done]
            for service in able:
                del waiting[service.name]
                self._begin(service)
            for service in able:
                self._until_healthy(service)
                done.add(service.name)
        preparing.write_private(self.folder.root / "environment", self._for_people())

    def watch(self) -> int:
        """Until it is told to stop: 0; or until a service can't go on: 1, and 3 where the web processes can't start."""
        while not self.stopping:
            sleep(WATCH_S)
            if self.renewing:
                self._renew()
            for name, one in list(self.running.items()):
                code = one.process.poll()
                if code is None or self.stopping or monotonic() < one.not_before:
                    continue
                if code == STARTUP_FAILURE or one.recent >= AGAIN_MAX:
                    print(f"{name} 不能运行，见 {self._log(name)}", file=sys.stderr, flush=True)
                    return STARTUP_FAILURE if code == STARTUP_FAILURE else 1
                self._begin(one.service)
        return 0

    def stop(self) -> None:
        """Who asks before who answers."""
        for name in ("web", "worker", "elasticsearch", "redis", "postgres"):
            if one := self.running.pop(name, None):
                one.process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
                try:
                    one.process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    one.process.kill()
                    one.process.wait()

    def _renew(self) -> None:
        self.renewing = False
        self.running["web"].process.send_signal(signal.SIGHUP)
        self.running["worker"].process.terminate()  # watched: it comes again

    def _begin(self, service: Service) -> None:
        command = self._command(service)
        kept: dict[str, object] = {"cwd": self.folder.root}
        if service.name == "postgres":
            kept = {"cwd": self.folder.data, **preparing.servant()}
        with self._log(service.name).open("ab") as log:
            if service.once:
                self._once(service, command, log.fileno())
                return
            process = subprocess.Popen(  # type: ignore[call-overload] # noqa: S603
                command, env=self._env(service), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **kept,
            )  # fmt: skip
        before = self.running[service.name].starts if service.name in self.running else []
        self.running[service.name] = Running(service, process, [*before, monotonic()])
        preparing.write_private(self.folder.root / f"{service.name}.pid", str(process.pid))

    def _once(self, service: Service, command: list[str], log: int) -> None:
        preparing.make_roles(self.folder, self.places["postgres_port"])
        done = subprocess.run(  # noqa: S603
            command, env=self._env(service), stdout=subprocess.PIPE, stderr=log, check=False, cwd=self.folder.root
        )
        if done.returncode:
            raise Unfit(problem=f"{service.name} 没有完成，见 {self._log(service.name)}")
        self.folder.built.touch()
        self.said = done.stdout.decode().strip()

    def _command(self, service: Service) -> list[str]:
        if service.name == "elasticsearch":
            home = self.folder.root / "elasticsearch"
            for name in ("data", "logs", "tmp"):
                (home / name).mkdir(parents=True, exist_ok=True)
            return Node(home, int(self.places["elasticsearch_port"]), free_port()).command()
        command = [*service.command, *(service.demo if self.demo else [])]
        if service.name == "postgres":
            command += ["-D", str(self.folder.data), "-c", f"unix_socket_directories={self.folder.data}"]
        return [*ALIAS.get(command[0], [preparing.which(command[0]) or command[0]]), *command[1:]]

    def _until_healthy(self, service: Service) -> None:
        until = monotonic() + READY_S
        while service.health and not self.stopping:
            if self.healthy(service.name):
                return
            if self.running[service.name].process.poll() is not None or monotonic() > until:
                raise Unfit(problem=f"{service.name} 没有就绪，见 {self._log(service.name)}")
            sleep(0.2)

    def healthy(self, name: str) -> bool:
        """By the same command as in a container."""
        health = self.services[name].health
        command = [*ALIAS.get(health[0], [preparing.which(health[0]) or health[0]]), *health[1:]]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=10)  # noqa: S603
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def _env(self, service: Service) -> dict[str, str]:
        ours = topology.environment(self.places) if service.command[:1] == ["sunhall"] else {}
        if service.owner:
            ours["SUNHALL_SECRETS_DIR"] = str(self.folder.owners_secrets)
        given = {name: value for name, value in os.environ.items() if name not in NOT_THE_CITYS}
        if service.image:  # nobody else's program is told what ours are
            given = without_ours(given)
        return given | ours | {"LC_ALL": "C.UTF-8"}

    def _for_people(self) -> str:
        """To be read by a shell beside it: `set -a; . environment; sunhall verify`."""
        told = topology.environment(self.places) | {"SUNHALL_SECRETS_DIR": str(self.folder.owners_secrets)}
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in told.items())

    def _log(self, name: str) -> Path:
        return self.folder.logs / f"{name}.log"


NOT_THE_CITYS = {
    "SUNHALL_HOME",
    "SUNHALL_DATABASE_URL",
    "SUNHALL_REDIS_URL",
    "SUNHALL_SEARCH_URL",
    "SUNHALL_SECRETS_DIR",
}


@contextmanager
def told_by_signals(city: City) -> Iterator[None]:
    """What a person or a service manager says; put back at the end."""

    def stop(number: int, frame: object) -> None:
        city.stopping = True

    def renew(number: int, frame: object) -> None:
        city.renewing = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, renew)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
