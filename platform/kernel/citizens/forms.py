"""What people type about themselves, and a clerk at a window about who stands there."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from kernel.forms import Form
from kernel.labels import Labelled
from kernel.secrets.masking import MOBILE

NAME_MAX = 40


class Document(Labelled):
    """What a clerk has looked at."""

    ID_CARD = "id_card", "居民身份证原件"
    TEMPORARY = "temporary", "临时身份证原件"
    HOUSEHOLD = "household", "户口簿原件"


def mobile(typed: object) -> object:
    """`139 0000 2206`, full width or with +86, is one number. Raises ValueError with a sentence."""
    if not isinstance(typed, str):
        return typed
    plain = unicodedata.normalize("NFKC", typed).replace(" ", "").replace("-", "").removeprefix("+86")
    if not MOBILE.fullmatch(plain):
        raise ValueError("手机号须为 11 位，以 1 开头，请核对。")
    return plain


def id_number(typed: str) -> str:
    """GB 11643, with date and check digit. Raises ValueError with a sentence."""
    from stdnum.cn import ric

    plain = unicodedata.normalize("NFKC", typed).replace(" ", "").upper()
    if len(plain) != 18 or not ric.is_valid(plain):
        raise ValueError("身份证号不正确：须为 18 位，请逐位核对。")
    return plain


def digits(typed: object) -> object:
    return unicodedata.normalize("NFKC", typed).replace(" ", "") if isinstance(typed, str) else typed


Mobile = Annotated[str, BeforeValidator(mobile), Field(title="手机号")]
IdNumber = Annotated[str, AfterValidator(id_number), Field(title="身份证号", max_length=30)]
Name = Annotated[str, Field(title="姓名", min_length=2, max_length=NAME_MAX)]
Code = Annotated[str, BeforeValidator(digits), Field(title="验证码", pattern=r"^[0-9]{6}$")]
New = Annotated[SecretStr, Field(title="口令", min_length=1, max_length=256)]
AS_TYPED = Form.model_config | {"str_strip_whitespace": False}  # a password is taken as it was typed


class Phone(Form):
    phone: Mobile


class Registering(Form):
    model_config = AS_TYPED

    phone: Mobile
    code: Code
    name: Name
    new: New


class ByCode(Form):
    phone: Mobile
    code: Code


class Recovering(Form):
    model_config = AS_TYPED

    phone: Mobile
    code: Code
    new: New


class NewPhone(Form):
    model_config = AS_TYPED

    phone: Mobile
    code: Code
    password: Annotated[SecretStr, Field(title="口令", min_length=1, max_length=256)]


class Seen(Form):
    """A person at the window, with the document in hand."""

    phone: Mobile
    name: Name
    id_number: IdNumber
    document: Annotated[Document, Field(title="核对的证件")]


class ByNumber(Form):
    """For the real-name service."""

    name: Name
    id_number: IdNumber


class LostPhone(Form):
    id_number: IdNumber
    name: Name
    phone: Mobile
    document: Annotated[Document, Field(title="核对的证件")]
