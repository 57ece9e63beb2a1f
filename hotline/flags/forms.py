"""What each move of a flag must be told."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from hotline.tickets.forms import REASON_MAX, Why
from hotline.tickets.phones import phone
from kernel.forms import Form
from kernel.journal import Sealed
from kernel.labels import Labelled


class Attention(Labelled):
    """标注种类"""

    CARE = "care", "重点关照"
    DISTURBING = "disturbing", "恶意扰乱"


class Propose(Form):
    """Who calls from this number, why, by which decision, and until when."""

    phone: Annotated[Sealed, BeforeValidator(phone), Field(title="联系电话")]
    attention: Annotated[Attention, Field(title="标注种类")]
    decision_no: Annotated[str, Field(title="决定文号", min_length=4, max_length=60)]
    valid_to: Annotated[date, Field(title="有效期至")]
    reason: Annotated[Sealed, Field(title="事实和理由", min_length=4, max_length=REASON_MAX)]


class Confirm(Form):
    note: Annotated[str | None, Field(title="审定意见", max_length=REASON_MAX)] = None


class Lift(Form):
    reason: Why
