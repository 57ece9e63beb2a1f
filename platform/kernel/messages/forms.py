"""What people choose about messages, what administrators write, and what a gateway reports."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from kernel.forms import Form
from kernel.messages.models import Channel
from kernel.messages.queries import CHOICES
from kernel.messages.templates import SMS_MAX, TEXT_MAX, TITLE_MAX, Sort

NAMES = {f"{sort}:{channel}": (sort, channel) for sort, channel in CHOICES}


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError("请从列出的选项中选择通知方式。")
    return name


class Email(Form):
    email: Annotated[str, Field(title="邮箱", min_length=1, max_length=254)]


class Choices(Form):
    """What stays on; nothing ticked is a choice, too."""

    wanted: Annotated[
        list[Annotated[str, AfterValidator(_known)]],
        Field(title="通知方式", max_length=len(NAMES), default_factory=list),
    ]

    @property
    def pairs(self) -> list[tuple[Sort, Channel]]:
        return [NAMES[name] for name in self.wanted]


class Texts(Form):
    """A new version of a template. Empty: the channel isn't used."""

    title: Annotated[str, Field(title="站内标题", min_length=1, max_length=TITLE_MAX)]
    body: Annotated[str, Field(title="站内正文", max_length=TEXT_MAX)] = ""
    subject: Annotated[str, Field(title="邮件标题", max_length=TITLE_MAX)] = ""
    mail: Annotated[str, Field(title="邮件正文", max_length=TEXT_MAX)] = ""
    sms: Annotated[str, Field(title="短信", max_length=SMS_MAX)] = ""


class Report(Form):
    """What became of a message: signed by the gateway, `code` in its own words."""

    request_id: Annotated[str, Field(title="请求编号", pattern=r"^[0-9a-f]{64}$")]
    state: Annotated[Literal["delivered", "failed"], Field(title="结果")]
    code: Annotated[str, Field(title="原因代码", max_length=40, pattern=r"^[A-Za-z0-9_.:-]*$")] = ""


class ReadThese(Form):
    ids: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(title="消息", min_length=1, max_length=100)]
