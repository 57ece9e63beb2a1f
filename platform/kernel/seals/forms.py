"""What the moves of seals and of requests to use them are told."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from kernel.labels import Labelled


class SealType(Labelled):
    OFFICIAL = "official", "公章"
    SPECIAL = "special", "专用章"


Reason = Annotated[str, Field(title="理由", min_length=2, max_length=200)]


class Register(Form):
    seal_type: Annotated[SealType, Field(title="印章种类")]
    face: Annotated[str, Field(title="印面单位名称", min_length=4, max_length=40)]
    inscription: Annotated[str, Field(title="专用章名称", max_length=12)] = ""
    custodians: Annotated[tuple[int, ...], Field(title="保管人", min_length=1, max_length=5)]


class Custody(Form):
    custodians: Annotated[tuple[int, ...], Field(title="保管人", min_length=1, max_length=5)]
    reason: Reason


class Why(Form):
    reason: Reason


class Ask(Form):
    purpose: Annotated[str, Field(title="用印事由", min_length=2, max_length=200)]


class Bound(Form):
    """What the imprint binds: this text, this face of the seal."""

    content_hash: Annotated[str, Field(title="内容指纹", min_length=64, max_length=64)]
    seal_version: Annotated[int, Field(title="印章版本", ge=1)]
