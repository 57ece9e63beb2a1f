"""What suggestions are asked with."""

from typing import Annotated

from pydantic import Field

from hotline.tickets.forms import CONTENT_MAX, TITLE_MAX, Phone, Place
from kernel.forms import Form
from kernel.journal import Sealed


class Wanted(Form):
    title: Annotated[Sealed, Field(title="标题", max_length=TITLE_MAX)]
    content: Annotated[Sealed, Field(title="诉求内容", max_length=CONTENT_MAX)]
    place: Annotated[Place | None, Field(title="地点")] = None
    phone: Phone = None
