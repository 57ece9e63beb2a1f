"""五要素: who, when, where, why and what is wanted, split from what an operator types. Pure: no clock, no database.

Proposals only: what isn't surely there stays empty, the operator's own words are never changed."""

import re
import unicodedata
from dataclasses import dataclass

TITLE_MAX, ELEMENT_MAX, LEADS_MAX = 40, 120, 4
TITLE_GOOD = 12  # from here on a title says enough
SENTENCE = re.compile(r"[。！？!?；;\n]+")
CLAUSE = re.compile(r"[，,、：:]+")
OPENING = re.compile(
    r"^(?:尊敬的)?(?:领导|市长|书记)?(?:您好|你好|大家好)?(?:市民|来电人|诉求人)?(?:反映|来电|咨询|投诉)?[，,：:。！!\s]*"
)
WHO = re.compile(
    r"(?:我是|本人是|我叫|来电人是?|诉求人是?)(?!在|从|不|因|被|想|要|说|否)(?P<who>[^，。,；;！!\s]{2,20})"
    r"|(?P<self>本人)(?=[，,在于])|(?P<name>[\u4e00-\u9fa5](?:先生|女士|老师|师傅|阿姨|大爷))"
)
DAY = (
    r"(?:(?:\d{4}|\d{2}|今|去)年)?\d{1,2}月(?:\d{1,2}[日号])?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年"
    r"|今天|昨天|前天|昨晚|今早|今晨|上周[一二三四五六日天]?|上个?月|去年|今年"
)
PART = r"(?:凌晨|早上|上午|中午|下午|傍晚|晚上|夜里|深夜|半夜)"
HOUR = r"(?:\d{1,2}\s*(?:[:：]\d{2}|[点时](?:半|\d{1,2}分?)?)\s*(?:左右|许)?)"
WHEN = re.compile(rf"(?:{DAY}){{1,3}}\s*{PART}?\s*{HOUR}?|{PART}\s*{HOUR}")
UNIT = (
    r"(?:街道|社区|小区|花园|家园|广场|大厦|公寓|市场|学校|小学|中学|幼儿园|医院|工业区|开发区|园区"
    r"|公园|路口|村(?!民|委)|镇|区(?!别|域)|县|市(?!民|政|场|容|长|面|区)|路(?![灯面况边段过程上人费口])|街(?!坊)|巷|大道|弄|胡同)"
)
NUMBER = r"(?:\s*\d{1,5}\s*(?:号楼|号|栋|幢|弄|单元|座|室|层|楼)(?:之\d)?)*"
PLACE = re.compile(rf"(?:(?:(?![了没把也就还最是的被有不该此])[\u4e00-\u9fa5A-Za-z0-9]){{1,10}}?{UNIT}{NUMBER}\s*)+")
LEAD = re.compile(
    r"^.*?(?:位于|住在|家住|地址[是在:：]?|在|于|关于|反映|投诉|举报|地属|由|需要|经过|途经|到|去|来自|从|的是|我们|我)(?=[\u4e00-\u9fa5])"
)
NO_PLACE = re.compile(
    r"^(?:该|本|这个?|那个?|一个?|每个?|整个?|全|各|某|我们?|你们?|的|小|城|社)?(?:小区|社区|街道|学校|市|区|县|镇|村|路|街|市场|医院|公园|路口|广场)$"
)
WHY = re.compile(
    r"(?:因为|由于|原因是|是因为|因)(?!此|而|素|为)(?P<why>[^，。,；;！!？?\n]{2,60})|(?P<said>(?:物业|客服|开发商|施工方|村委会?|居委会?|对方|工作人员|他们)[^，。,；;！!？?\n]{0,6}说是?[^，。,；;！!？?\n]{3,60})"
)
WANT = re.compile(
    r"(?:希望|请求|要求|恳请|恳求|望|请问|请(?!假|客|来|了)|咨询|想问|麻烦|建议|盼)[^。！!？?；;\n]{2,100}"
)


@dataclass(frozen=True, slots=True)
class Elements:
    """Each empty where the text doesn't say it."""

    title: str = ""
    who: str = ""
    when: str = ""
    where: str = ""
    cause: str = ""
    demand: str = ""


def split(text: str) -> Elements:
    """`text` is at most the ticket's content; linear in its length."""
    said = re.sub(r"[ \t\u3000\xa0]+", " ", unicodedata.normalize("NFC", text)).strip()
    sentences = [one.strip() for one in SENTENCE.split(said) if one.strip()]
    who = WHO.search(said)
    when = WHEN.search(said)
    why = WHY.search(said)
    want = [found[0].strip("，, ") for one in sentences if (found := WANT.search(one))]
    return Elements(
        title=_title(sentences),
        who=_cut(next((part for part in who.groups() if part), "") if who else ""),
        when=_cut(when[0]) if when else "",
        where=_where(sentences),
        cause=_cut(why["why"] or why["said"] or "") if why else "",
        demand=_cut(want[-1]) if want else "",
    )


def _where(sentences: list[str]) -> str:
    """The first place that has a name of its own; a house number makes it a better one."""
    best = ""
    for sentence in sentences:
        for clause in CLAUSE.split(WHEN.sub(" ", sentence)):
            for found in PLACE.finditer(clause):
                place = found[0].strip()
                for _ in range(LEADS_MAX):
                    place = LEAD.sub("", place).strip()
                if len(place) < 3 or place[-1] in "市县" or NO_PLACE.match(place):
                    continue
                if not best or (re.search(r"\d", place) and not re.search(r"\d", best)):
                    best = place
    return _cut(best)


def _title(sentences: list[str]) -> str:
    """The first clause that says something, with the next one while both are short."""
    for sentence in sentences:
        clauses = [one.strip() for one in re.split("[，,、]+", OPENING.sub("", sentence)) if len(one.strip()) > 1]
        clauses = [one for one in clauses if not WHEN.fullmatch(one)] or clauses
        title = ""
        for one in clauses:
            if title and len(title) + len(one) + 1 > TITLE_MAX:
                break
            title = f"{title}，{one}" if title else one
            if len(title) >= TITLE_GOOD and not PLACE.fullmatch(one):
                break
        if len(title) >= 4:
            return title[:TITLE_MAX]
    return ""


def _cut(found: str) -> str:
    return found.strip("，,。 ")[:ELEMENT_MAX]
