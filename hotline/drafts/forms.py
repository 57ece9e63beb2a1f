"""What the desk sends while somebody types."""

from typing import Annotated

from pydantic import Field, field_validator

from hotline.tickets.forms import CONTENT_MAX
from kernel.forms import Form

AT_DESK = "new"  # the desk without a call
FIELDS = frozenset(
    {
        "channel", "type", "title", "content", "caller_name", "caller_phone", "secrecy", "answer_waived",
        "address", "category", "urgency", "advised", "answer", "article", "into", "ground",
        "words",
    }
)  # fmt: skip
Place = Annotated[str, Field(title="草稿位置", pattern=r"^(new|call:\d{1,10})$")]


class Typed(Form):
    """The whole desk as it stands; the last one that arrives is the draft."""

    place: Place
    fields: Annotated[dict[str, str], Field(title="内容", max_length=len(FIELDS))]

    @field_validator("fields")
    @classmethod
    def only_what_the_desk_has(cls, told: dict[str, str]) -> dict[str, str]:
        if not told.keys() <= FIELDS:
            raise ValueError("草稿里有登记台没有的项目。")
        if any(len(text) > CONTENT_MAX for text in told.values()):
            raise ValueError(f"每一项最多 {CONTENT_MAX} 个字。")
        return told


class Dropped(Form):
    place: Place
