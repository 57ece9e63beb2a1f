"""How long what belongs to the desks is kept."""

from datetime import timedelta

from hotline.desks import queries
from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="advice", label="话务员的承办建议", tables=("hotline_advice",), basis="热线运行",
        period=timedelta(days=365), then="删除", clear=queries.clear_advice,
    ),
    Kept(
        name="views", label="常用筛选", tables=("hotline_view",), basis="本人设定", period=None,
        then="由本人删除",
    ),
)  # fmt: skip
