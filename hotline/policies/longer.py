"""Limits longer than the ordinary one of the handling, that hold only where they were asked for and approved."""

from kernel.labels import Labelled


class LongerBy(Labelled):
    """更长时限的事由: a hard case (疑难件), or a special law that gives more time than the policy."""

    COMPLEX = "complex", "疑难件"
    PENALTY = "penalty", "行政处罚"
    CONSUMER = "consumer", "消费投诉调解"
    REPORT = "report", "市场监管违法线索核查"
    LABOUR = "labour", "劳动保障监察"
    DISCLOSURE = "disclosure", "政府信息公开"
    PETITION = "petition", "信访事项"
    OTHER = "other", "其他法律、法规、规章规定的时限"


LAWS = {
    LongerBy.PENALTY: "《中华人民共和国行政处罚法》第六十条",
    LongerBy.CONSUMER: "《市场监督管理投诉举报处理暂行办法》第二十一条",
    LongerBy.REPORT: "《市场监督管理行政处罚程序规定》第十八条",
    LongerBy.LABOUR: "《劳动保障监察条例》第十七条",
    LongerBy.DISCLOSURE: "《中华人民共和国政府信息公开条例》第三十三条",
    LongerBy.PETITION: "《信访工作条例》第三十四条",
}
