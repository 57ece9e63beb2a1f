"""How long calls are kept, and what stands in them of persons."""

from datetime import timedelta

from hotline.calls import queries
from kernel.module import PersonalData
from kernel.upkeep.kept import Kept

YEAR = timedelta(days=365)
CALLS = PersonalData(
    name="calls", label="来电记录",
    columns=("hotline_call.phone", "hotline_call.phone_index", "hotline_call.reason", "hotline_handover.note"),
    purpose="弹出来电人的工单、回拨漏接来电、交接班", basis="国办函〔2025〕66号；个人信息保护法 第十三条第一款第三项",
    period="2 年", readers="接听的话务员、班长",
)  # fmt: skip
KEPT = (
    Kept(
        name="calls", label="来电记录", tables=("hotline_call",), basis="热线运行统计", period=2 * YEAR,
        then="删除", clear=queries.clear_calls,
    ),
    Kept(
        name="call_tickets", label="来电和工单的对应", tables=("hotline_call_ticket",), basis="热线运行统计",
        period=2 * YEAR, then="删除", clear=queries.clear_links,
    ),
    Kept(
        name="handovers", label="交接班记录", tables=("hotline_handover",), basis="热线运行", period=2 * YEAR,
        then="删除", clear=queries.clear_handovers,
    ),
    Kept(
        name="lines", label="专线", tables=("hotline_line",), basis="热线运行", period=None, then="永久保存",
    ),
)  # fmt: skip
