"""What a GeoReport client sends, and what it asks a list with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from hotline.tickets.forms import NOTE_MAX, Channel, Note, Register, Secrecy, Type
from kernel.errors import FormRejected
from kernel.forms import Form

SPAN_MAX, ROWS_MAX, IDS_MAX = timedelta(days=90), 1_000, 100
DESCRIPTION_MAX, MEDIA_MAX, EXTRA_MAX = 4_000, 5, 20
YEAR_MAX = 9_000
GENERAL = "000000"  # 其他诉求: what fits no category; an operator finds one
NOT_PINPOINTED = "#NOTPINPOINTED#"  # FixMyStreet's word for “no place given”
APART = "\n\n——以下由开放接口附上，不公开——\n"
PICTURE = "图片："
STATUSES = ("open", "closed")
ASKED_TYPES = tuple(one for one in Type if one is not Type.OTHER)


class Sent(Form):
    """POST requests; `attribute[code]` comes apart. The names are the specification's."""

    service_code: Annotated[str, Field(title="service_code", pattern=r"^\d{6}$")]
    description: Annotated[str, Field(title="description", max_length=DESCRIPTION_MAX)] = ""
    lat: Annotated[str, Field(title="lat", max_length=20)] = ""
    long: Annotated[str, Field(title="long", max_length=20)] = ""
    address_string: Annotated[str, Field(title="address_string", max_length=200)] = ""
    address_id: Annotated[str, Field(title="address_id", max_length=200)] = ""
    first_name: Annotated[str, Field(title="first_name", max_length=40)] = ""
    last_name: Annotated[str, Field(title="last_name", max_length=40)] = ""
    phone: Annotated[str, Field(title="phone", max_length=40)] = ""
    email: Annotated[str, Field(title="email", max_length=120)] = ""
    media_url: Annotated[tuple[str, ...], Field(title="media_url", max_length=MEDIA_MAX)] = ()

    def facts(self, service: str, attributes: Mapping[str, str]) -> Register:
        """As a ticket. Raises FormRejected, in one go, by the client's own names."""
        if not (self.lat and self.long) and not self.address_string and not self.address_id:
            raise FormRejected({"address_string": "请给出 lat 和 long，或 address_string，或 address_id。"})
        told: dict[str, Any] = {
            "channel": Channel.OPEN311, "type": Type.HELP, "title": self._title(service),
            "content": self._content(service, attributes),
            "category": None if self.service_code == GENERAL else self.service_code,
            "caller_name": self._name(), "caller_phone": self.phone or None, "address": self._address(),
            "lat": self.lat or None, "lon": self.long or None,
        }  # fmt: skip
        wanted = {"type": attributes.get("type"), "secrecy": attributes.get("secrecy")}
        told |= {name: value for name, value in wanted.items() if value}
        if attributes.get("occurred_at"):
            told["occurred_at"] = instant("attribute[occurred_at]", attributes["occurred_at"])
        return Register.check(told)

    def _title(self, service: str) -> str:
        """The first line; FixMyStreet writes `title: …` there."""
        first = next((line.strip() for line in self.description.splitlines() if line.strip()), "")
        said = first.removeprefix("title:").strip()[:90]
        return said if len(said) >= 4 else f"{_wish(service)}　{said}".strip()

    def _content(self, service: str, attributes: Mapping[str, str]) -> str:
        lines = [f"{PICTURE}{url}" for url in self.media_url]
        lines += [f"电子邮件：{self.email}"] if self.email else []
        lines += [f"{code}：{value}" for code, value in attributes.items() if code not in KNOWN]
        said = self.description.replace(APART.strip(), "") or _wish(service)
        said = said if len(said) >= 4 else f"{_wish(service)}：{said}"
        return said + (APART + "\n".join(lines) if lines else "")

    def _name(self) -> str | None:
        """张 + 三 is 张三; other scripts put the given name first and a space between."""
        whole = f"{self.first_name} {self.last_name}".strip()
        if whole and not whole.isascii():
            whole = f"{self.last_name}{self.first_name}"
        return whole[:40] or None

    def _address(self) -> str | None:
        return self.address_string or (self.address_id if self.address_id != NOT_PINPOINTED else "") or None


class Update(Form):
    """POST servicerequestupdates: what the client adds to a request of its own; a picture may say it all."""

    service_request_id: Annotated[str, Field(title="service_request_id", max_length=48)]
    update_id: Annotated[str, Field(title="update_id", max_length=48)] = ""
    description: Annotated[str, Field(title="description", max_length=NOTE_MAX)] = ""
    media_url: Annotated[tuple[str, ...], Field(title="media_url", max_length=MEDIA_MAX)] = ()

    def note(self) -> Note:
        """Raises FormRejected."""
        if not self.description and not self.media_url:
            raise FormRejected({"description": "请填写 description，或给出 media_url。"})
        pictures = "\n".join(f"{PICTURE}{url}" for url in self.media_url)
        said = self.description.replace(APART.strip(), "") or "补充了图片"
        return Note.check({"text": said + (APART + pictures if pictures else ""), "internal": False})

    @property
    def key(self) -> str:
        """FixMyStreet sends an update again when the answer was lost: the same number of its own, the same thing."""
        return f"{self.service_request_id} {self.update_id}" if self.update_id else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a list is narrowed; by numbers alone, where numbers are given."""

    since: datetime
    until: datetime
    nos: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


def _wish(service: str) -> str:
    return f"{service.removesuffix('诉求')}诉求"


KNOWN = ("type", "secrecy", "occurred_at")
ATTRIBUTES: tuple[tuple[str, str, str, Sequence[Type | Secrecy]], ...] = (
    ("type", "诉求性质", "singlevaluelist", ASKED_TYPES),
    ("secrecy", "保密要求", "singlevaluelist", tuple(Secrecy)),
    ("occurred_at", "发生时间", "datetime", ()),
)


def asked(params: Mapping[str, str], at: datetime) -> Asked:
    """Raises FormRejected: a span over 90 days, a time without an offset, an unknown status."""
    since, until = params.get("start_date", ""), params.get("end_date", "")
    end = instant("end_date", until) if until else instant("start_date", since) + SPAN_MAX if since else at
    start = instant("start_date", since) if since else end - SPAN_MAX
    if not start <= end <= start + SPAN_MAX:
        raise FormRejected({"start_date": f"起止时间须先后有序，相隔不超过 {SPAN_MAX.days} 天。"})
    statuses = _listed(params.get("status", ""))
    if unknown := [one for one in statuses if one not in STATUSES]:
        raise FormRejected({"status": f"status 只有 open 和 closed，没有“{unknown[0][:20]}”。"})
    nos = _listed(params.get("service_request_id", ""))
    if len(nos) > IDS_MAX:
        raise FormRejected({"service_request_id": f"一次最多查 {IDS_MAX} 个编号。"})
    return Asked(start, end, nos, _listed(params.get("service_code", "")), statuses)


def instant(name: str, text: str) -> datetime:
    """W3C: 2026-03-02T10:00:00+08:00 or …Z. A `+` that an address turned into a space is a `+` again."""
    problem = FormRejected({name: "时间应为带时区的 W3C 格式，例如 2026-03-02T10:00:00+08:00。"})
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise problem from None
    if found.tzinfo is None or not 1970 <= found.year <= YEAR_MAX:
        raise problem
    return found.astimezone(UTC)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
