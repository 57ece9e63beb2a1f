"""What the administrator says when the hall is closed."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from kernel.maintenance.models import Mode


class SetMode(Form):
    mode: Annotated[Mode, Field(title="开放状态")]
    reason: Annotated[str, Field(title="给来访者看的原因", max_length=60)] = ""


class BelieveClock(Form):
    suspicion: Annotated[int, Field(title="存疑的编号", ge=1)]
