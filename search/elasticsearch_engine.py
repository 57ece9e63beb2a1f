"""Elasticsearch behind the port: an index for each part and generation, reached by aliases only.

`<prefix>-<schema>-<part>` is what readers ask; `…-next` is being built; `…-previous` is kept, and kept up, for one
step back. Writes go to all that exist, each with the document's own version, so no order of arrival can make a
document older. Nothing here needs a plugin, a script or an analyzer of the server's."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any, TypeVar
from uuid import uuid4

from elasticsearch import ApiError, ConflictError, Elasticsearch, NotFoundError, TransportError

from kernel.errors import Refusal
from kernel.settings import Settings
from search.engine import (
    Batch,
    EngineAwayError,
    Facets,
    Found,
    Hit,
    Part,
    Record,
    RefusedError,
    Sort,
    WriterTakenError,
)  # fmt: skip
from search.query import Anything, Best, Enough, Every, From, Node, OneOf, Phrase, Term

SCHEMA = "2"  # raise it with every change of the mapping or of the analysis: other aliases, so another index
READ_S, WRITE_S, TRIES = 1.5, 20, 3
AGAIN = (429, 502, 503, 504)
REST_S = 2.0  # a reader that found nobody asks the database for so long before it looks again
BELIEVED_S = 1.0
BUSY_TRIES, BUSY_S = 5, 0.2
RED_S = 30.0  # a node that has just started is red for a moment
LEASE_S = 120.0
SCAN_BATCH, SCAN_KEPT = 2_000, "2m"
FACET_VALUES_MAX = 200
THREADS = 16
BELOW = 2**63  # the digest has no sign, the field has
STALE, MISSING, BUSY = 409, 404, 429
EXACT = ("number", "region", "acl", "twin")
TEXT = {"title": "positions", "signs": "docs", "body": "freqs"}
SETTINGS = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "1s"}
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the servers are reached: any of several, with a key and with a certificate authority of the city's own."""

    hosts: tuple[str, ...]
    api_key: str = ""
    ca: Path | None = None

    def client(self) -> Elasticsearch:
        given: dict[str, Any] = {"api_key": self.api_key} if self.api_key else {}
        if any(host.startswith("https://") for host in self.hosts):
            given["ssl_context"] = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        return Elasticsearch(
            list(self.hosts), request_timeout=READ_S, max_retries=TRIES, retry_on_timeout=True, retry_on_status=AGAIN,
            connections_per_node=THREADS, **given,
        )  # fmt: skip


class Unreadable(Refusal):
    status, code, text = 503, "search_unreadable", "读不到 {file}（{why}），请核对 SUNHALL_SEARCH_ 开头的设置。"


def access_of(told: Settings) -> Access:
    """Raises Unreadable."""
    for file in filter(None, (told.search_api_key_file, told.search_ca_file)):
        try:
            file.read_bytes()
        except OSError as wrong:
            raise Unreadable(file=file, why=wrong.strerror) from wrong
    key = told.search_api_key_file.read_text().strip() if told.search_api_key_file else ""
    hosts = tuple(filter(None, (host.strip() for host in told.search_url.split(","))))
    return Access(hosts=hosts, api_key=key, ca=told.search_ca_file)


async def trouble(told: Settings) -> str:
    """Why the servers can't be used; empty: they can."""

    def look() -> str:
        with access_of(told).client() as client:
            try:
                status = client.options(max_retries=1).cluster.health()["status"]
            except TransportError as away:
                return type(away).__name__
            except ApiError as said:
                return str(said.status_code)
        return "red" if status == "red" else ""

    return await asyncio.to_thread(look)


class ElasticsearchEngine:
    """Any number of processes read and write. What binds a process is the connection alone, and it makes itself."""

    one_writer = False

    def __init__(self, access: Access, prefix: str) -> None:
        self.prefix = prefix
        self._client = access.client()
        self._looking = self._client.options(max_retries=1)
        self._writing = self._client.options(request_timeout=WRITE_S)
        self._threads = ThreadPoolExecutor(THREADS, "search")  # a server that hangs must not hold the house's threads
        self._held = False
        self._well = True  # as far as is known; else no delivery is tried in vain
        self._look_at, self._rest_until, self._well_until = 0.0, 0.0, 0.0
        self._red_since: float | None = None
        self._building = ""

    # Reading

    async def find(self, part: Part, tree: Node, *, sort: Sort, start: int, limit: int) -> Found:
        by = [ORDERS[sort], {"key": "asc"}]
        found = await self._asked(
            part, query=compiled(tree), sort=by, from_=start, size=limit, track_total_hits=True,
            docvalue_fields=["key", "published", "deadline"],
        )  # fmt: skip
        fields = [hit["fields"] for hit in found["hits"]["hits"]]
        hits = tuple(Hit(told["key"][0], told["published"][0], told["deadline"][0]) for told in fields)
        return Found(found["hits"]["total"]["value"], hits)

    async def facets(self, part: Part, tree: Node, fields: Sequence[str]) -> Facets:
        wanted = {name: {"terms": {"field": name, "size": FACET_VALUES_MAX}} for name in fields}
        found = (await self._asked(part, query=compiled(tree), size=0, aggs=wanted))["aggregations"]
        return {name: {b["key"]: b["doc_count"] for b in found[name]["buckets"] if b["key"]} for name in fields}

    async def _asked(self, part: Part, **asked: Any) -> Any:
        """The same copy for all questions, so that pages fit together."""
        if monotonic() < self._rest_until:
            raise EngineAwayError("not reached a moment ago")
        return await self._called(self._client.search, index=self._alias(part), preference=self.prefix, **asked)

    async def scan(self, part: Part) -> AsyncIterator[Sequence[tuple[str, int, int]]]:
        opened = await self._called(
            self._writing.open_point_in_time, index=self._alias(part), keep_alive=SCAN_KEPT
        )  # one state, however long it takes
        point, after = opened["id"], None
        try:
            while True:
                found = await self._called(
                    self._writing.search, pit={"id": point, "keep_alive": SCAN_KEPT}, size=SCAN_BATCH,
                    sort=["_shard_doc"], docvalue_fields=["key", "version", "digest"], search_after=after,
                    track_total_hits=False,
                )  # fmt: skip
                point, hits = found["pit_id"], found["hits"]["hits"]
                if not hits:
                    return
                yield [_scanned(hit["fields"]) for hit in hits]
                after = hits[-1]["sort"]
        finally:
            await self._called(self._writing.options(ignore_status=404).close_point_in_time, id=point)

    async def ready(self) -> bool:
        if monotonic() < self._well_until:
            return True
        try:
            return await self._called(self._standing) is Standing.WELL
        except EngineAwayError:
            return False

    async def wanting(self) -> bool:
        try:
            return await self._called(self._standing) in (Standing.MISSING, Standing.LOST)
        except EngineAwayError:
            return False

    def _standing(self) -> "Standing":
        standing = self._seen()
        self._well = standing is Standing.WELL
        self._well_until = monotonic() + BELIEVED_S if self._well else 0.0
        return standing

    def _seen(self) -> "Standing":
        named = self._aliases()
        live = [name for part in Part for name in named.get(self._alias(part), ())]
        if len(live) < len(Part):
            return Standing.MISSING
        if self._looking.cluster.health(index=",".join(live))["status"] != "red":
            self._red_since = None
            return Standing.WELL
        self._red_since = self._red_since or monotonic()
        return Standing.LOST if monotonic() - self._red_since >= RED_S else Standing.RED

    # Writing

    def awake(self) -> bool:
        """What was found last; where that was nothing good, someone looks again meanwhile."""
        if not self._well and monotonic() >= self._look_at:
            self._look_at = monotonic() + REST_S
            self._threads.submit(self._look_again)
        return self._well

    def _look_again(self) -> None:
        with suppress(ApiError, TransportError):
            self._standing()

    def hold(self) -> bool:
        held, self._held = self._held, True
        return not held

    async def release(self) -> None:
        if self._building:
            await self.drop_generation()
        self._held = False

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()

    async def write(self, batches: Mapping[Part, Batch], *, only_new: bool = False) -> None:
        assert self._held, "hold() comes first"
        await self._called(self._write, batches, only_new)

    def _write(self, batches: Mapping[Part, Batch], only_new: bool) -> None:
        """The aliases are looked up after the documents were read: a building that began in between reads them later
        still, so it has what this write hasn't brought to it."""
        if only_new:
            self._renew()
        named = self._aliases()
        for part, batch in batches.items():
            actions = list(_actions(batch))
            if actions and only_new:
                self._brought(self._alias(part, "next"), actions, refresh=False)
            elif actions:
                self._brought(self._alias(part), actions, refresh=True)
                for alias in {self._alias(part, suffix) for suffix in ("next", "previous")} & named.keys():
                    self._brought_beside(alias, actions)

    def _brought_beside(self, alias: str, actions: "list[Action]") -> None:
        try:
            self._brought(alias, actions, refresh=False)
        except EngineAwayError:
            if alias in self._aliases():
                raise  # else it has just taken the live one's place, or been let go

    def _brought(self, alias: str, actions: "list[Action]", *, refresh: bool) -> None:
        """Item by item: an older version than what is there is no news, a busy server is asked again, and what can't be
        taken at all is named, so that it parks alone."""
        for attempt in range(BUSY_TRIES):
            lines = [line for action in actions for line in action.lines]
            said = self._writing.bulk(
                index=alias, operations=lines, refresh=refresh, require_alias=True,
                filter_path="items.*.status,items.*.error.type",
            )  # fmt: skip
            results = [next(iter(item.values())) for item in said.get("items", [])]
            if len(results) != len(actions):
                raise EngineAwayError(f"{len(results)} answers to {len(actions)} changes")
            wrong = [(a, r) for a, r in zip(actions, results, strict=True) if not _is_fine(a, r)]
            if any(result["status"] == MISSING or result["status"] >= 500 for _, result in wrong):
                raise EngineAwayError(_words(wrong))
            if refused := [(a, r) for a, r in wrong if r["status"] != BUSY]:
                raise RefusedError(_words(refused))
            if not wrong:
                return
            actions = [action for action, _ in wrong]
            sleep(BUSY_S * 2**attempt)
        raise EngineAwayError("the server is busy")

    async def begin_generation(self) -> None:
        assert self._held, "hold() comes first"
        assert not self._building, "one at a time"
        await self._called(self._begin)

    def _begin(self) -> None:
        self._take_lease()
        generation, named = uuid4().hex[:12], self._aliases()
        self._building = generation
        for part in Part:
            for suffix in ("next", "previous"):  # what a building that died has left; there is room for two, not three
                self._remove(named.get(self._alias(part, suffix), ()))
            self._writing.indices.create(
                index=f"{self._alias(part)}-{generation}",
                settings=SETTINGS,
                mappings=MAPPING,
                aliases={self._alias(part, "next"): {}},
                wait_for_active_shards="1",
            )

    async def count_new(self) -> Mapping[Part, int]:
        return await self._called(self._count_new)

    def _count_new(self) -> Mapping[Part, int]:
        names = {part: self._alias(part, "next") for part in Part}
        self._writing.indices.refresh(index=list(names.values()))
        return {part: self._writing.count(index=name)["count"] for part, name in names.items()}

    async def swap(self) -> None:
        await self._called(self._swap)

    def _swap(self) -> None:
        self._renew()
        named, actions = self._aliases(), list[dict[str, Any]]()
        for part in Part:
            actions += self._moved(named, part, "", "previous")
            actions += self._moved(named, part, "next", "")
        self._writing.indices.update_aliases(actions=actions)
        self._building, self._well = "", True
        self._give_lease_back()

    async def step_back(self) -> bool:
        return await self._called(self._step_back)

    def _step_back(self) -> bool:
        named, actions = self._aliases(), list[dict[str, Any]]()
        for part in Part:
            if self._alias(part, "previous") not in named:
                return False
            actions += self._moved(named, part, "", "previous")
            actions += self._moved(named, part, "previous", "")
        self._writing.indices.update_aliases(actions=actions)
        for part in Part:
            self._writing.indices.refresh(index=self._alias(part))
        return True

    def _moved(self, named: Mapping[str, list[str]], part: Part, old: str, new: str) -> Iterator[dict[str, Any]]:
        for name in named.get(self._alias(part, old), ()):
            yield {"remove": {"index": name, "alias": self._alias(part, old), "must_exist": True}}
            yield {"add": {"index": name, "alias": self._alias(part, new)}}

    async def drop_generation(self) -> None:
        if self._building:
            self._building = ""
            await self._called(self._drop)

    def _drop(self) -> None:
        named = self._aliases()
        for part in Part:
            self._remove(named.get(self._alias(part, "next"), ()))
        self._give_lease_back()

    async def forget_previous(self, older_than_s: float) -> None:
        await self._called(self._forget, older_than_s)

    def _forget(self, older_than_s: float) -> None:
        """What was replaced that long ago: also what an earlier schema or a dead building has left behind."""
        named = self._aliases()
        used = (self._alias(part, suffix) for part in Part for suffix in ("", "next"))
        live = {name for alias in used for name in named.get(alias, ())}
        young = time() - older_than_s
        if any(self._born(name) > young for name in live):
            return  # the live one is young: there may be a reason to go back
        left = self._writing.indices.get(index=f"{self.prefix}-*", expand_wildcards="all").keys() - live
        self._remove(name for name in left if name != self._lease and self._born(name) <= young)

    def _born(self, index: str) -> float:
        told = self._writing.indices.get_settings(index=index, name="index.creation_date")
        return int(told[index]["settings"]["index"]["creation_date"]) / 1000

    # One building at a time, whoever begins it

    @property
    def _lease(self) -> str:
        return f"{self.prefix}-lease"

    def _take_lease(self) -> None:
        """A row that only one can change from what it was; who holds it and died gives way after two minutes."""
        self._owner = uuid4().hex
        if not self._writing.indices.exists(index=self._lease):
            mapping = {"properties": {"owner": {"type": "keyword"}, "until": {"type": "double"}}}
            self._writing.options(ignore_status=400).indices.create(  # 400: another was faster
                index=self._lease, settings=SETTINGS, mappings={"dynamic": "strict", **mapping}
            )
        try:
            held = self._writing.get(index=self._lease, id="building")
        except NotFoundError:
            expected: dict[str, Any] = {"op_type": "create"}
        else:
            if held["_source"]["until"] > time():
                raise WriterTakenError
            expected = {"if_seq_no": held["_seq_no"], "if_primary_term": held["_primary_term"]}
        try:
            self._writing.index(index=self._lease, id="building", document=self._mine(), **expected)
        except ConflictError as taken:
            raise WriterTakenError from taken

    def _renew(self) -> None:
        held = self._writing.get(index=self._lease, id="building")
        if held["_source"]["owner"] != self._owner:
            raise EngineAwayError("another process has begun a building")
        self._writing.index(index=self._lease, id="building", document=self._mine())

    def _give_lease_back(self) -> None:
        self._writing.index(index=self._lease, id="building", document={"owner": self._owner, "until": 0})

    def _mine(self) -> dict[str, Any]:
        return {"owner": self._owner, "until": time() + LEASE_S}

    # The way there

    def _alias(self, part: Part, suffix: str = "") -> str:
        return "-".join(filter(None, (self.prefix, SCHEMA, part.value, suffix)))

    def _aliases(self) -> dict[str, list[str]]:
        """Which indexes each alias of this schema stands for."""
        named: dict[str, list[str]] = {}
        for index, told in self._looking.indices.get_alias(index=f"{self.prefix}-{SCHEMA}-*").items():
            for alias in told["aliases"]:
                named.setdefault(alias, []).append(index)
        return named

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._writing.options(ignore_status=404).indices.delete(index=name)

    async def _called(self, call: Callable[..., T], *args: Any, **named: Any) -> T:
        with self._trouble_is_away():
            found = await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(*args, **named))
        self._rest_until = 0.0
        return found

    @contextmanager
    def _trouble_is_away(self) -> Iterator[None]:
        try:
            yield
        except TransportError as away:
            self._well, self._well_until, self._rest_until = False, 0.0, monotonic() + REST_S
            raise EngineAwayError(type(away).__name__) from away
        except EngineAwayError:
            self._well_until = 0.0
            raise
        except ApiError as said:
            self._well_until = 0.0
            raise EngineAwayError(f"{said.status_code} {said.error}"[:200]) from said


class Standing(Enum):
    WELL = "well"
    MISSING = "missing"
    RED = "red"  # a start takes its time
    LOST = "lost"  # red for longer than that


@dataclass(frozen=True, slots=True)
class Action:
    key: str
    lines: tuple[dict[str, Any], ...]
    deletes: bool


def _actions(batch: Batch) -> Iterator[Action]:
    """Versions are the documents' own. The same version again is taken: names and rights change without one."""
    for key, version in sorted(batch.out.items()):
        if key not in batch.put:
            yield Action(key, ({"delete": _meta(key, version)},), True)
    for key, record in sorted(batch.put.items()):
        yield Action(key, ({"index": _meta(key, record.version)}, _document(record)), False)


def _meta(key: str, version: int) -> dict[str, Any]:
    return {"_id": key, "version": version, "version_type": "external_gte"}


def _is_fine(action: Action, result: Mapping[str, Any]) -> bool:
    gone = action.deletes and result["status"] == MISSING and "error" not in result
    return result["status"] < 300 or result["status"] == STALE or gone


def _words(wrong: Sequence[tuple[Action, Mapping[str, Any]]]) -> str:
    """Without the values: a server's reason may quote them."""
    return "; ".join(f"{action.key}: {result['status']} {result['error']['type']}" for action, result in wrong[:5])


def _document(record: Record) -> dict[str, Any]:
    return {
        "key": record.key, "kind": record.kind, "agency": record.agency,
        **{name: list(record.exact.get(name, ())) for name in EXACT},
        **{name: record.tokens[name] for name in TEXT},
        "published": record.published, "deadline": record.deadline, "version": record.version,
        "digest": record.digest - BELOW,
    }  # fmt: skip


def _scanned(fields: Mapping[str, Any]) -> tuple[str, int, int]:
    return str(fields["key"][0]), int(fields["version"][0]), int(fields["digest"][0]) + BELOW


def _mapping() -> dict[str, Any]:
    """Strict: a field that we don't know is refused, not guessed. The source isn't kept: nothing reads it."""
    told: dict[str, Any] = {name: {"type": "keyword"} for name in ("key", "kind", "agency", *EXACT)}
    for name, option in TEXT.items():
        told[name] = {"type": "text", "analyzer": "whitespace", "index_options": option}
    told |= {name: {"type": "long"} for name in ("published", "deadline", "version", "digest")}
    return {"dynamic": "strict", "_source": {"enabled": False}, "properties": told}


MAPPING = _mapping()
ORDERS = {Sort.BEST: {"_score": "desc"}, Sort.NEWEST: {"published": "desc"}, Sort.DEADLINE: {"deadline": "asc"}}


def compiled(tree: Node) -> dict[str, Any]:  # noqa: PLR0911 (one for each kind of node)
    """The engine-neutral tree as Elasticsearch's query. Nothing that a person typed is parsed there."""
    match tree:
        case Term(name, value, weight) | Phrase(name, (value,), weight):
            return {"term": {name: {"value": value, "boost": weight}}}
        case Phrase(name, values, weight):
            return {"match_phrase": {name: {"query": " ".join(values), "boost": weight}}}
        case OneOf(_, ()):
            return {"match_none": {}}
        case OneOf(name, values):
            return _unscored({"terms": {name: list(values)}})
        case From(name, at_least):
            return _unscored({"range": {name: {"gte": at_least}}})
        case Best(branches, tie):
            return {"dis_max": {"queries": [compiled(branch) for branch in branches], "tie_breaker": tie}}
        case Enough(branches, at_least):
            return {"bool": {"should": [compiled(branch) for branch in branches], "minimum_should_match": at_least}}
        case Every(must, should, within, without):
            told = {"must": must, "should": should, "filter": within, "must_not": without}
            return {"bool": {name: [compiled(node) for node in nodes] for name, nodes in told.items() if nodes}}
        case Anything():
            return _unscored({"match_all": {}})


def _unscored(query: dict[str, Any]) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": 0.0}}
