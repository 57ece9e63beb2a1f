"""What a rating says."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from kernel.journal import Sealed
from kernel.labels import Labelled

LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}  # 国办发〔2019〕51 号
LOW = 2  # and below: somebody must come back to the person


class Tag(Labelled):
    ATTITUDE = "attitude", "服务态度"
    CLEAR = "clear", "告知清楚"
    CHANNEL = "channel", "渠道方便"
    RESULT = "result", "结果"
    SPEED = "speed", "办理时间"


class Rate(Form):
    subject: Annotated[str, Field(title="评价的事项", min_length=3, max_length=80)]
    level: Annotated[int, Field(title="评价等级", ge=1, le=5)]
    tags: Annotated[tuple[Tag, ...], Field(title="评价方面", max_length=5)] = ()
    text: Annotated[Sealed | None, Field(title="评价内容", max_length=500)] = None


class FollowUp(Form):
    """整改回访"""

    found: Annotated[Sealed, Field(title="核实情况", min_length=2, max_length=500)]
    mended: Annotated[bool, Field(title="是否整改")]
