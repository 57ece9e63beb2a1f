"""What callers send from the site."""

from typing import Annotated

from pydantic import AfterValidator, Field

from hotline.tickets.forms import Channel, Register
from kernel import numbering
from kernel.forms import Form


class Filed(Register):
    channel: Annotated[Channel, Field(title="来源渠道")] = Channel.WEB

    def facts(self) -> Register:
        return Register.check(dict(self) | {"channel": Channel.WEB})


class Track(Form):
    no: Annotated[str, Field(title="工单编号", min_length=6, max_length=48), AfterValidator(numbering.as_typed)]
    code: Annotated[str, Field(title="查询码", min_length=16, max_length=40)]
