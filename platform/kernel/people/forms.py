"""What people type about themselves and administrators about others."""

from typing import Annotated

from pydantic import Field, SecretStr

from kernel.forms import Form
from kernel.permissions import Clearance

Username = Annotated[str, Field(title="用户名", min_length=1, max_length=60)]
Password = Annotated[SecretStr, Field(title="口令", min_length=1, max_length=256)]


class SignIn(Form):
    model_config = Form.model_config | {"str_strip_whitespace": False}  # a password is taken as it was typed

    username: Username
    password: Password
    code: Annotated[str | None, Field(title="动态码", max_length=40)] = None
    next: Annotated[str, Field(title="返回", max_length=400)] = "/"


class ApiSignIn(Form):
    model_config = Form.model_config | {"str_strip_whitespace": False}

    username: Username
    password: Password
    code: Annotated[str | None, Field(title="动态码", max_length=40)] = None


class Code(Form):
    code: Annotated[str, Field(title="动态码", min_length=6, max_length=40)]
    next: Annotated[str, Field(title="返回", max_length=400)] = "/"


class StepUpAgain(Form):
    model_config = Form.model_config | {"str_strip_whitespace": False}

    password: Password
    code: Annotated[str, Field(title="动态码", max_length=40)] = ""
    next: Annotated[str, Field(title="返回", max_length=400)] = "/"


class ChangePassword(Form):
    model_config = Form.model_config | {"str_strip_whitespace": False}

    old: Annotated[SecretStr, Field(title="现在的口令", min_length=1, max_length=256)]
    new: Annotated[SecretStr, Field(title="新口令", min_length=1, max_length=256)]


class NewAccount(Form):
    username: Annotated[str, Field(title="用户名", pattern=r"^[a-z][a-z0-9._-]{1,58}$")]
    name: Annotated[str, Field(title="姓名", min_length=2, max_length=60)]
    org: Annotated[str, Field(title="单位代码", max_length=20)]


class SetClearance(Form):
    username: Username
    clearance: Annotated[Clearance, Field(title="密级")]


class NewGrant(Form):
    username: Username
    role: Annotated[str, Field(title="角色", max_length=40)]
    scope: Annotated[str, Field(title="范围", max_length=200, pattern=r"^/([0-9A-Za-z_-]+/)*$")]
