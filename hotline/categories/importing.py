"""Taking in and giving out the tree: three columns of names, with codes or without."""

from collections.abc import AsyncIterator

from hotline.categories import queries
from hotline.categories.models import Category
from hotline.permissions import P
from kernel.errors import FormRejected
from kernel.importing.running import Asked, Exporter, Importer, Outcome, Result, Row

SEPARATOR = " / "
PER_LEVEL_MAX = 99


async def take(row: Row, asked: Asked) -> Outcome:
    """One leaf with its parents. Without a code the next free one is given, and kept for that name for ever."""
    names = [row[level].strip() for level in ("l1", "l2", "l3")]
    if any(SEPARATOR.strip() in name for name in names):
        raise FormRejected({"l3": "分类名称里不要用斜线。"})
    made = False
    parent = ""
    for level in (1, 2, 3):
        path_name = SEPARATOR.join(names[:level])
        known = await Category.get_or_none(path_name=path_name)
        if known is None:
            known = await _new(row.get("code", ""), parent, names[level - 1], path_name, level)
            made = True
        parent = known.code
    if row.get("code") and row["code"] != parent:
        raise FormRejected({"code": f"“{path_name}”的编码是 {parent}，不能改为 {row['code']}：编码一经使用就不再变。"})
    changed = await _details(path_name, row)
    queries.forget()
    return Outcome(Result.CREATED if made else Result.UPDATED if changed else Result.UNCHANGED)


async def _new(code: str, parent: str, name: str, path_name: str, level: int) -> Category:
    wanted = code[: level * 2] if code else await _free(parent, level)
    if len(wanted) != level * 2 or not wanted.isdecimal() or not wanted.startswith(parent):
        raise FormRejected({"code": f"编码“{code}”须为六位数字，前几位与上级“{parent}”一致。"})
    if taken := await Category.get_or_none(code=wanted):
        raise FormRejected({"code": f"编码 {wanted} 已用于“{taken.path_name}”，编码不能改作他用。"})
    return await Category.create(code=wanted, name=name, path_name=path_name, level=level)


async def _free(parent: str, level: int) -> str:
    last = await queries.last_of(parent, level)
    number = int(last.code[-2:]) + 1 if last else 1
    if number > PER_LEVEL_MAX:
        raise FormRejected({"l3": f"同一上级下最多 {PER_LEVEL_MAX} 个分类。"})
    return f"{parent}{number:02}"


async def _details(path_name: str, row: Row) -> bool:
    leaf = await Category.get(path_name=path_name)
    words, agency = row.get("words") or leaf.words, row.get("agency") or leaf.agency
    said = row.get("active", "").strip()
    active = said not in {"0", "否", "停用"} if said else leaf.active
    if (leaf.words, leaf.agency, leaf.active) == (words, agency, active):
        return False
    leaf.words, leaf.agency, leaf.active = words[:300], agency, active
    await leaf.save()
    return True


async def rows() -> AsyncIterator[tuple[object, ...]]:
    for one in await queries.every_leaf():
        yield (one.code, *one.path_name.split(SEPARATOR), one.words, one.agency or "", "是" if one.active else "否")


CATEGORIES = Importer(
    kind="categories",
    label="诉求分类",
    headings={
        "code": ("编码", "分类编码", "code"),
        "l1": ("一级分类", "一级", "l1"),
        "l2": ("二级分类", "二级", "l2"),
        "l3": ("三级分类", "三级", "l3"),
        "words": ("常用说法", "关键词", "words"),
        "agency": ("承办单位代码", "承办单位", "agency"),
        "active": ("在用", "active"),
    },
    needed=("l1", "l2", "l3"),
    permission=P.CATEGORY_IMPORT,
    take=take,
)
CATEGORIES_OUT = Exporter(
    kind="categories",
    label="诉求分类",
    columns=("编码", "一级分类", "二级分类", "三级分类", "常用说法", "承办单位代码", "在用"),
    rows=rows,
)
