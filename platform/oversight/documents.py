"""The documents of supervision."""

from datetime import date

from kernel.notices.wording import NoticeTemplate, Slot

URGE = NoticeTemplate(
    code="oversight_urge",
    version=1,
    series="催",
    title="催办通知书",
    to="{unit}",
    body=(
        "你单位承办的“{matter}”（编号{no}）在“{step}”环节已超过规定时限，至今未办结。",
        "请立即办理，并于{reply}内就逾期原因和整改措施作出书面说明。",
    ),
    slots=(
        Slot("unit", "责任单位", 80),
        Slot("matter", "事项", 100),
        Slot("no", "编号", 60),
        Slot("step", "环节", 20),
        Slot("reply", "说明期限", 20),
    ),
    legal_basis="《国务院办公厅关于进一步优化地方政务服务便民热线的指导意见》（国办发〔2020〕53号）",
    remedy="",
    valid_from=date(2016, 1, 1),
    kind="card",
)
