"""What a message says (消息模板): declared by modules, with named and typed slots.

An SMS passes through other hands in clear, so its text may only use slots that cannot name a person."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter

from kernel.citytime import day_of
from kernel.errors import Refusal
from kernel.labels import Labelled
from kernel.numbering import well_formed
from kernel.secrets.masking import findings
from kernel.settings import settings

SMS_MAX, TITLE_MAX, TEXT_MAX = 70, 160, 2_000
NUMBER_MAX = 48


class SlotKind(Labelled):
    CODE = "code", "验证码"
    COUNT = "count", "数量"
    DATE = "date", "日期"
    LINK = "link", "网址"
    NUMBER = "number", "编号"
    TEXT = "text", "文字"


class Sort(Labelled):
    """What a person chooses channels for."""

    AFFAIRS = "affairs", "办事进展"
    LEGAL = "legal", "法定告知"
    NEWS = "news", "资讯"
    REMINDERS = "reminders", "提醒"


CODE_DIGITS = 6
CODE = f"[0-9]{{{CODE_DIGITS}}}"
WIDTH = {SlotKind.CODE: CODE_DIGITS, SlotKind.COUNT: 5, SlotKind.DATE: 10, SlotKind.LINK: 40, SlotKind.NUMBER: 20}


class UnfitTemplate(Refusal):
    status, code, text = 422, "unfit_template", "模板“{code}”不能这样写：{why}。"


class UnfitValue(Refusal):
    status, code, text = 422, "unfit_value", "模板“{code}”的“{slot}”不能填这个内容：{why}。"


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    kind: SlotKind

    @property
    def personal(self) -> bool:
        """Free text may name somebody; the other kinds are checked not to."""
        return self.kind is SlotKind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`subject` empty: no e-mail; `sms` empty: no text message. `urgent`: also at night."""

    code: str
    label: str
    sort: Sort
    slots: tuple[Slot, ...] = ()
    title: str
    body: str = ""
    subject: str = ""
    mail: str = ""
    sms: str = ""
    urgent: bool = False
    version: int = 1

    def filled(self, values: Mapping[str, object]) -> dict[str, str]:
        """Slot → text. Raises UnfitValue for one too many, one too few, and one of another kind."""
        names = {slot.name for slot in self.slots}
        if strange := sorted(names ^ set(values)):
            raise UnfitValue(code=self.code, slot=strange[0], why="缺少，或没有这一项")
        return {slot.name: _written(self, slot, values[slot.name]) for slot in self.slots}


_declared: dict[str, Template] = {}


def declare(templates: Iterable[Template]) -> None:
    """Raises UnfitTemplate: a module with a text that doesn't hold the rules doesn't start."""
    for template in templates:
        check(template)
        _declared[template.code] = template


def declared(code: str) -> Template:
    return _declared[code]


def every() -> list[Template]:
    return sorted(_declared.values(), key=lambda template: template.code)


def check(template: Template) -> None:
    """Raises UnfitTemplate with the first of its problems."""
    for why in problems(template).values():
        raise UnfitTemplate(code=template.code, why=why)


def problems(template: Template) -> dict[str, str]:
    """Field → why. Only plain slots of its own; an SMS of one part, signature included, with nothing personal in it."""
    kinds = {slot.name: slot.kind for slot in template.slots}
    found = {
        field: why
        for field, most in (
            ("title", TITLE_MAX), ("body", TEXT_MAX), ("subject", TITLE_MAX), ("mail", TEXT_MAX), ("sms", SMS_MAX),
        )
        if (why := _wrong(getattr(template, field), most, kinds))
    }  # fmt: skip
    codes = SlotKind.CODE in kinds.values()  # such a template without an SMS would lock everybody out
    if (template.sms or codes) and "sms" not in found and (why := _wrong_sms(template, kinds)):
        found["sms"] = why
    return found


def slots_in(text: str) -> list[str]:
    """Names between braces. Raises ValueError, in words: attributes and formats would reach further than the value."""
    found = []
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValueError("花括号不成对") from None
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError("花括号里只能写填空的名称")
        found.append(name)
    return found


def _wrong(text: str, most: int, kinds: Mapping[str, SlotKind]) -> str:
    if len(text) > most:
        return f"超过 {most} 字"
    try:
        strange = [name for name in slots_in(text) if name not in kinds]
    except ValueError as wrong:
        return str(wrong)
    return f"没有名为“{strange[0]}”的填空" if strange else ""


def _wrong_sms(template: Template, kinds: Mapping[str, SlotKind]) -> str:
    used = slots_in(template.sms)
    if missing := [name for name, kind in kinds.items() if kind is SlotKind.CODE and name not in used]:
        return f"短信里要有“{{{missing[0]}}}”，否则收不到验证码"
    if personal := [slot.name for slot in template.slots if slot.personal and slot.name in used]:
        return f"短信里不能用“{personal[0]}”，它可能含个人信息"
    if findings(template.sms):
        return "短信里不能写个人信息"
    longest = len(signed(template.sms.format(**{name: "9" * WIDTH[kinds[name]] for name in used})))
    return f"短信连同签名最长 {longest} 字，超过 {SMS_MAX} 字" if longest > SMS_MAX else ""


def signed(text: str) -> str:
    """As it arrives on a telephone."""
    return f"【{settings().hall_name}】{text}"


def _written(template: Template, slot: Slot, value: object) -> str:
    def unfit(why: str) -> UnfitValue:
        return UnfitValue(code=template.code, slot=slot.name, why=why)

    match slot.kind, value:
        case SlotKind.COUNT, int() if not isinstance(value, bool) and 0 <= value < 100_000:
            return str(value)
        case SlotKind.DATE, datetime():
            return day_of(value).isoformat()
        case SlotKind.DATE, date():
            return value.isoformat()
        case SlotKind.LINK, str() if value.startswith("/") and not value.startswith("//") and value.isprintable():
            return settings().public_url.rstrip("/") + value
        case SlotKind.NUMBER, str() if 0 < len(value) <= NUMBER_MAX and value.isascii() and _plain(value):
            if findings(value) and not well_formed(value):
                raise unfit("像是个人信息")
            return value
        case ((SlotKind.TEXT | SlotKind.CODE), str()) if slot.personal or re.fullmatch(CODE, value):
            return value
    raise unfit(f"应为{slot.kind.label}")


def _plain(value: str) -> bool:
    return value.replace("-", "").isalnum() and any(one.isdecimal() for one in value)


TOLD = Template(
    code="kernel.told", label="站内消息", sort=Sort.REMINDERS, slots=(Slot("title", SlotKind.TEXT),),
    title="{title}", subject="您有一条新消息", mail="您有一条新消息，请登录查看。为保护您的个人信息，邮件里不写内容。",
)  # fmt: skip
PROGRESS = Template(
    code="kernel.progress", label="办事进展", sort=Sort.AFFAIRS, slots=(Slot("title", SlotKind.TEXT),),
    title="{title}", subject="您的事项有了进展",
    mail="您的事项有了进展，请登录查看。为保护您的个人信息，邮件里不写内容。",
)  # fmt: skip
LEGAL = Template(
    code="kernel.legal", label="法定告知", sort=Sort.LEGAL, slots=(Slot("title", SlotKind.TEXT),),
    title="{title}", subject="您有一份文书",
    mail="您有一份文书，请登录查看并确认收到。为保护您的个人信息，邮件里不写内容。",
    sms="您有一份文书，请登录查看并确认收到。",
)  # fmt: skip
DIGEST = Template(
    code="kernel.digest", label="工作人员汇总邮件", sort=Sort.REMINDERS,
    title="您有新的工作消息", subject="您有新的工作消息", mail="过去一小时里您有新的工作消息，请登录查看。",
)  # fmt: skip
VERIFY = Template(
    code="kernel.verify_email", label="确认邮箱", sort=Sort.LEGAL, slots=(Slot("link", SlotKind.LINK),), urgent=True,
    title="确认邮箱", subject="请确认您的邮箱",
    mail="请在一天之内打开下面的网址确认您的邮箱；若非本人操作，请忽略。\n{link}",
)  # fmt: skip
CODES = tuple(
    Template(
        code=f"kernel.code_{purpose}", label=f"短信：{label}", sort=Sort.LEGAL, urgent=True, title=label, sms=sms,
        slots=(Slot("code", SlotKind.CODE),) if "{code}" in sms else (),
    )
    for purpose, label, sms in (
        ("register", "注册验证码", "注册验证码 {code}，五分钟内有效。若非本人操作，请忽略。"),
        ("registered", "已经注册过", "您的手机号已经注册过，请直接登录；忘记口令可在登录页找回。"),
        ("sign_in", "登录验证码", "登录验证码 {code}，五分钟内有效。请勿告诉他人。"),
        ("recover", "找回口令的验证码", "找回口令的验证码 {code}，五分钟内有效。请勿告诉他人。"),
        ("change_phone", "更换手机号的验证码", "更换手机号的验证码 {code}，五分钟内有效。请勿告诉他人。"),
        ("no_account", "还没有注册", "您的手机号还没有注册。若非本人操作，请忽略。"),
    )
)  # fmt: skip
TEMPLATES = (*CODES, DIGEST, LEGAL, PROGRESS, TOLD, VERIFY)
TELLING = {Sort.AFFAIRS: PROGRESS, Sort.LEGAL: LEGAL, Sort.REMINDERS: TOLD}  # a title that says what happened
