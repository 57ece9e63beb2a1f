"""Tables of people: columns, indexes, unique keys; no verbs."""

from datetime import datetime

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled


class AccountKind(Labelled):
    STAFF = "staff", "工作人员"
    CITIZEN = "citizen", "市民"
    COMPANY = "company", "企业"
    SERVICE = "service", "接口"
    SYSTEM = "system", "系统"


class OrganisationKind(Labelled):
    GOVERNMENT = "government", "人民政府"
    AGENCY = "agency", "部门"
    CENTRE = "centre", "中心"
    STREET = "street", "街道、镇"
    VILLAGE = "village", "社区、村"
    ENTERPRISE = "enterprise", "公用企业"


class Organisation(Model):
    """单位: a node of the tree from province to village; `path` ends in `/`, so a scope is a prefix of it."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=20, unique=True)
    name = fields.CharField(max_length=80)
    short_name = fields.CharField(max_length=40)
    path = fields.CharField(max_length=200, unique=True)
    kind = fields.CharEnumField(OrganisationKind, "", max_length=12, default=OrganisationKind.AGENCY)
    level = fields.IntField(default=2)  # 0 province, 1 city, 2 district or city agency, 3 street, 4 village, 5 point
    duties = fields.TextField(default="")
    phone = fields.CharField(max_length=40, default="")
    active = fields.BooleanField(default=True)

    class Meta:
        table = "kernel_organisation"


class Account(Model):
    """帐号: whoever can sign in. A citizen's own data is sealed; a clerk's name is part of the office."""

    id = fields.IntField(primary_key=True)
    username = fields.CharField(max_length=60, unique=True)
    kind = fields.CharEnumField(AccountKind, "", max_length=10)
    name = fields.CharField(max_length=60)
    org: fields.ForeignKeyNullableRelation[Organisation] = fields.ForeignKeyField(
        "kernel.Organisation", related_name="accounts", null=True, on_delete=OnDelete.RESTRICT
    )
    org_id: int | None
    password_hash = fields.CharField(max_length=200, default="")
    active = fields.BooleanField(default=True)
    must_change = fields.BooleanField(default=False)  # a first or reset password
    first_until: fields.Field[datetime | None] = UtcDatetimeField(null=True)  # after which that password is void
    created_at = UtcDatetimeField()

    class Meta:
        table = "kernel_account"


class Grant(Model):
    """授权: (account, role, scope path)."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "kernel.Account", related_name="grants", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    role = fields.CharField(max_length=40)
    scope = fields.CharField(max_length=200)

    class Meta:
        table = "kernel_grant"
        unique_together = (("account", "role", "scope"),)
        indexes = (("role",),)


class RolePermission(Model):
    """What a role may do: a table that a city may change; the modules say where it starts."""

    id = fields.IntField(primary_key=True)
    role = fields.CharField(max_length=40)
    permission = fields.CharField(max_length=80)

    class Meta:
        table = "kernel_role_permission"
        unique_together = (("role", "permission"),)
        indexes = (("permission",),)


class Lockout(Model):
    """Wrong passwords of one name; `who` is a keyed hash: names that don't exist are counted, too."""

    id = fields.BigIntField(primary_key=True)
    who = fields.CharField(max_length=32, unique=True)
    failures = fields.IntField(default=0)
    since = UtcDatetimeField(db_index=True)
    locks = fields.IntField(default=0)  # one after the other, within a day
    until: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_lockout"


class Session(Model):
    """会话: one sign-in. The token itself is nowhere: only its SHA-256."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "kernel.Account", related_name="sessions", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    kind = fields.CharField(max_length=4)  # web or api
    csrf_secret = fields.BinaryField()
    created_at = UtcDatetimeField()
    seen_at = UtcDatetimeField()
    ends_at = UtcDatetimeField()
    ended_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    address = fields.CharField(max_length=60, default="")
    agent = fields.CharField(max_length=200, default="")

    class Meta:
        table = "kernel_session"
        indexes = (("account_id", "ended_at"),)
