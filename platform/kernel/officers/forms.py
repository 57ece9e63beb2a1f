"""What officers say when they let somebody act in their place."""

from datetime import date
from typing import Annotated

from pydantic import Field

from kernel.forms import Form

Username = Annotated[str, Field(title="用户名", min_length=1, max_length=60)]
Why = Annotated[str, Field(title="事由", min_length=2, max_length=200)]


class Delegate(Form):
    """委托他人代行: `starts` and `ends` are days of the city, both included."""

    taker: Annotated[str, Field(title="受托人用户名", min_length=1, max_length=60)]
    grant: Annotated[int, Field(title="委托的角色", ge=1, le=2_147_483_647)]
    starts: Annotated[date, Field(title="从哪天起")]
    ends: Annotated[date, Field(title="到哪天止")]
    reason: Why


class SetPost(Form):
    """设 AB 岗."""

    name: Annotated[str, Field(title="岗位名称", min_length=2, max_length=60)]
    a: Annotated[str, Field(title="A 岗用户名", min_length=1, max_length=60)]
    b: Annotated[str, Field(title="B 岗用户名", min_length=1, max_length=60)]
    role: Annotated[str, Field(title="角色", min_length=1, max_length=40)]


class Leave(Form):
    """登记不在岗: one's own, or one's people's."""

    username: Username
    starts: Annotated[date, Field(title="从哪天起")]
    ends: Annotated[date, Field(title="到哪天止")]
    reason: Why
