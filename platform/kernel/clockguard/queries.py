"""What is known of the clocks, the same in every process."""

from time import monotonic
from weakref import WeakKeyDictionary

from tortoise.backends.base.client import BaseDBAsyncClient

from kernel.clockguard.models import Suspicion
from kernel.database import home

FRESH_S = 1.0
_known: WeakKeyDictionary[BaseDBAsyncClient, tuple[float, Suspicion | None]] = WeakKeyDictionary()


async def open_suspicion(*, anew: bool = False) -> Suspicion | None:
    """The oldest that nobody has ended, whichever machine it is of; read once a second in each process."""
    here = home()
    known = _known.get(here)
    if known is None or anew or monotonic() - known[0] > FRESH_S:
        found = await Suspicion.filter(ended_at=None).order_by("id").first()
        known = (monotonic(), found)
        _known[here] = known
    return known[1]


async def of_host(host: str, boot: str) -> Suspicion | None:
    return await Suspicion.filter(host=host, boot=boot, ended_at=None).order_by("id").first()


async def newest(limit: int) -> list[Suspicion]:
    return await Suspicion.all().order_by("-id").limit(limit)


async def counts() -> dict[str, int]:
    """For the metrics."""
    at_all = await Suspicion.all().count()
    return {"suspect": int(await open_suspicion() is not None), "suspicions": at_all}


def since_words(suspicion: Suspicion) -> str:
    """How far and whither, for people."""
    seconds = abs(suspicion.offset_ms) / 1000
    return f"{'倒退' if suspicion.offset_ms < 0 else '前跳'}了 {seconds:,.0f} 秒"
