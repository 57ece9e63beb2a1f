"""How long a draft that nobody registered stays."""

from datetime import timedelta

from hotline.drafts import queries
from kernel.module import PersonalData
from kernel.upkeep.kept import Kept

DRAFTS = PersonalData(
    name="drafts", label="登记台草稿", columns=("hotline_draft.body",),
    purpose="断网、断电、换座席后接着登记", basis="个人信息保护法 第十三条第一款第三项",
    period="登记后即删除；没有登记的 7 天", readers="写草稿的话务员本人",
)  # fmt: skip
KEPT = (
    Kept(
        name="drafts", label="登记台草稿", tables=("hotline_draft",), basis="热线运行", period=timedelta(days=7),
        then="删除", clear=queries.clear,
    ),
)  # fmt: skip
