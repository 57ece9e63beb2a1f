"""What the moves of a document are told."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from kernel.journal import Sealed
from kernel.labels import Labelled


class How(Labelled):
    COUNTER = "counter", "窗口领取"
    POST = "post", "邮寄"
    INBOX = "inbox", "站内消息"
    PUBLIC = "public", "公告"


Code = Annotated[str, Field(title="文书种类", min_length=2, max_length=40)]


class Draft(Form):
    """`filled` is the canonical JSON of the values with a nonce: sealed, only its hash is public."""

    template: Code
    version: Annotated[int, Field(title="模板版本", ge=1)]
    about: Annotated[str, Field(title="所涉事项", min_length=3, max_length=80)]
    content_hash: Annotated[str, Field(title="内容指纹", min_length=64, max_length=64)]
    filled: Annotated[Sealed, Field(title="文书内容", max_length=100_000)]


class Pressed(Form):
    """Told by the request that pressed the seal."""

    imprint: Annotated[str, Field(title="用印单", min_length=3, max_length=80)]


class Receipt(Form):
    """送达回证"""

    how: Annotated[How, Field(title="送达方式")]
    to: Annotated[Sealed, Field(title="签收人", min_length=1, max_length=60)]
    proof: Annotated[Sealed, Field(title="送达凭据", min_length=2, max_length=200)]


class Returned(Form):
    how: Annotated[How, Field(title="送达方式")]
    reason: Annotated[Sealed, Field(title="退回原因", min_length=2, max_length=200)]


class Withdraw(Form):
    reason: Annotated[str, Field(title="撤回理由", min_length=5, max_length=200)]
    basis: Annotated[str, Field(title="依据", min_length=5, max_length=200)]
