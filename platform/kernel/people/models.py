"""Tables of people: columns, indexes, unique keys; no verbs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields
from tortoise.fields import OnDelete
from tortoise.models import Model

from kernel.fields import UtcDatetimeField
from kernel.labels import Labelled
from kernel.permissions import Clearance
from kernel.secrets import Place


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
    exempt = fields.BooleanField(default=False)  # of the demo city: no second factor is asked
    password_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)
    first_until: fields.Field[datetime | None] = UtcDatetimeField(null=True)  # after which that password is void
    clearance = fields.CharEnumField(Clearance, "", max_length=12, default=Clearance.PLAIN)
    created_at = UtcDatetimeField()
    look = fields.CharField(max_length=40, default="")  # how pages look to them, on every device: dark.high.elder.hans

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
    apart = fields.BooleanField(null=True)  # true with the three administrators' roles, else nothing: one a person

    class Meta:
        table = "kernel_grant"
        unique_together = (("account", "role", "scope"), ("account", "apart"))
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


class ExternalIdentity(Model):
    """统一身份: who is (issuer, subject) at the city's provider signs in here; the owner has linked the two."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "kernel.Account", related_name="identities", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    issuer = fields.CharField(max_length=200)
    subject = fields.CharField(max_length=255)
    linked_at = UtcDatetimeField()

    class Meta:
        table = "kernel_external_identity"
        unique_together = (("issuer", "subject"), ("account", "issuer"))


class ProviderAsk(Model):
    """A sign-in that is on its way to the provider: used once, ten minutes."""

    id = fields.BigIntField(primary_key=True)
    state_hash = fields.CharField(max_length=64, unique=True)
    nonce = fields.CharField(max_length=64)
    verifier = fields.CharField(max_length=64)
    next = fields.CharField(max_length=400)
    account_id: fields.Field[int | None] = fields.IntField(null=True)  # who wants to link, else a sign-in
    until = UtcDatetimeField(db_index=True)

    class Meta:
        table = "kernel_provider_ask"


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
    proved_at = UtcDatetimeField()  # when its owner last proved to be there
    needs = fields.CharField(max_length=8, default="")  # factor: a code is wanted; enrol: it is to be set up
    address = fields.CharField(max_length=60, default="")
    agent = fields.CharField(max_length=200, default="")
    acting_for: fields.Field[int | None] = fields.IntField(null=True)  # the company, by its number

    class Meta:
        table = "kernel_session"
        indexes = (("account_id", "ended_at"),)


class SecondFactor(Model):
    """第二因素: the sealed seed of one account's codes, and the newest step that was used."""

    sealed: ClassVar[Mapping[str, Callable[[Any], Place]]] = {
        "seed": lambda row: {"subject": f"account:{row.account_id}", "place": "second_factor"}
    }
    id = fields.IntField(primary_key=True)
    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "kernel.Account", related_name="factor", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    seed = fields.BinaryField()
    last_step = fields.BigIntField(default=0)
    confirmed_at = UtcDatetimeField()

    class Meta:
        table = "kernel_second_factor"


class RecoveryCode(Model):
    """恢复码: only its keyed hash, once."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "kernel.Account", related_name="recovery_codes", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    code_hash = fields.CharField(max_length=64, unique=True)
    used_at: fields.Field[datetime | None] = UtcDatetimeField(null=True)

    class Meta:
        table = "kernel_recovery_code"


class PendingGrant(Model):
    """待复核的授权: of a privileged role, by one security administrator; a second one makes it a grant (ASVS 2.3.5)."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "kernel.Account", related_name="pending_grants", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    role = fields.CharField(max_length=40)
    scope = fields.CharField(max_length=200)
    asked_by = fields.IntField()
    asked_at = UtcDatetimeField()

    class Meta:
        table = "kernel_pending_grant"
        unique_together = (("account", "role", "scope"),)


class HeldApart(Model):
    """Who held one of the three administrators' roles, and until when (三员分立, 30 days back)."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "kernel.Account", related_name="held_apart", on_delete=OnDelete.RESTRICT
    )
    account_id: int
    role = fields.CharField(max_length=40)
    until = UtcDatetimeField()

    class Meta:
        table = "kernel_held_apart"
