"""What each move of a policy document must be told, and what may be asked of the list."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from kernel.forms import Form
from kernel.labels import Labelled

TITLE_CHARS_MAX, NUMBER_CHARS_MAX, AGENCY_CHARS_MAX, BODY_CHARS_MAX = 150, 60, 200, 200_000
BASIS_CHARS_MAX, REASON_CHARS_MAX = 200, 500


class Theme(Labelled):
    SERVICE = "service", "政务服务"
    OPENNESS = "openness", "政务公开"
    BUSINESS = "business", "营商环境"
    CITY = "city", "城市管理"
    LIVELIHOOD = "livelihood", "社会民生"
    OTHER = "other", "综合"


class Written(Form):
    """The whole document; official words, so nothing of it is sealed."""

    title: Annotated[str, Field(title="标题", min_length=4, max_length=TITLE_CHARS_MAX)]
    number: Annotated[str, Field(title="文号", max_length=NUMBER_CHARS_MAX)] = ""
    agency: Annotated[str, Field(title="发文机关", min_length=2, max_length=AGENCY_CHARS_MAX)]
    theme: Annotated[Theme, Field(title="主题")] = Theme.OTHER
    issued: Annotated[date, Field(title="成文日期")]
    effective_from: Annotated[date | None, Field(title="施行日期")] = None
    body: Annotated[str, Field(title="正文", min_length=10, max_length=BODY_CHARS_MAX)]


class Brought(Form):
    """A document that was published elsewhere, as it stood there; what couldn't be found out is empty."""

    title: Annotated[str, Field(title="标题", min_length=1, max_length=TITLE_CHARS_MAX)]
    number: Annotated[str, Field(title="文号", max_length=NUMBER_CHARS_MAX)] = ""
    agency: Annotated[str, Field(title="发文机关", max_length=AGENCY_CHARS_MAX)] = ""
    theme: Annotated[Theme, Field(title="主题")] = Theme.OTHER
    issued: Annotated[date | None, Field(title="成文日期")] = None
    posted: Annotated[date | None, Field(title="原发布日期")] = None
    effective_from: Annotated[date | None, Field(title="施行日期")] = None
    body: Annotated[str, Field(title="正文", min_length=1, max_length=BODY_CHARS_MAX)]
    origin: Annotated[str, Field(title="原载", max_length=80)] = ""
    source: Annotated[str, Field(title="来源", min_length=1, max_length=80)]
    source_no: Annotated[str, Field(title="来源编号", min_length=1, max_length=80)]
    source_hash: Annotated[str, Field(title="来源摘要", min_length=64, max_length=64)]
    validity: Annotated[Literal["in_force", "revised", "repealed"] | None, Field(title="效力")] = None


class Reason(Form):
    reason: Annotated[str, Field(title="理由", min_length=4, max_length=REASON_CHARS_MAX)]


class Revise(Form):
    """修改: the text as it reads from that day on, and the document that changes it."""

    changed_by: Annotated[str, Field(title="修改依据", min_length=4, max_length=BASIS_CHARS_MAX)]
    changed_on: Annotated[date, Field(title="修改生效日期")]
    body: Annotated[str, Field(title="修改后的正文", min_length=10, max_length=BODY_CHARS_MAX)]


class Repeal(Form):
    ended_by: Annotated[str, Field(title="废止依据", min_length=4, max_length=BASIS_CHARS_MAX)]
    ended_on: Annotated[date, Field(title="废止日期")]
