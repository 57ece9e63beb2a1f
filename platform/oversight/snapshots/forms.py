"""What is said when a report is frozen, corrected, published."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.forms import Form

Sha256 = Annotated[str, Field(title="指纹", pattern="^[0-9a-f]{64}$")]
Edition = Annotated[int, Field(title="版次", ge=1, le=999)]


class Frozen(Form):
    series: Annotated[str, Field(title="报表", max_length=40)]
    since: Annotated[date, Field(title="起始日期")]
    until: Annotated[date, Field(title="结束日期")]
    edition: Edition = 1
    sha256: Sha256


class Wanted(Form):
    """Which report is to be made; without a day the last closed period."""

    series: Annotated[str, Field(title="报表", max_length=40)]
    day: Annotated[date | None, Field(title="日期")] = None


class Why(Form):
    reason: Annotated[str, Field(title="更正原因", min_length=4, max_length=200)]


class Corrected(Why):
    """With what the hall counted itself."""

    edition: Edition
    sha256: Sha256


class Checked(Form):
    """The fingerprint of what the person had before their eyes."""

    sha256: Sha256
