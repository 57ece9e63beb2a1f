"""Real-name levels (实名等级): how surely the hall knows who acts, and what each level opens."""

from kernel.errors import Refusal
from kernel.labels import Labelled
from kernel.permissions import Actor


class Level(Labelled):
    NONE = "0", "未实名"
    PHONE = "1", "手机号已验证"
    NUMBER = "2", "姓名和身份证号已核验"
    IN_PERSON = "3", "窗口当面核验"


OPENS = {
    Level.NONE: "查进度、看公开答复、不留名提诉求",
    Level.PHONE: "提诉求、收消息、看自己的事项",
    Level.NUMBER: "登记企业、代企业办事",
    Level.IN_PERSON: "须本人到场的事项，以后可在网上办",
}


class NotVerified(Refusal):
    status, code, text = (
        403,
        "not_verified",
        "这一步需要实名等级“{wanted}”，您现在是“{now}”。请带身份证到政务服务窗口核验。",
    )


def of(actor: Actor) -> Level:
    return Level(str(actor.level))


def must_be_verified(actor: Actor, level: Level) -> None:
    """Raises NotVerified with the way there. Staff act for their office, for them no level is asked."""
    if actor.kind in {"citizen", "company", "anonymous"} and actor.level < int(level):
        raise NotVerified(wanted=level.label, now=of(actor).label)
