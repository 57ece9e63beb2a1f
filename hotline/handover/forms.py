"""What the other side says of a packet."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form


class Receipt(Form):
    """回执: they have it, under a number of their own."""

    ticket: Annotated[str, Field(title="工单编号", min_length=4, max_length=48)]
    packet_id: Annotated[str, Field(title="移交编号", pattern=r"^[0-9a-f]{32}$")]
    reference: Annotated[str | None, Field(title="对方警情或受理编号", max_length=60)] = None
