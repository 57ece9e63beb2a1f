"""What the operator's desk posts: a ticket's facts, and what to do with them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotline.drafts.forms import AT_DESK, Place
from hotline.refusals.wording import WORDS_MAX
from hotline.tickets.forms import Ground, Register
from kernel.errors import FormRejected
from kernel.forms import Form
from kernel.journal import Sealed

EMERGENCY = ("110", "119", "120")
BATCH_MAX = 100
Rows = Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(min_length=1, max_length=BATCH_MAX)]


class Doubted(Register):
    """拟不予受理: nobody dispatches it by itself, however much is told, until somebody has decided."""

    @property
    def complete(self) -> bool:
        return False


class NewCall(Register):
    """`then`: register, or in one step hand over to the police, the fire brigade, the ambulance (一键转接); with an
    answer it is answered, with `into` it joins another ticket, with a `ground` it is proposed to refuse it."""

    then: Annotated[Literal["register", "refusing", "110", "119", "120"], Field(title="操作")] = "register"
    place: Place = AT_DESK
    call: Annotated[int | None, Field(title="来电", ge=1, le=2**31 - 1)] = None
    advised: Annotated[str | None, Field(title="建议承办单位", max_length=20)] = None
    answer: Annotated[Sealed | None, Field(title="当场答复", min_length=4, max_length=4_000)] = None
    article: Annotated[str | None, Field(title="知识库条目", max_length=60)] = None
    into: Annotated[str | None, Field(title="并入的工单", min_length=4, max_length=48)] = None
    ground: Annotated[Ground | None, Field(title="不予受理的理由")] = None
    words: Annotated[Sealed | None, Field(title="告知诉求人的内容", min_length=4, max_length=WORDS_MAX)] = None
    know: Annotated[str | None, Field(title="查知识", max_length=100)] = None

    @model_validator(mode="before")
    @classmethod
    def danger_waits_for_no_form(cls, told: Any) -> Any:
        """Whoever is handed over in an emergency is asked nothing more; what was typed goes along."""
        if not isinstance(told, Mapping) or told.get("then") not in EMERGENCY:
            return told
        to = told["then"]
        usual = {"title": f"紧急转接 {to}", "content": f"来电人有紧急情况，话务员一键转接 {to}。", "type": "help"}
        told = {name: text for name, text in told.items() if name not in {"ground", "words"}}  # help comes before doubt
        kept = {name: text for name, text in told.items() if len(str(text)) >= 4 or name not in usual}
        return usual | kept | {"urgency": "critical"}

    @model_validator(mode="after")
    def one_way_on(self) -> "NewCall":
        if self.into and (self.answer or self.then in EMERGENCY):
            raise ValueError("并入另一件工单的，不能同时当场答复或转接；请清空其中一项。")
        return self

    @model_validator(mode="after")
    def ground_and_words_together(self) -> "NewCall":
        asked = self.then == "refusing" or self.ground or self.words
        if asked and (self.into or self.answer):
            raise ValueError("拟不予受理的，不能同时当场答复或并入另一件工单；请清空其中一项。")
        if asked and not self.ground:
            raise FormRejected({"ground": "请选择不予受理的理由。"})
        if asked and not self.words:
            raise FormRejected({"words": "请写明告知诉求人的内容，例如可以走的途径。"})
        return self

    def facts(self) -> Register:
        told = {name: value for name, value in self if name in Register.model_fields}
        return Doubted.check(told) if self.ground else Register.check(told)


class Selected(Form):
    """Rows of the queue of tickets, by their numbers; `title` belongs to the other button beside it."""

    tickets: Annotated[Rows, Field(title="工单")]
    title: Annotated[str, Field(title="标题", max_length=100)] = ""


class Shares(Form):
    """Rows of an agency's queue."""

    no: Annotated[Rows, Field(title="工单")]


class Accepted(Form):
    """派单建议逐件采纳: `编号 版本 单位代码`, as the page showed them."""

    row: Annotated[Rows, Field(title="工单")]


class NewView(Form):
    desk: Annotated[Literal["refusing", "dispatch", "ruling", "review", "visit", "agency"], Field(title="工作台")]
    label: Annotated[str, Field(title="名称", min_length=1, max_length=20)]
    show: Annotated[str, Field(title="筛选", max_length=20)] = ""
    q: Annotated[str, Field(title="包含的文字", max_length=100)] = ""


class OneView(Form):
    view: Annotated[int, Field(title="常用筛选", ge=1, le=2**31 - 1)]
