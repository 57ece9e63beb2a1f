"""What an exchange pushes, and what an operator says became of a call."""

from typing import Annotated, Literal

from pydantic import Field

from hotline.tickets.phones import signalled
from kernel.forms import Form
from kernel.labels import Labelled

WITHHELD = {"", "anonymous", "unknown", "withheld", "private", "restricted"}
NUMBER_MAX = 120  # a whole SIP address


class Ending(Labelled):
    """来电结果: how a call ended; SERVED: with a ticket, or with an answer about one."""

    BLANK = "blank", "无声电话"
    PRANK = "prank", "骚扰电话"
    WRONG = "wrong", "打错"
    WITHHELD = "withheld", "号码隐藏，未说诉求"
    SERVED = "served", "已办理"
    CALLED_BACK = "called_back", "已回拨"
    UNREACHED = "unreached", "回拨未接通"


class Push(Form):
    """The generic push of an exchange: one event of one call, `callId` the same in all of them."""

    event: Annotated[Literal["newCall", "answer", "hangup"], Field(title="事件")]
    call_id: Annotated[str, Field(title="呼叫编号", alias="callId", min_length=1, max_length=80)]
    from_: Annotated[str, Field(title="主叫", alias="from", max_length=NUMBER_MAX)] = ""
    to: Annotated[str, Field(title="被叫", max_length=NUMBER_MAX)] = ""
    direction: Annotated[Literal["in", "out"], Field(title="方向")] = "in"
    user: Annotated[str, Field(title="坐席帐号", max_length=60)] = ""
    queue: Annotated[str, Field(title="队列", max_length=40)] = ""
    answering_number: Annotated[str, Field(title="接听分机", alias="answeringNumber", max_length=NUMBER_MAX)] = ""
    cause: Annotated[str, Field(title="挂断原因", max_length=40)] = ""
    rating: Annotated[int | None, Field(title="来电人按键评价", ge=1, le=5)] = None

    @property
    def other_side(self) -> str:
        """The number outside, as tickets write it; empty where it is withheld or no number at all (a SIP name)."""
        said = (self.from_ if self.direction == "in" else self.to).strip()
        return "" if said.lower() in WITHHELD else signalled(said)


class Disposal(Form):
    """What an operator records of a call: by its number in the list."""

    call: Annotated[int, Field(title="来电", ge=1, le=2**31 - 1)]
    outcome: Annotated[Ending, Field(title="结果")]
    reason: Annotated[str, Field(title="说明", max_length=200)] = ""


class Handover(Form):
    """交接班: what the next shift has to know."""

    note: Annotated[str, Field(title="交接事项", min_length=1, max_length=2000)]


class Confirmed(Form):
    """The next lead has read it."""

    handover: Annotated[int, Field(title="交接记录", ge=1, le=2**31 - 1)]
