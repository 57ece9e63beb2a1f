"""How long a flag is known by its number."""

from hotline.flags import queries
from kernel.module import PersonalData
from kernel.upkeep.kept import Kept

FLAGS = PersonalData(
    name="flags", label="诉求人标注", columns=("hotline_flag.phone_index",),
    purpose="接听时给予重点关照，或按决定处置恶意扰乱", basis="个人信息保护法 第十三条第一款第三项",
    period="期满后 1 年", readers="话务员、班长、热线主管",
)  # fmt: skip
KEPT = (
    Kept(
        name="flags", label="诉求人标注的号码和理由", tables=("hotline_flag",), basis="标注决定",
        period=queries.KEPT_AFTER, then="销毁号码和理由的密文，日志链不变", clear=queries.clear,
    ),
)  # fmt: skip
