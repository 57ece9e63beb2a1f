"""What a person asks about their own data, and what they are answered."""

from typing import Annotated

from pydantic import Field, SecretStr

from kernel.citizens.forms import AS_TYPED, Name
from kernel.forms import Form
from kernel.journal import Sealed
from kernel.labels import Labelled


class Right(Labelled):
    CORRECT = "correct", "更正、补充"
    ERASE = "erase", "删除"
    CLOSE = "close", "注销帐号"
    EXPLAIN = "explain", "说明处理规则"


class Ask(Form):
    right: Annotated[Right, Field(title="请求")]
    text: Annotated[Sealed | None, Field(title="说明", min_length=4, max_length=2_000)] = None


class ByHand(Form):
    """What can't be done at once: a person answers it."""

    text: Annotated[Sealed, Field(title="要更正什么", min_length=4, max_length=2_000)]


class Answer(Form):
    granted: Annotated[bool, Field(title="是否办理")]
    text: Annotated[Sealed, Field(title="答复", min_length=4, max_length=4_000)]


class CorrectName(Form):
    name: Name


class Sure(Form):
    model_config = AS_TYPED

    password: Annotated[SecretStr, Field(title="口令", min_length=1, max_length=256)]
