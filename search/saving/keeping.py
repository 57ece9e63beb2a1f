"""Saved searches as personal data: what somebody looks for is theirs."""

from datetime import datetime

from kernel.module import Left, PersonalData
from kernel.upkeep.kept import Kept
from search.saving import queries


async def read(owner: int) -> list[dict[str, str]]:
    rows = await queries.of_account(owner).order_by("id")
    return [{"名称": one.label, "检索词": one.q, "保存时间": one.created_at.isoformat()} for one in rows]


async def erase(owner: int, closing: bool, at: datetime) -> tuple[int, list[Left]]:
    return await queries.of_account(owner).delete(), []


SAVED = PersonalData(
    name="saved_searches", label="保存的检索", columns=("search_saved.label", "search_saved.q"),
    purpose="有新结果时告诉本人", basis="个人信息保护法 第十三条第一款第一项", period="由本人删除，注销帐号时一并删除",
    readers="本人", read=read, erase=erase,
)  # fmt: skip
KEPT = (
    Kept(
        name="saved_searches", label="保存的检索", tables=("search_saved",), basis="本人设定", period=None,
        then="由本人删除",
    ),
)  # fmt: skip
