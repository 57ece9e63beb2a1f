"""What administrators choose on their pages."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form


class Chosen(Form):
    """Rows ticked in a list."""

    ids: Annotated[list[int], Field(title="所选各项", min_length=1, max_length=500)]
