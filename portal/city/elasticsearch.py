"""A whole Elasticsearch node out of ordinary Maven artifacts: no distribution archive, no container.

Laid out once for this user under ~/.cache/sunhall, then started in seconds on loopback. It has no security module and
no analysis modules; a city's own cluster has both. `python -m portal.city.elasticsearch` starts one node for people."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from kernel.errors import Refusal
from portal.city.ports import free_port

HEAP_MB, READY_S, STOP_S, PREPARE_S = 512, 120, 15, 600
# Its own are shares of the disk: on a shared one that is 85 % full with 40 GB left it would make no index at all.
_LEFT = {"low": "1gb", "high": "700mb", "flood_stage": "300mb"}
WATERMARKS = {f"cluster.routing.allocation.disk.watermark.{name}": left for name, left in _LEFT.items()}
DESCRIPTOR = "META-INF/es-plugins/transport-netty4/plugin-descriptor.properties"
IN_MODULE = ("transport-netty4", "elasticsearch-ssl-config", "netty-")
GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath"
NODE, POM, SOURCE = files("portal.city") / "node", "pom.xml", "ElasticsearchNode.java"
VERSION = re.findall(r"<elasticsearch.version>([\d.]+)<", (NODE / POM).read_text())[0]


class Unprepared(Refusal):
    status, code, text = 503, "no_elasticsearch", "不能启动 Elasticsearch：{why}。"


def missing_programs() -> list[str]:
    """Debian packages that must be installed first."""
    return [package for name, package in PROGRAMS.items() if shutil.which(name) is None]


PROGRAMS = {"java": "openjdk-17-jdk-headless", "mvn": "maven"}


def cache(version: str = VERSION) -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sunhall" / f"elasticsearch-{version}"


def prepared(version: str = VERSION) -> Path:
    """The folder of the node's program, laid out by the first who asks; a second one waits for the first."""
    folder = cache(version)
    if (folder / "classpath").exists():
        return folder
    if missing := missing_programs():
        raise Unprepared(why=f"没有安装 {' '.join(missing)}（apt-get install {' '.join(missing)}）")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "classpath").exists():
            _prepare(folder, version)
    return folder


def _prepare(folder: Path, version: str) -> None:
    """Beside its place, then moved there whole: half a folder is never taken for one."""
    building = Path(tempfile.mkdtemp(prefix="elasticsearch-", dir=folder.parent))
    try:
        for name in ("config", "plugins", "lib", "modules/transport-netty4"):
            (building / name).mkdir(parents=True)
        for name in (POM, SOURCE):
            with as_file(NODE / name) as source:
                shutil.copy(source, building / name)
        for jar in _resolved(building, version):
            module = jar.name.startswith(IN_MODULE)
            shutil.copy(jar, building / ("modules/transport-netty4" if module else "lib") / jar.name)
        _describe(building / "modules/transport-netty4")
        building.chmod(0o755)
        (building / "classpath").write_text(str(folder / "lib" / "*"))
        shutil.rmtree(folder, ignore_errors=True)
        building.replace(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _resolved(building: Path, version: str) -> list[Path]:
    told = building / "resolved"
    wanted = [f"-Dmdep.outputFile={told}", f"-Delasticsearch.version={version}"]
    command = ["mvn", "-q", "-B", "-f", str(building / POM), GOAL, *wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PREPARE_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as late:
        raise Unprepared(why=f"Maven 在 {PREPARE_S} 秒内没有取到软件包") from late
    if done.returncode:
        raise Unprepared(why=(done.stdout + done.stderr).strip().partition("\n")[0][:300])
    return [Path(part) for part in told.read_text().strip().split(os.pathsep)]


def _describe(module: Path) -> None:
    """The node runs on the class path, where a named module has no layer to join."""
    (jar,) = module.glob("transport-netty4-*.jar")
    with zipfile.ZipFile(jar) as archive:
        told = archive.read(DESCRIPTOR).decode()
    (module / "plugin-descriptor.properties").write_text(re.sub(r"(?m)^modulename=.*$", "modulename=", told))


@dataclass
class Node:
    """One process on loopback; `start` after `kill` goes on with the same data."""

    home: Path  # its data, its log
    http_port: int
    transport_port: int
    name: str = "one"
    settings: dict[str, str] = field(default_factory=lambda: {"discovery.type": "single-node"})
    heap_mb: int = HEAP_MB
    version: str = VERSION
    java: str = "java"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def command(self) -> list[str]:
        program = prepared(self.version)
        told = {
            "network.host": "127.0.0.1", "http.port": str(self.http_port), "transport.port": str(self.transport_port),
            "path.data": str(self.home / "data"), "path.logs": str(self.home / "logs"), "node.name": self.name,
            "cluster.name": "sunhall", **WATERMARKS,
        } | self.settings  # fmt: skip
        java = [
            self.java, f"-Xms{self.heap_mb}m", f"-Xmx{self.heap_mb}m",
            f"-Djava.io.tmpdir={self.home / 'tmp'}", "-cp", (program / "classpath").read_text(), str(program / SOURCE),
        ]  # fmt: skip
        return [*java, str(program), *(f"{name}={value}" for name, value in told.items())]

    def start(self) -> None:
        command = self.command()
        for name in ("data", "logs", "tmp"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        with (self.home / "node.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self, *, status: str = "yellow", nodes: int = 1) -> None:
        """Until the cluster answers that it can serve. Raises Unprepared with the last line of its log."""
        until = monotonic() + READY_S
        while monotonic() < until:
            if self.process is not None and self.process.poll() is not None:
                break
            if self.healthy(status=status, nodes=nodes):
                return
            sleep(0.2)
        raise Unprepared(why=f"{READY_S} 秒内没有就绪，见 {self.home / 'node.log'}")

    def healthy(self, *, status: str = "yellow", nodes: int = 1) -> bool:
        asked = f"{self.url}/_cluster/health?wait_for_status={status}&wait_for_nodes=>={nodes}&timeout=1s"
        try:
            with urlopen(asked, timeout=5) as answer:  # noqa: S310 (its own loopback address)
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def running(home: Path, *, http_port: int = 0) -> Iterator[Node]:
    """One healthy node; ends with the block."""
    node = Node(home, http_port or free_port(), free_port())
    with _ended_together([node]):
        node.start()
        node.wait()
        yield node


@contextmanager
def cluster(home: Path, *, count: int = 3) -> Iterator[list[Node]]:
    """Several nodes that have found each other: any of them may be killed and started again."""
    names = [f"node-{number}" for number in range(1, count + 1)]
    ports = [free_port() for _ in names]
    told = {
        "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in ports),
        "cluster.initial_master_nodes": ",".join(names),
    }
    nodes = [Node(home / name, free_port(), port, name, told) for name, port in zip(names, ports, strict=True)]
    with _ended_together(nodes):
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait(nodes=count)
        yield nodes


@contextmanager
def _ended_together(nodes: list[Node]) -> Iterator[None]:
    try:
        yield
    finally:
        for node in nodes:
            node.stop()


def main() -> int:
    """One node for people, until Ctrl-C."""
    from kernel.settings import settings

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = settings().home.resolve() / "elasticsearch"
    home.mkdir(parents=True, exist_ok=True)
    port = int(os.environ.get("ELASTICSEARCH_PORT", "9200"))
    try:
        with running(home, http_port=port) as node:
            print(f"Elasticsearch {VERSION}：{node.url}  （按 Ctrl-C 结束；日志 {home / 'node.log'}）", flush=True)
            assert node.process is not None
            return node.process.wait()
    except Unprepared as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
