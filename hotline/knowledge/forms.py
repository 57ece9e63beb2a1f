"""What each move of an article must be told."""

from datetime import date
from typing import Annotated

from pydantic import Field

from hotline.tickets.forms import Category, Why
from kernel.forms import Form
from kernel.labels import Labelled

QUERY_CHARS_MAX = 100


class Visibility(Labelled):
    PUBLIC = "public", "公开"
    STAFF = "staff", "仅工作人员"


class Verdict(Labelled):
    HELPFUL = "helpful", "有帮助"
    WRONG = "wrong", "有错误"


class Written(Form):
    """The whole text of an article; official words, so nothing of it is sealed."""

    title: Annotated[str, Field(title="标题", min_length=4, max_length=80)]
    body: Annotated[str, Field(title="答复口径", min_length=10, max_length=4_000)]
    source: Annotated[str, Field(title="依据", min_length=4, max_length=300)]
    owner: Annotated[str, Field(title="责任单位", min_length=1, max_length=20)]
    visibility: Annotated[Visibility, Field(title="公开范围")] = Visibility.STAFF
    category: Category = None
    words: Annotated[str, Field(title="其他说法", max_length=200)] = ""
    valid_to: Annotated[date, Field(title="有效期至")]


class Reason(Form):
    reason: Why


class Fault(Form):
    """`wrong`: what stood there was false, so it is not shown from now on, and who answered from it is listed."""

    reason: Why
    wrong: Annotated[bool, Field(title="原内容有错误")] = False


class Reminded(Form):
    until: Annotated[date, Field(title="有效期至")]


class Opinion(Form):
    verdict: Annotated[Verdict, Field(title="评价")]
    text: Annotated[str, Field(title="说明", max_length=500)] = ""


class Missed(Form):
    q: Annotated[str, Field(title="查询内容", min_length=1, max_length=QUERY_CHARS_MAX)]
