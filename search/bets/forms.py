"""What a bet is made of, and what its moves must be told."""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from kernel.forms import Form
from kernel.labels import Labelled
from search import analysis

QUERY_MAX, PLACES_MAX = 60, 5


class Match(Labelled):
    EXACT = "exact", "检索词正是它"
    ALL = "all", "检索词含有其中每个词"


class Effect(Labelled):
    PIN = "pin", "置顶"
    HIDE = "hide", "不显示"


class Placed(Form):
    """`document` is `kind:no`; `place` among several that are pinned for one question."""

    query: Annotated[str, Field(title="检索词", min_length=1, max_length=QUERY_MAX)]
    match: Annotated[Match, Field(title="怎样算符合")] = Match.EXACT
    effect: Annotated[Effect, Field(title="作用")] = Effect.PIN
    document: Annotated[str, Field(title="文档", pattern=r"^[a-z_]{2,20}:\S{1,60}$")]
    place: Annotated[int, Field(title="次序", ge=1, le=PLACES_MAX)] = 1
    reason: Annotated[str, Field(title="理由", min_length=4, max_length=300)]
    last_day: Annotated[date, Field(title="用到")]

    @field_validator("query")
    @classmethod
    def has_words(cls, query: str) -> str:
        if not words_of(query):
            raise ValueError("检索词须有文字或数字。")
        return query


class Reason(Form):
    reason: Annotated[str, Field(title="理由", min_length=4, max_length=300)]


def words_of(query: str) -> tuple[str, ...]:
    """A question as it is compared: folded, without signs between the words."""
    return tuple("".join(run.parts) for run in analysis.runs(query))
