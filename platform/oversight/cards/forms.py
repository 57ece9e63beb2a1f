"""What the moves of a card are told."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from kernel.journal import Sealed

TEXT_MAX = 2_000
FIRED = ("rule", "rule_version", "level", "about", "step", "span", "org_path")


class Fired(Form):
    """Which rule fired over what: told by the machine."""

    rule: Annotated[str, Field(title="规则", min_length=1, max_length=12)]
    rule_version: Annotated[int, Field(title="规则版本", ge=1)]
    level: Annotated[str, Field(title="种类", min_length=3, max_length=12)]
    about: Annotated[str, Field(title="所涉事项", min_length=3, max_length=80)]
    step: Annotated[str, Field(title="环节", min_length=1, max_length=20)]
    span: Annotated[int, Field(title="第几次计时", ge=1)]
    org_path: Annotated[str, Field(title="责任单位", min_length=1, max_length=200)]


class Numbered(Form):
    """Told by the machine that drew the number, nobody types it."""

    doc_no: Annotated[str, Field(title="文号", min_length=3, max_length=60)]


class Reason(Form):
    reason: Annotated[str, Field(title="理由", min_length=5, max_length=500)]


class Reply(Form):
    """书面说明: why it is late, and what is done about it."""

    explanation: Annotated[Sealed, Field(title="情况说明", min_length=5, max_length=TEXT_MAX)]
    measures: Annotated[Sealed, Field(title="整改措施", min_length=2, max_length=TEXT_MAX)]


class Appeal(Form):
    grounds: Annotated[Sealed, Field(title="申诉理由", min_length=5, max_length=TEXT_MAX)]
