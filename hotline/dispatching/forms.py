"""What each move of a dispatch rule must be told."""

from typing import Annotated

from pydantic import Field

from hotline.tickets.forms import Basis, Why
from kernel.forms import Form


class Propose(Form):
    """Tickets of this category (prefix), in this area (prefix, empty: everywhere), go to this agency."""

    category: Annotated[str, Field(title="诉求分类", pattern=r"^\d{2,6}$")]
    area: Annotated[str, Field(title="区划代码", pattern=r"^\d{0,12}$")] = ""
    agency: Annotated[str, Field(title="承办单位", min_length=1, max_length=20)]
    basis: Basis


class Approve(Form):
    note: Annotated[str | None, Field(title="意见", max_length=500)] = None


class Retire(Form):
    reason: Why
