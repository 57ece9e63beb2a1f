"""What the operator's desk posts: a ticket's facts, and what to do with them."""

from typing import Annotated, Literal

from pydantic import Field

from hotline.tickets.forms import Register


class NewCall(Register):
    then: Annotated[Literal["register"], Field(title="操作")] = "register"

    def facts(self) -> Register:
        return Register.check({name: value for name, value in self if name != "then"})
