"""The hotline's rules of supervision (黄牌、红牌、催办通知书、通报): the moments stand in the time-limit policy."""

from oversight.ladder.actions import Declared
from oversight.ladder.models import Level

WORK = ("handle", "redo")
SHANDONG = "山东省人民政府热线办理规则（2017）：逾期前一个工作日黄牌，逾期首个工作日红牌"
LADDER = (
    Declared(
        code="H1", kind="assignment", steps=WORK, rung="warn", level=Level.YELLOW, says="临近办理期限尚未答复",
        basis=SHANDONG,
    ),
    Declared(
        code="H2", kind="assignment", steps=WORK, rung="due", level=Level.RED, auto=False, reply="1 wd",
        says="超过办理期限未答复", basis=f"{SHANDONG}；红牌由督办员确认后发出",
    ),
    Declared(
        code="H3", kind="assignment", steps=WORK, rung="late_1", level=Level.URGE_NOTICE, reply="1 wd",
        version=2, says="超过办理期限后仍未答复", basis="逾期次日发《催办通知书》",
    ),
    Declared(
        code="H4", kind="assignment", steps=WORK, rung="late_2", level=Level.RAISE, reply="1 wd",
        says="催办后仍未答复，提级至单位负责人", basis="催办后仍不办理的，予以通报",
    ),
    Declared(
        code="H5", kind="assignment", steps=("sign",), rung="due", level=Level.YELLOW, says="超过签收期限未签收",
        basis="派单后在签收期限内签收；不签收视同承担首办责任",
    ),
    Declared(
        code="H6", kind="assignment", steps=("first_contact",), rung="due", level=Level.YELLOW,
        says="超过首次联系期限未联系诉求人", basis="DB11/T 2021—2022",
    ),
)  # fmt: skip
