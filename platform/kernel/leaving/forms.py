"""Who leaves and who takes over."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form


class Leave(Form):
    username: Annotated[str, Field(title="离岗人用户名", min_length=1, max_length=60)]
    successor: Annotated[str, Field(title="接任人用户名", min_length=1, max_length=60)]
