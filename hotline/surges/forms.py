"""What each move of an alert must be told."""

from typing import Annotated

from pydantic import Field

from hotline.clusters.forms import Gather
from hotline.tickets.forms import REASON_MAX
from kernel.forms import Form
from kernel.labels import Labelled

SAMPLES_MAX = 12


class Reason(Labelled):
    """预警依据"""

    COUNT = "count", "短时突增"
    RISE = "rise", "缓慢上升"
    BURST = "burst", "同地聚发"
    WORDS = "words", "敏感词"


class Judged(Labelled):
    """处置结论"""

    HANDLED = "handled", "属实，已处置"
    FALSE_ALARM = "false_alarm", "误报"


class Begin(Form):
    """What the machine found and why. `many` tickets in `window_min` minutes, where `expected_milli`
    thousandths were to be expected; `tail`: how likely that is by itself.
    `secret`: it speaks of a confidential ticket."""

    reason: Annotated[Reason, Field(title="预警依据")]
    category: Annotated[str, Field(title="诉求分类", max_length=6)] = ""
    area: Annotated[str, Field(title="区划代码", max_length=12)] = ""
    word_group: Annotated[str, Field(title="词组", max_length=20)] = ""
    words: Annotated[str, Field(title="敏感词", max_length=200)] = ""
    many: Annotated[int, Field(title="件数", ge=1)]
    window_min: Annotated[int, Field(title="时段（分钟）", ge=1)]
    expected_milli: Annotated[int, Field(title="平常件数（千分之一）", ge=0)] = 0
    tail: Annotated[str, Field(title="偶然出现的概率", max_length=20)] = ""
    lat_udeg: Annotated[int | None, Field(title="纬度（百万分之一度）")] = None
    lon_udeg: Annotated[int | None, Field(title="经度（百万分之一度）")] = None
    secret: Annotated[bool, Field(title="涉保密工单")] = False
    tickets: Annotated[tuple[str, ...], Field(title="样本工单", min_length=1, max_length=SAMPLES_MAX)]


class Acknowledge(Form):
    note: Annotated[str | None, Field(title="安排", max_length=REASON_MAX)] = None


class Numbered(Gather):
    """The cluster's title and tickets, with the number that was drawn for it."""

    cluster: Annotated[str, Field(title="群体事件编号")]


class Close(Form):
    judged: Annotated[Judged, Field(title="结论")]
    note: Annotated[str, Field(title="处置说明", min_length=4, max_length=REASON_MAX)]
