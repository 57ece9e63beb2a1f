"""What is asked and answered."""

import re
from typing import Annotated

from pydantic import Field, field_validator

from kernel.forms import Form

NUMBERS_MAX = 20
NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{2,47}")


class Ask(Form):
    """Numbers, one a line. Whether they are there is said to nobody before two persons have agreed."""

    kind: Annotated[str, Field(title="事项种类", min_length=1, max_length=30)]
    numbers: Annotated[str, Field(title="编号", min_length=3, max_length=1_000)]
    reason: Annotated[str, Field(title="事由", min_length=6, max_length=200)]

    @field_validator("numbers")
    @classmethod
    def _are_numbers(cls, text: str) -> str:
        found = list(dict.fromkeys(text.replace("，", " ").replace(",", " ").split()))
        if wrong := next((one for one in found if not NUMBER.fullmatch(one)), None):
            raise ValueError(f"“{wrong[:48]}”不是编号，请每行填一个编号。")
        if len(found) > NUMBERS_MAX:
            raise ValueError(f"一次最多 {NUMBERS_MAX} 个编号，请分次申请。")
        return "\n".join(found)


class Asked(Form):
    """As refs of things, parted by blanks."""

    subjects: Annotated[str, Field(title="事项", max_length=1_600)]
    reason: Annotated[str, Field(title="事由", max_length=200)]


class Why(Form):
    why: Annotated[str, Field(title="理由", min_length=4, max_length=200)]
