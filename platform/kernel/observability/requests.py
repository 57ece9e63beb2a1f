"""How many requests there were and how long they took: counted in this process, told by /metrics.

Labels are bounded: the handler's name instead of the address, so that nobody's number becomes a label."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_answers: Counter[tuple[str, str, str]] = Counter()  # method, handler, status
_durations: dict[str, list[int]] = {}  # handler → how many in each bucket, the last without an end
_seconds: defaultdict[str, float] = defaultdict(float)


def note(scope: Scope, status: int, seconds: float) -> None:
    handler = _handler(scope.get("endpoint"))
    _answers[scope["method"], handler, str(status)] += 1
    if scope.get("goes_on"):
        return  # how long somebody watches says nothing of how fast the hall is
    _durations.setdefault(handler, [0] * (len(BUCKETS_S) + 1))[bisect_left(BUCKETS_S, seconds)] += 1
    _seconds[handler] += seconds


def _handler(endpoint: Any) -> str:
    """`hotline.tickets.api.create`; `none` where nothing was reached."""
    name = getattr(endpoint, "__name__", "")
    return f"{endpoint.__module__}.{name}" if name else "none"


class Requests:
    """What prometheus asks for."""

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        answers = CounterMetricFamily(
            "sunhall_requests", "answers by handler and status", labels=["method", "handler", "status"]
        )
        for labels, count in _answers.items():
            answers.add_metric(labels, count)
        yield answers
        durations = HistogramMetricFamily(
            "sunhall_request_seconds", "from the first byte to the last", labels=["handler"]
        )
        for handler, counts in _durations.items():
            ends, so_far, told = [*map(str, BUCKETS_S), "+Inf"], 0, []
            for end, count in zip(ends, counts, strict=True):
                told.append((end, so_far := so_far + count))
            durations.add_metric([handler], told, sum_value=_seconds[handler])
        yield durations
