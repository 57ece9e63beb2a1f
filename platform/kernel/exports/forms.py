"""What is asked and answered."""

from typing import Annotated, Literal

from pydantic import Field

from kernel.forms import Form


class Ask(Form):
    listing: Annotated[str, Field(title="清单", max_length=40)]
    query: Annotated[str, Field(title="筛选", max_length=500)] = ""
    ending: Annotated[Literal["csv", "xlsx"], Field(title="格式")] = "xlsx"
    purpose: Annotated[str, Field(title="用途", min_length=6, max_length=200)]


class Asked(Ask):
    """With what the hall counted itself."""

    rows: Annotated[int, Field(title="行数", ge=0)]


class Refuse(Form):
    reason: Annotated[str, Field(title="不同意的理由", min_length=4, max_length=200)]
