"""What the security administrator says when a period of retention changes."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form

DAYS_MAX = 36_500


class SetPeriod(Form):
    name: Annotated[str, Field(title="数据", max_length=60)]
    days: Annotated[int, Field(title="保存天数", ge=1, le=DAYS_MAX)]
    basis: Annotated[str, Field(title="依据", min_length=4, max_length=200)]
