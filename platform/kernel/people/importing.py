"""Taking in organisations: our own table, and the lists of administrative divisions as they are published."""

from collections.abc import AsyncIterator
from typing import Any

from stdnum.cn import uscc

from kernel.errors import FormRejected
from kernel.importing.running import Asked, Exporter, Importer, Outcome, Result, Row
from kernel.people.models import Organisation, OrganisationKind
from kernel.people.permissions import P

KINDS = {kind.label: kind for kind in OrganisationKind} | {kind.value: kind for kind in OrganisationKind}
PATH_MAX = 200
DIVISION_DIGITS_MAX, USCC_SIGNS = 12, 18


async def take(row: Row, asked: Asked) -> Outcome:
    """One unit; its parent is named by code, or found in its own code when that is a division's."""
    code, name = row["code"].strip(), row["name"].strip()
    parent = await _parent(row, code)
    path = f"{parent.path if parent else '/'}{code.lower()}/"
    if len(path) > PATH_MAX:
        raise FormRejected({"parent": f"“{name}”的层级太深。"})
    kind = KINDS.get(row.get("kind", "").strip(), OrganisationKind.GOVERNMENT if _is_division(code) else None)
    told: dict[str, Any] = {
        "name": name[:80],
        "short_name": (row.get("short_name", "").strip() or name)[:40],
        "path": path,
        "kind": kind or OrganisationKind.AGENCY,
        "level": parent.level + 1 if parent else 0,
        "duties": row.get("duties", "").strip(),
        "phone": row.get("phone", "").strip()[:40],
    }
    if active := row.get("active", "").strip():
        told["active"] = active not in {"0", "否", "停用"}
    known = await Organisation.get_or_none(code=code)
    if known is None:
        await Organisation.create(code=code, **told)
        return Outcome(Result.CREATED, _doubt(code))
    if all(getattr(known, field) == value for field, value in told.items()):
        return Outcome(Result.UNCHANGED)
    if known.path != path:
        raise FormRejected({"parent": f"“{name}”已在 {known.path} 下，移动单位会改变授权范围，请由管理员处理。"})
    await Organisation.filter(id=known.id).update(**told)
    return Outcome(Result.UPDATED, _doubt(code))


def _is_division(code: str) -> bool:
    """GB/T 2260 and the codes below it; a credit code (18 signs) may happen to be all digits."""
    return code.isdecimal() and len(code) <= DIVISION_DIGITS_MAX


def _doubt(code: str) -> str:
    """Some agencies live with a credit code (GB 32100) that fails its own check: said, not refused."""
    if len(code) != USCC_SIGNS or uscc.is_valid(code):
        return ""
    return f"统一社会信用代码 {code} 的校验位不对，已照原样导入，请核对。"


async def _parent(row: Row, code: str) -> Organisation | None:
    named = row.get("parent", "").strip()
    wanted = (
        [named] if named else [code[:length] for length in (9, 6, 4, 2) if _is_division(code) and length < len(code)]
    )
    for one in wanted:
        found = await Organisation.get_or_none(code=one)
        if found is not None:
            return found
    if named:
        raise FormRejected({"parent": f"没有代码为“{named}”的上级单位，请先导入上级。"})
    return None


async def rows() -> AsyncIterator[tuple[object, ...]]:
    known = {org.path: org.code for org in await Organisation.all()}
    for org in await Organisation.all().order_by("path"):
        above = org.path.rstrip("/").rpartition("/")[0] + "/"
        yield (
            org.code, org.name, org.short_name, known.get(above, ""), org.kind.label, org.duties, org.phone,
            "是" if org.active else "否",
        )  # fmt: skip


ORGS = Importer(
    kind="orgs",
    label="单位",
    headings={
        "code": ("代码", "单位代码", "统一社会信用代码", "code", "uscc"),
        "name": ("名称", "单位名称", "name", "org_name"),
        "short_name": ("简称", "short_name"),
        "parent": ("上级代码", "parent", "streetcode", "areacode", "citycode", "provincecode"),
        "kind": ("类别", "kind"),
        "duties": ("职责", "duties"),
        "phone": ("电话", "phone"),
        "active": ("在用", "active"),
    },
    needed=("code", "name"),
    permission=P.ORGANISATION_IMPORT,
    take=take,
)
ORGS_OUT = Exporter(
    kind="orgs",
    label="单位",
    columns=("代码", "名称", "简称", "上级代码", "类别", "职责", "电话", "在用"),
    rows=rows,
)
