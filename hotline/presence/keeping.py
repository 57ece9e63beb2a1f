"""A sign of life is of no use the next day."""

from datetime import timedelta

from hotline.presence import queries
from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="presence", label="谁正在看工单", tables=("hotline_presence",), basis="热线运行", period=timedelta(days=1),
        then="删除", clear=queries.clear,
    ),
)  # fmt: skip
