"""One building at a time, whoever begins it, where several processes write to one server; and when the last ended."""

from time import time
from typing import Any
from uuid import uuid4

from elasticsearch import ConflictError, Elasticsearch, NotFoundError

from search.engine import EngineAwayError, WriterTakenError

LEASE_S = 120.0
BUILDING, SWAPPED = "building", "swapped"


class Lease:
    """A row that only one can change from what it was; who holds it and died gives way after two minutes."""

    def __init__(self, client: Elasticsearch, index: str, settings: dict[str, Any]) -> None:
        self.index, self._client, self._settings = index, client, settings
        self._owner = ""

    def take(self) -> None:
        """Raises WriterTakenError."""
        self._owner = uuid4().hex
        if not self._client.indices.exists(index=self.index):
            mapping = {"properties": {"owner": {"type": "keyword"}, "until": {"type": "double"}}}
            self._client.options(ignore_status=400).indices.create(  # 400: another was faster
                index=self.index, settings=self._settings, mappings={"dynamic": "strict", **mapping}
            )
        try:
            held = self._client.get(index=self.index, id=BUILDING)
        except NotFoundError:
            expected: dict[str, Any] = {"op_type": "create"}
        else:
            if held["_source"]["until"] > time():
                raise WriterTakenError
            expected = {"if_seq_no": held["_seq_no"], "if_primary_term": held["_primary_term"]}
        try:
            self._put(BUILDING, time() + LEASE_S, **expected)
        except ConflictError as taken:
            raise WriterTakenError from taken

    def renew(self) -> None:
        held = self._client.get(index=self.index, id=BUILDING)
        if held["_source"]["owner"] != self._owner:
            raise EngineAwayError("another process has begun a building")
        self._put(BUILDING, time() + LEASE_S)

    def give_back(self) -> None:
        self._put(BUILDING, 0)

    def note_swap(self) -> None:
        self._put(SWAPPED, time())

    def swapped_at(self) -> float:
        """Unix seconds. An index's own age wouldn't say it: one that was taken back is older than what it replaced."""
        try:
            return float(self._client.get(index=self.index, id=SWAPPED)["_source"]["until"])
        except NotFoundError:
            return 0.0

    def _put(self, name: str, until: float, **expected: Any) -> None:
        self._client.index(index=self.index, id=name, document={"owner": self._owner, "until": until}, **expected)
