"""What may be asked."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, field_validator
from starlette.requests import Request

from kernel.edge import rates
from kernel.errors import Malformed, SignedOut
from kernel.forms import Form
from kernel.permissions import ANONYMOUS, Actor
from search import analysis
from search.asking import TERMS_MAX
from search.cursor import CURSOR_MAX
from search.engine import Sort
from search.inquiry import Asked

QUERY_SIGNS_MAX = 200
LIMIT_MAX = 100


class Ask(Form):
    """One search (检索), from a person or a program."""

    q: Annotated[str, Field(title="检索词", max_length=QUERY_SIGNS_MAX)] = ""
    kind: Annotated[str, Field(title="类别", max_length=20)] = ""
    agency: Annotated[str, Field(title="部门", max_length=100)] = ""
    region: Annotated[str, Field(title="地区", max_length=200)] = ""
    sort: Annotated[Sort, Field(title="排序")] = Sort.BEST
    limit: Annotated[int, Field(title="每页条数", ge=1, le=LIMIT_MAX)] = 10
    cursor: Annotated[str, Field(title="翻页位置", max_length=CURSOR_MAX)] = ""
    count: Annotated[bool, Field(title="给出总数")] = False

    @field_validator("q")
    @classmethod
    def not_too_many_words(cls, q: str) -> str:
        if len(list(analysis.runs(q))) > TERMS_MAX:
            raise ValueError(f"检索词最多 {TERMS_MAX} 个，请去掉一些。")
        return q

    def asked(self) -> Asked:
        chosen = {"kind": self.kind, "agency": self.agency, "region": _region(self.region)}
        return Asked(q=self.q, sort=self.sort, limit=self.limit, **chosen)


async def ask(request: Request, *, lenient: bool) -> Ask:
    """From the address, counted against its rate; `lenient` for pages, where a foreign parameter (of a newsletter) is
    no one's fault."""
    address, factor = rates.address_of(request), rates.factor_of(request)
    rates.hit_here(rates.SEARCH_ADDRESS, address, at=datetime.now(UTC), factor=factor)
    given = [(name, value) for name, value in request.query_params.multi_items() if value != ""]
    if len({name for name, _ in given}) < len(given):
        raise Malformed(what="同一个参数出现了多次")
    return Ask.check({name: value for name, value in given if not lenient or name in Ask.model_fields})


async def reader(request: Request) -> Actor:
    """Who asks, with the rights of this moment: a process remembers a session for seconds, and in none of them may a
    right that another process took away still find something. Raises SignedOut."""
    if request.user.anonymous:
        return ANONYMOUS
    session = await request.scope["again"]()
    if session is None:
        raise SignedOut
    actor: Actor = session.actor
    return actor


def _region(path: str) -> str:
    """The index keeps every prefix of a path; a region asked for without its slashes means the same."""
    return f"@/{path.strip('/')}/" if path.strip("/") else ""
