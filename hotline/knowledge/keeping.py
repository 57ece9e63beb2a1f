"""How long the knowledge base keeps what the desk asked and said."""

from datetime import datetime, timedelta

from hotline.knowledge import queries
from kernel.upkeep.kept import Kept, delete_some

YEAR = timedelta(days=365)
NEED = "业务需要；个人信息保护法第十九条"


async def clear_unanswered(before: datetime, limit: int) -> int:
    """Not asked again since, settled or not."""
    return await delete_some(queries.asked_before(before), limit)


async def clear_proposals(before: datetime, limit: int) -> int:
    """Not asked again since; their sources go with them."""
    return await delete_some(queries.asked_last_before(before), limit)


async def clear_feedback(before: datetime, limit: int) -> int:
    return await delete_some(queries.told_before(before), limit)


KEPT = (
    Kept(
        name="unanswered", label="没有答案的问题", tables=("hotline_unanswered",), basis=NEED, period=YEAR,
        then="号码和诉求人姓名存前已脱敏；一年没有再问的删除", clear=clear_unanswered,
    ),
    Kept(
        name="article_proposals", label="可学的答复", tables=("hotline_proposal", "hotline_proposal_source"),
        basis=NEED, period=YEAR, then="号码和诉求人姓名存前已脱敏；一年没有再问的删除", clear=clear_proposals,
    ),
    Kept(
        name="article_feedback", label="对知识条目的反馈", tables=("hotline_article_feedback",), basis=NEED,
        period=YEAR, then="号码存前已脱敏；满期删除", clear=clear_feedback,
    ),
    Kept(
        name="articles", label="知识条目和各版", tables=("hotline_article", "hotline_edition", "hotline_answered_from"),
        basis="工单答复的依据，与工单档案一并查考", period=None, then="永久保存，不含个人信息",
    ),
)  # fmt: skip
