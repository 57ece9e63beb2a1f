"""What each move of a time-limit policy must be told."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hotline.policies import cells
from hotline.tickets.forms import Why
from kernel.errors import FormRejected
from kernel.forms import Form

NO = r"^[a-z0-9][a-z0-9.+-]{1,39}$"
Title = Annotated[str, Field(title="说明", min_length=4, max_length=80)]
PERIOD_DAYS_MAX = 366


class Named(Form):
    title: Title


class Written(Named):
    """The whole sheet; official words, so nothing of it is sealed."""

    document: Annotated[dict[str, Any], Field(title="时限表")]

    @model_validator(mode="after")
    def every_cell_can_be_read(self) -> Self:
        """The road of a program: what a form would refuse is refused here, too."""
        flat = cells.flat(self.document)
        again, problems = cells.read({cell: cells.words(cell, told) for cell, told in flat.items()})
        if problems:
            raise ValueError(next(iter(problems.values())))
        if cells.built(again) != self.document:
            raise ValueError("时限表里有不认识的项目，请从已有的版本起草。")
        return self


class Begun(Written):
    base: Annotated[str, Field(title="起草自", max_length=40)]


class Shipped(Begun):
    effective_from: Annotated[date, Field(title="生效日期")]


class Started(Form):
    """A new draft, as the page asks for it."""

    no: Annotated[str, Field(title="版本名", pattern=NO)]
    title: Title
    base: Annotated[str, Field(title="起草自", min_length=1, max_length=40)]


class Reason(Form):
    reason: Why


class Publish(Form):
    effective_from: Annotated[date, Field(title="生效日期")]


class Period(Form):
    """Which tickets are looked at again: those that were registered on these days."""

    first: Annotated[date, Field(title="从")]
    last: Annotated[date, Field(title="到")]

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if not self.first <= self.last:
            raise ValueError("结束日期不能早于开始日期。")
        if (self.last - self.first).days > PERIOD_DAYS_MAX:
            raise ValueError("一次最多重算一年，请缩短期间。")
        return self


def written(sent: Mapping[str, Any]) -> Written:
    """From a browser: every problem of the sheet and of the words at once. Raises FormRejected."""
    found, problems = cells.read(sent)
    title = str(sent.get("title", ""))
    try:
        checked = Named.check({"title": title})
    except FormRejected as wrong:
        problems = wrong.fields | problems
    if problems:
        raise FormRejected(problems)
    return Written(title=checked.title, document=cells.built(found))
