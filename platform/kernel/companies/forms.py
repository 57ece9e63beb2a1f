"""What an owner and a clerk type about a company."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from kernel.citizens.forms import Mobile
from kernel.forms import Form

CHARSET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")  # GB 32100-2015: without I, O, S, V, Z


def uscc(typed: str) -> str:
    """GB 32100: eighteen signs with a check sign. Raises ValueError with a sentence."""
    from stdnum.cn import uscc as standard

    plain = unicodedata.normalize("NFKC", typed).replace(" ", "").replace("-", "").upper()
    if strange := sorted({*plain} - CHARSET):
        raise ValueError(f"统一社会信用代码里没有“{strange[0]}”，请核对是否把数字写成了字母。")
    if len(plain) != 18 or not standard.is_valid(plain):
        raise ValueError("统一社会信用代码不正确：须为 18 位，请对照营业执照逐位核对。")
    return plain


Uscc = Annotated[str, AfterValidator(uscc), Field(title="统一社会信用代码", max_length=40)]
Number = Annotated[int, Field(title="企业", ge=0, le=2**31 - 1)]


class NewCompany(Form):
    uscc: Uscc
    name: Annotated[str, Field(title="企业名称", min_length=4, max_length=60)]


class Invite(Form):
    phone: Mobile


class Join(Form):
    code: Annotated[str, Field(title="邀请码", min_length=1, max_length=40)]


class ActFor(Form):
    company: Number


class Chosen(Form):
    member: Annotated[int, Field(title="人员", ge=1, le=2**31 - 1)]


class Claim(Form):
    """At a window: licence and identity card in hand."""

    uscc: Uscc
    phone: Mobile
    licence: Annotated[str, Field(title="核对的材料", min_length=4, max_length=200)]
