"""How long what was proposed is kept; its words go with the ticket's journal."""

from datetime import timedelta

from hotline.refusals import queries
from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="refusing", label="话务员拟不予受理的意见", tables=("hotline_refusing",), basis="热线运行",
        period=timedelta(days=365), then="删除", clear=queries.clear,
    ),
)  # fmt: skip
