"""What a version of the vocabulary is written down as, and what its moves must be told."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from search.vocabulary.entries import SIGNS_MAX


class Lines(Form):
    """One entry a line, as `entries.parsed` reads them; empty takes back all that is the hall's own. Who only tries
    them out needn't say why yet."""

    note: Annotated[str, Field(title="说明", max_length=200)] = ""
    lines: Annotated[str, Field(title="词条", max_length=SIGNS_MAX)] = ""


class Written(Lines):
    note: Annotated[str, Field(title="说明", min_length=4, max_length=200)]


class Reason(Form):
    reason: Annotated[str, Field(title="理由", min_length=4, max_length=300)]
