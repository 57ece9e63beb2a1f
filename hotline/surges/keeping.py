"""How long counts are kept. Alerts stay: they hold no text and no caller."""

from datetime import timedelta

from hotline.surges import queries
from kernel.upkeep.kept import Kept

KEPT = (
    Kept(
        name="surges", label="突增预警", tables=("hotline_surge",), basis="热线运行、预警处置记录", period=None,
        then="永久保存；不含诉求内容和诉求人",
    ),
    Kept(
        name="surge_sightings", label="预警用的逐件计数", tables=("hotline_surge_sighting",), basis="热线运行",
        period=timedelta(days=3), then="一天后并入每小时件数并删除", clear=queries.clear_sightings,
    ),
    Kept(
        name="surge_hours", label="预警用的每小时件数", tables=("hotline_surge_hour",), basis="热线运行",
        period=queries.COUNTS_KEPT, then="删除", clear=queries.clear_hours,
    ),
    Kept(
        name="surge_cells", label="预警单元", tables=("hotline_surge_cell",), basis="热线运行",
        period=queries.COUNTS_KEPT, then="删除", clear=queries.clear_cells,
    ),
)  # fmt: skip
