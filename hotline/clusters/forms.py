"""What each move of a cluster must be told."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from hotline.tickets.forms import REASON_MAX, Why
from kernel.forms import Form
from kernel.journal import Sealed

TICKETS_MIN, TICKETS_MAX = 2, 500


def apart(value: object) -> object:
    """Numbers that were pasted into one line are as many numbers, each once."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return value
    return tuple(dict.fromkeys(no for one in value for no in re.split(r"[\s,，、;；]+", one) if no))


Numbers = Annotated[
    tuple[Annotated[str, Field(max_length=48)], ...],
    BeforeValidator(apart),
    Field(title="工单编号", max_length=TICKETS_MAX),
]


class Gather(Form):
    title: Annotated[str, Field(title="标题", min_length=4, max_length=100)]
    tickets: Annotated[Numbers, Field(title="工单编号", min_length=TICKETS_MIN)]


class Add(Form):
    tickets: Annotated[Numbers, Field(title="工单编号", min_length=1)]


class Remove(Form):
    tickets: Annotated[Numbers, Field(title="工单编号", min_length=1)]
    reason: Why


class BatchReply(Form):
    body: Annotated[Sealed, Field(title="给诉求人的答复", min_length=10, max_length=4_000)]


class End(Form):
    reason: Annotated[str | None, Field(title="说明", max_length=REASON_MAX)] = None
