"""Elasticsearch behind the port: an index for each part and generation, reached by aliases only.

`<prefix>-<schema>-<part>` is what readers ask; `…-next` is being built; `…-previous` is kept for one step back, as it
was when it was replaced. Writes go to the first two, each with the document's own version, so no order of arrival can
make a document older. Nothing here needs a plugin, a script or an analyzer of the server's."""

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

from elasticsearch import ApiError, Elasticsearch, TransportError

from kernel.errors import Refusal
from kernel.settings import Settings
from search.elasticsearch_lease import Lease
from search.engine import (
    BUCKETS,
    PIECES,
    SCHEMA,
    TIMED,
    Batch,
    EngineAwayError,
    Facets,
    Found,
    Hit,
    Part,
    Record,
    RefusedError,
    Sort,
    Sums,
    nothing_kept,
    pieces,
    whole_digest,
)  # fmt: skip
from search.query import Anything, Best, Enough, Every, From, Node, OneOf, Phrase, Term
from search.ranking import STEPS

READ_S, WRITE_S, TRIES = 1.5, 20, 3
AGAIN = (429, 502, 503, 504)
REST_S = 2.0  # a reader that found nobody asks the database for so long before it looks again
BELIEVED_S = 1.0
SHAPE_BELIEVED_S = 30.0
BUSY_TRIES, BUSY_S = 5, 0.2
RED_S = 30.0  # a node that has just started is red for a moment
SCAN_BATCH, SCAN_KEPT = 2_000, "2m"
FACET_VALUES_MAX = 200
THREADS = 16
ADDED = tuple(f"digest_{n}" for n in range(PIECES))
STALE, MISSING, BUSY = 409, 404, 429
EXACT = ("number", "region", "acl", "twin", TIMED)
TEXT = {"title": "positions", "signs": "docs", "pinyin": "positions", "initials": "positions", "body": "freqs"}
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
        self._lease = Lease(self._writing, f"{prefix}-lease", SETTINGS)
        self._threads = ThreadPoolExecutor(THREADS, "search")  # a server that hangs must not hold the house's threads
        self._held = False
        self._well = True  # as far as is known; else no delivery is tried in vain
        self._look_at, self._rest_until, self._well_until = 0.0, 0.0, 0.0
        self._red_since: float | None = None
        self._building, self._shape_until = "", 0.0

    # Reading

    async def find(self, part: Part, tree: Node, *, sort: Sort, start: int, limit: int) -> Found:
        by = [ORDERS[sort], {"key": "asc"}]
        found = await self._asked(
            part, query=_ranked(compiled(tree)) if sort is Sort.BEST else compiled(tree), sort=by, from_=start,
            size=limit, track_total_hits=True, docvalue_fields=["key", "published", "deadline"],
        )  # fmt: skip
        hits = [(hit["fields"], hit["_score"] or 0.0) for hit in found["hits"]["hits"]]
        held = tuple(
            Hit(fields["key"][0], fields["published"][0], fields["deadline"][0], score) for fields, score in hits
        )
        return Found(found["hits"]["total"]["value"], held)

    async def facets(self, part: Part, tree: Node, fields: Sequence[str]) -> Facets:
        wanted = {name: {"terms": {"field": name, "size": FACET_VALUES_MAX}} for name in fields}
        found = (await self._asked(part, query=compiled(tree), size=0, aggs=wanted))["aggregations"]
        return {name: {b["key"]: b["doc_count"] for b in found[name]["buckets"] if b["key"]} for name in fields}

    async def _asked(self, part: Part, **asked: Any) -> Any:
        """The same copy for all questions, so that pages fit together."""
        if monotonic() < self._rest_until:
            raise EngineAwayError("not reached a moment ago")
        if monotonic() >= self._shape_until:
            await self._called(self._look_at_shape)
        return await self._called(self._client.search, index=self._alias(part), preference=self.prefix, **asked)

    def _look_at_shape(self) -> None:
        """An index that somebody else has made under our name would find nothing, and say so as if there were
        nothing."""
        if not self._is_ours([self._alias(part) for part in Part]):
            raise EngineAwayError("the mapping is not ours")
        self._shape_until = monotonic() + SHAPE_BELIEVED_S

    def _is_ours(self, names: Iterable[str]) -> bool:
        told = self._looking.indices.get_mapping(index=",".join(names))
        return all(_shape(index["mappings"]) == _shape(MAPPING) for index in told.values())

    async def sums(self, part: Part, *, new: bool = False) -> Mapping[int, Sums]:
        return await self._called(self._sums, self._alias(part, "next" if new else ""), new)

    def _sums(self, alias: str, new: bool) -> Mapping[int, Sums]:
        if new:
            self._writing.indices.refresh(index=alias)
        added = {name: {"sum": {"field": name}} for name in ADDED}
        by_bucket = {"bucket": {"terms": {"field": "bucket", "size": BUCKETS}, "aggs": added}}
        found = self._writing.search(index=alias, size=0, aggs=by_bucket, request_cache=False)
        return {int(b["key"]): _summed(b) for b in found["aggregations"]["bucket"]["buckets"]}

    async def scan(
        self, part: Part, *, bucket: int | None = None, new: bool = False
    ) -> AsyncIterator[Sequence[tuple[str, int, int]]]:
        alias = self._alias(part, "next" if new else "")
        opened = await self._called(
            self._writing.open_point_in_time, index=alias, keep_alive=SCAN_KEPT
        )  # one state, however long it takes
        point, after = opened["id"], None
        query = {"match_all": {}} if bucket is None else {"term": {"bucket": bucket}}
        try:
            while True:
                found = await self._called(
                    self._writing.search, pit={"id": point, "keep_alive": SCAN_KEPT}, size=SCAN_BATCH, query=query,
                    sort=["_shard_doc"], docvalue_fields=["key", "version", *ADDED], search_after=after,
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
            return await self._called(self._standing) in (Standing.MISSING, Standing.FOREIGN, Standing.LOST)
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
        if not self._is_ours(live):
            return Standing.FOREIGN
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
            self._lease.renew()
        named = self._aliases()
        for part, batch in batches.items():
            actions = list(_actions(batch))
            if actions and only_new:
                self._brought(self._alias(part, "next"), actions, refresh=False)
            elif actions:
                self._brought(self._alias(part), actions, refresh=True)
                if (beside := self._alias(part, "next")) in named:
                    self._brought_beside(beside, actions)

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
        self._lease.take()
        generation = uuid4().hex[:12]
        self._building = generation
        self._clear_next()
        for part in Part:
            self._writing.indices.create(
                index=f"{self._alias(part)}-{generation}",
                settings=SETTINGS,
                mappings=MAPPING,
                aliases={self._alias(part, "next"): {}},
                wait_for_active_shards="1",
            )

    async def begin_back(self) -> None:
        assert self._held, "hold() comes first"
        assert not self._building, "one at a time"
        await self._called(self._begin_back)

    def _begin_back(self) -> None:
        self._lease.take()
        try:
            self._name_kept()
        except BaseException:
            self._lease.give_back()
            raise
        self._building = "kept"

    def _name_kept(self) -> None:
        self._clear_next()
        named = self._aliases()
        kept = {part: named.get(self._alias(part, "previous"), []) for part in Part}
        if not all(kept.values()) or not self._is_ours(name for names in kept.values() for name in names):
            raise nothing_kept(self._other_schema())
        added = [{"add": {"index": n, "alias": self._alias(part, "next")}} for part in Part for n in kept[part]]
        self._writing.indices.update_aliases(actions=added)

    def _clear_next(self) -> None:
        """Of this building, or of one that died. What is kept has both names while it is being taken back."""
        named, actions = self._aliases(), list[dict[str, Any]]()
        for part in Part:
            kept = named.get(self._alias(part, "previous"), ())
            for name in named.get(self._alias(part, "next"), ()):
                leaves = {"remove": {"index": name, "alias": self._alias(part, "next")}}
                actions.append(leaves if name in kept else {"remove_index": {"index": name}})
        if actions:
            self._writing.indices.update_aliases(actions=actions)

    def _other_schema(self) -> str | None:
        """What an earlier program has left: its aliases have another number between the same words."""
        begin, end = f"{self.prefix}-", f"-{Part.PUBLIC}"
        told = self._looking.indices.get_alias(index=f"{self.prefix}-*").values()
        names = {alias for index in told for alias in index["aliases"]}
        others = {n[len(begin) : -len(end)] for n in names if n.startswith(begin) and n.endswith(end)} - {SCHEMA}
        return max(others, default=None)

    async def swap(self) -> None:
        await self._called(self._swap)

    def _swap(self) -> None:
        self._lease.renew()
        named, actions = self._aliases(), list[dict[str, Any]]()
        for part in Part:
            for name in named.get(self._alias(part, "previous"), ()):
                leaves = {"remove": {"index": name, "alias": self._alias(part, "previous")}}
                taken_back = name in named.get(self._alias(part, "next"), ())
                actions.append(leaves if taken_back else {"remove_index": {"index": name}})
            actions += self._moved(named, part, "", "previous")
            actions += self._moved(named, part, "next", "")
        self._writing.indices.update_aliases(actions=actions)
        self._writing.indices.refresh(index=[self._alias(part) for part in Part])
        self._building, self._well = "", True
        self._lease.note_swap()
        self._lease.give_back()

    def _moved(self, named: Mapping[str, list[str]], part: Part, old: str, new: str) -> Iterator[dict[str, Any]]:
        for name in named.get(self._alias(part, old), ()):
            yield {"remove": {"index": name, "alias": self._alias(part, old), "must_exist": True}}
            yield {"add": {"index": name, "alias": self._alias(part, new)}}

    async def drop_generation(self) -> None:
        if self._building:
            self._building = ""
            await self._called(self._drop)

    def _drop(self) -> None:
        self._clear_next()
        self._lease.give_back()

    async def forget_previous(self, older_than_s: float) -> None:
        await self._called(self._forget, older_than_s)

    def _forget(self, older_than_s: float) -> None:
        """What was replaced that long ago: also what an earlier schema or a dead building has left behind."""
        named = self._aliases()
        used = (self._alias(part, suffix) for part in Part for suffix in ("", "next"))
        live = {name for alias in used for name in named.get(alias, ())}
        if not live or self._lease.swapped_at() > time() - older_than_s:
            return  # the live one is young: there may be a reason to go back
        left = self._writing.indices.get(index=f"{self.prefix}-*", expand_wildcards="all").keys() - live
        self._remove(name for name in left if name != self._lease.index)

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
    FOREIGN = "foreign"  # there is one, of another shape than ours
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
        **{name: record.tokens.get(name, "") for name in TEXT},
        "published": record.published, "deadline": record.deadline, "version": record.version,
        "unsealed": record.unsealed, "closes": record.closes,
        "bucket": record.bucket, **dict(zip(ADDED, pieces(record.digest), strict=True)), "rank": record.rank / STEPS,
    }  # fmt: skip


def _scanned(fields: Mapping[str, Any]) -> tuple[str, int, int]:
    return str(fields["key"][0]), int(fields["version"][0]), whole_digest([fields[name][0] for name in ADDED])


def _summed(bucket: Mapping[str, Any]) -> Sums:
    first, second, third = (round(bucket[name]["value"]) for name in ADDED)
    return int(bucket["doc_count"]), first, second, third


def _mapping() -> dict[str, Any]:
    """Strict: a field that we don't know is refused, not guessed. The source isn't kept: nothing reads it."""
    told: dict[str, Any] = {name: {"type": "keyword"} for name in ("key", "kind", "agency", *EXACT)}
    for name, option in TEXT.items():
        told[name] = {"type": "text", "analyzer": "whitespace", "index_options": option}
    told |= {name: {"type": "long"} for name in ("published", "deadline", "unsealed", "closes", "version")}
    told |= {name: {"type": "integer"} for name in ("bucket", *ADDED)}
    told["rank"] = {"type": "float"}
    return {"dynamic": "strict", "_source": {"enabled": False}, "properties": told}


MAPPING = _mapping()
ORDERS = {Sort.BEST: {"_score": "desc"}, Sort.NEWEST: {"published": "desc"}, Sort.DEADLINE: {"deadline": "asc"}}


def _shape(mapping: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """What a wrong one differs in; a server tells a mapping in words of its own."""
    fields = {name: told.get("type", "object") for name, told in mapping.get("properties", {}).items()}
    return str(mapping.get("dynamic", "true")), fields


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


def _ranked(query: dict[str, Any]) -> dict[str, Any]:
    factor = {"field": "rank", "missing": 1}
    return {"function_score": {"query": query, "field_value_factor": factor, "boost_mode": "multiply"}}


def _unscored(query: dict[str, Any]) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": 0.0}}
