"""Three hundred matters, walked through the real verbs: what stands in the demo could have happened."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files

from hotline.categories import importing as categories
from hotline.desks import actions as desks
from hotline.desks.forms import NewCall
from hotline.tickets import actions, forms, queries
from hotline.tickets.forms import Channel, Outcome, Satisfied, Solved, Type, Urgency
from hotline.tickets.models import Assignment, Ticket
from kernel import numbering
from kernel.calendar import Calendar, current
from kernel.citytime import CITY
from kernel.database import transaction
from kernel.importing.running import Asked
from kernel.journal import Sealed
from kernel.lifecycle import Nothing, Way
from kernel.permissions import SYSTEM, Actor
from kernel.settings import settings

BATCH = 15
STORIES = {
    "reg": 6, "pdisp": 24, "disp": 26, "recalled": 4, "hand": 30, "urged": 10, "contacted": 8, "waiting": 8,
    "fix": 8, "review": 16, "visit": 18, "redo": 6, "closed": 84, "direct": 22,
    "wdrawn": 8, "arch": 12, "disputed": 3, "extending": 3, "long": 2, "refused": 1, "supervised": 1,
    "doubted": 2, "declined": 1,
}  # fmt: skip
AGES_H = {
    "reg": (1, 5), "pdisp": (1, 31), "disp": (5, 44), "recalled": (6, 28), "hand": (4, 120), "urged": (30, 130),
    "contacted": (10, 100), "waiting": (50, 120), "fix": (100, 200), "review": (72, 190), "visit": (96, 230),
    "redo": (240, 400), "closed": (260, 1400), "direct": (2, 700), "wdrawn": (48, 400), "arch": (1100, 1700),
    "disputed": (3, 20), "extending": (30, 90), "long": (300, 500), "refused": (20, 60), "supervised": (40, 90),
    "doubted": (1, 3), "declined": (20, 60),
}  # fmt: skip
DOUBTS = {"doubted", "declined"}
AT_AGENCY = {"disputed", "extending", "supervised", "disp", "hand", "urged", "contacted", "waiting", "fix", "review"}
NAMES = (
    "陈明", "周芸", "李大勇", "王秀兰", "张建", "刘小曼", "赵一鸣", "孙桂英", "何伟", "吴燕", "郑国强", "冯莉",
    "褚志远", "卫东", "蒋欣", "沈波", "韩梅", "杨洋", "朱玲", "秦刚",
)  # fmt: skip
CHANNELS = (Channel.PHONE, Channel.PHONE, Channel.WECHAT, Channel.PHONE, Channel.WALK_IN, Channel.APP)
OPENS, CLOSES = time(9, 10), time(16, 40)
Who = Mapping[str, Actor]  # role of the story → the account that plays it; agencies under their codes


@dataclass(frozen=True, slots=True)
class Matter:
    category: str
    type: Type
    urgency: Urgency
    title: str
    content: str
    reply: str
    agency: str
    ground: str = ""  # of what the operator proposes to refuse; `reply` is what the caller would be told


@dataclass(frozen=True, slots=True)
class Tale:
    """One ticket to be: what it is about, where, how long ago, how far it came."""

    number: int
    matter: Matter
    place: str
    area: str
    address: str
    story: str
    begins: datetime


async def build_categories(at: datetime) -> int:
    asked, count = Asked(source="demo", by=SYSTEM, at=at), 0
    async with transaction():
        for row in rows("categories.csv"):
            named = {
                field: row[heading[0]] for field, heading in categories.CATEGORIES.headings.items() if heading[0] in row
            }
            await categories.take(named, asked)
            count += 1
    return count


async def build_tickets(at: datetime, who: Who, progress: Callable[[int, int], None]) -> int:
    tales, calendar = sorted(_tales(at), key=lambda tale: tale.begins), await current()
    for first in range(0, len(tales), BATCH):
        batch = tales[first : first + BATCH]
        for tale in batch:
            await numbering.reserve(Ticket.prefix, tale.begins, BATCH, block=BATCH)
        async with transaction():
            for tale in batch:
                await _Walk(tale, who, calendar, at).go()
        progress(first + len(batch), len(tales))
    return len(tales)


def rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("hotline.demo") / name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _tales(at: datetime) -> Iterator[Tale]:
    """Every matter comes in several places; the two agencies of the demo accounts get more than their share."""
    matters, doubts = _matters("matters.csv"), iter(_matters("doubts.csv"))
    places, used = list(rows("places.csv")), dict.fromkeys(range(len(matters)), 0)
    stories = [story for story, count in STORIES.items() for _ in range(count)]
    for number, story in enumerate(stories):
        wanted = {0: "SWJT", 2: "CGJ"}.get(number % 4, "") if story in AT_AGENCY else ""
        fitting = [n for n, matter in enumerate(matters) if _fits(matter, story, wanted)]
        chosen = min(fitting, key=lambda n: (used[n], n))
        matter = next(doubts) if story in DOUBTS else matters[chosen]
        place = places[(chosen * 5 + used[chosen] * 7) % len(places)]
        used[chosen] += 1
        youngest, oldest = AGES_H[story]
        place_in_story = stories[:number].count(story) / max(STORIES[story] - 1, 1)
        hours = youngest + (oldest - youngest) * place_in_story
        begins = at - timedelta(hours=hours, minutes=number % 53)
        yield Tale(number, matter, place["地点"], place["区划"], place["地址"], story, begins)


def _matters(name: str) -> list[Matter]:
    agencies = {row["编码"]: row["承办单位代码"] for row in rows("categories.csv")}
    return [
        Matter(
            row["分类"],
            Type(row["性质"]),
            Urgency(row["紧急"]),
            row["标题"],
            row["内容"],
            row.get("答复") or row["告知"],
            agencies[row["分类"]],
            row.get("理由", ""),
        )
        for row in rows(name)
    ]


def _fits(matter: Matter, story: str, agency: str) -> bool:
    if story in {"direct", "refused"}:
        return matter.type is Type.CONSULT
    if story == "wdrawn" and matter.type is Type.REPORT:
        return False
    if story in {"disputed", "extending"} and (matter.urgency is not Urgency.NORMAL or matter.type is Type.CONSULT):
        return False
    if story in {"pdisp", "waiting"} and matter.type is Type.CONSULT:
        return False
    if story in {"reg", "pdisp", "disp", "hand", "review"} and matter.urgency is Urgency.CRITICAL:
        return False  # what is most urgent doesn't lie about
    return not agency or matter.agency == agency


class _Walk:
    """One tale, step by step; each at a time at which it could have been done, never after now."""

    def __init__(self, tale: Tale, who: Who, calendar: Calendar, now: datetime) -> None:
        self.tale, self.who, self.calendar, self.now = tale, who, calendar, now
        self.at = tale.begins
        self.ticket: Ticket
        self.share: Assignment

    async def go(self) -> None:
        await self._register()
        await getattr(self, f"_{self.tale.story}")()

    async def _register(self) -> None:
        """Some write from the site, most ring; three belong to people who can sign in and look."""
        tale, number = self.tale, self.tale.number
        owner = {5: "citizen", 9: "citizen2"}.get(number % 23, "") if tale.story not in {"reg", *DOUBTS} else ""
        by = self.who[owner or "operator"]
        facts = forms.Register(
            channel=Channel.WEB if owner else CHANNELS[number % len(CHANNELS)],
            type=tale.matter.type,
            title=Sealed(tale.matter.title.format(p=tale.place)),
            content=Sealed(tale.matter.content.format(p=tale.place)),
            caller_name=Sealed(by.name if owner else NAMES[number % len(NAMES)]),
            caller_phone=Sealed(f"1390000{1000 + number}"),
            secrecy=(forms.Secrecy.CONFIDENTIAL if number % 31 == 3 else forms.Secrecy.PLAIN),
            area_code=None if tale.story == "reg" else tale.area,
            address=None if tale.story == "reg" else Sealed(tale.address),
            category=tale.matter.category if number % 3 else None,
            urgency=tale.matter.urgency,
        )
        no = numbering.reserved(Ticket.prefix, self.at)
        region = settings().region_path
        if tale.story in DOUBTS:
            ground, words = forms.Ground(tale.matter.ground), Sealed(tale.matter.reply)
            call = NewCall(**dict(facts), ground=ground, words=words)
            self.ticket, _ = await desks.take(call, no=no, region=region, by=by, at=self.at)
        else:
            self.ticket, _ = await actions.register(facts, no=no, region=region, by=by, at=self.at)

    async def _reg(self) -> None:
        """Left as it came: the place is still to be asked."""

    async def _pdisp(self) -> None:
        """Waits for the dispatcher."""

    async def _direct(self) -> None:
        self._later(minutes=6)
        answer = forms.Answer(answer=Sealed(self.tale.matter.reply))
        if self.ticket.state.value == "reg":
            await actions.answer_directly(self.ticket, answer, **self._way("operator", self.ticket))

    async def _wdrawn(self) -> None:
        self._later(hours=5)
        facts = forms.Withdraw(reason=Sealed("已经自行解决，谢谢。"))
        await actions.withdraw(self.ticket, facts, **self._way("operator", self.ticket))

    async def _disp(self) -> None:
        self._later(minutes=25 + self.tale.number % 90)
        facts = forms.Dispatch(
            lead=self.tale.matter.agency, basis=f"派单目录：{self.tale.matter.category} 对应单位职责"
        )
        await actions.dispatch(self.ticket, facts, **self._way("dispatcher", self.ticket))
        share = await queries.newest_share(self.ticket)
        assert share is not None
        self.share = share

    async def _recalled(self) -> None:
        await self._disp()
        self._later(minutes=20)
        facts = forms.Recall(reason="主办单位选错，收回重派", wrong_unit=True)
        await actions.recall(self.ticket, facts, **self._way("dispatcher", self.ticket))

    async def _hand(self) -> None:
        await self._disp()
        self._office(hours=1)
        await actions.sign(self.share, Nothing(), **self._way(self.tale.matter.agency, self.share))

    async def _urged(self) -> None:
        await self._hand()
        self._later(hours=30)
        await self.ticket.refresh_from_db()
        facts = forms.Urge(text=Sealed("还没有人联系我，请尽快处理。"))
        await actions.urge(self.ticket, facts, **self._way("operator", self.ticket))

    async def _contacted(self) -> None:
        await self._hand()
        self._office(hours=3)
        facts = forms.Contact(
            channel=Channel.PHONE, reached=True, summary=Sealed("已电话联系，说明办理安排，约定上门时间。")
        )
        await actions.contact(self.share, facts, **self._way(self.tale.matter.agency, self.share))

    async def _waiting(self) -> None:
        await self._contacted()
        self._office(hours=1)
        facts = forms.Ask(question=Sealed("请补充具体楼栋、单元和方便上门的时间。"))
        await actions.ask_caller(self.share, facts, **self._way(self.tale.matter.agency, self.share))

    async def _disputed(self) -> None:
        await self._disp()
        self._later(minutes=30)
        facts = forms.Object(kind="not_ours", basis="职责清单未列此项，请改派有关单位")
        await actions.object(self.share, facts, **self._way(self.tale.matter.agency, self.share))

    async def _extending(self) -> None:
        await self._contacted()
        self._office(hours=1)
        facts = forms.Extension(days=2, reason="现场已开工，配件两日内到货")
        await actions.extend(self.share, facts, **self._way(self.tale.matter.agency, self.share))

    async def _supervised(self) -> None:
        await self._hand()
        self._later(hours=4)
        await self.ticket.refresh_from_db()
        facts = forms.Supervise(kind="supervise", reason="多人反映，请单位负责人牵头办理")
        await actions.supervise(self.ticket, facts, **self._way("supervisor", self.ticket))

    async def _refused(self) -> None:
        self._later(minutes=30)
        if self.ticket.state.value == "reg":
            told = Sealed("该事项正在人民法院审理，请按诉讼程序主张。")
            facts = forms.Refuse(ground="legal_channel", text=told)
            await actions.refuse(self.ticket, facts, **self._way("shiftlead", self.ticket))

    async def _doubted(self) -> None:
        """拟不予受理: waits for the shift lead."""

    async def _declined(self) -> None:
        self._later(minutes=25)
        facts = forms.Refuse(ground=forms.Ground(self.tale.matter.ground), text=Sealed(self.tale.matter.reply))
        await actions.refuse(self.ticket, facts, **self._way("shiftlead", self.ticket))

    async def _long(self) -> None:
        await self._visit()
        self._office(hours=2)
        plan = Sealed("列入老旧小区改造计划，明年一季度开工。")
        facts = forms.HoldLong(plan=plan, until=self.at + timedelta(days=80))
        await actions.hold_long(self.ticket, facts, **self._way("manager", self.ticket))

    async def _review(self) -> None:
        await self._contacted()
        self._office(hours=20)
        outcome = Outcome.PARTLY if self.tale.number % 11 == 0 else Outcome.SOLVED
        facts = forms.Reply(body=Sealed(f"您好，{self.tale.matter.reply}"), outcome=outcome)
        await actions.reply(self.share, facts, **self._way(self.tale.matter.agency, self.share))
        await self.ticket.refresh_from_db()

    async def _fix(self) -> None:
        await self._review()
        self._office(hours=2)
        facts = forms.Review(passed=False, items=("请写明完成时间和现场联系人",), note=Sealed("答复过于简单。"))
        await actions.review(self.ticket, facts, **self._way("reviewer", self.ticket))

    async def _visit(self) -> None:
        await self._review()
        self._office(hours=3)
        await actions.review(self.ticket, forms.Review(passed=True), **self._way("reviewer", self.ticket))

    async def _redo(self) -> None:
        await self._visit()
        self._office(hours=8)
        unhappy = forms.Visit(
            reached=True,
            solved=Solved.NO,
            satisfied=Satisfied.DISSATISFIED,
            note=Sealed("诉求人称两天后又出现同样问题。"),
        )
        await actions.visit(self.ticket, unhappy, **self._way("visitor", self.ticket))
        self._later(minutes=40)
        facts = forms.Redo(reason="回访不满意，问题反复，请彻底处理")
        await actions.redo(self.ticket, facts, **self._way("reviewer", self.ticket))

    async def _closed(self) -> None:
        await self._visit()
        self._office(hours=18)
        satisfied = Satisfied.BASIC if self.tale.number % 5 == 0 else Satisfied.SATISFIED
        facts = forms.Visit(reached=True, solved=Solved.YES, satisfied=satisfied)
        await actions.visit(self.ticket, facts, **self._way("visitor", self.ticket))
        self._later(minutes=3)
        await actions.close(self.ticket, Nothing(), **self._way("visitor", self.ticket))

    async def _arch(self) -> None:
        await self._closed()
        way = Way(by=SYSTEM, at=min(self.at + timedelta(days=16), self.now), version=self.ticket.version)
        await actions.archive(self.ticket, Nothing(), **way)

    def _way(self, role: str, thing: Ticket | Assignment) -> Way:
        return Way(by=self.who[role], at=self.at, version=thing.version)

    def _later(self, **span: int) -> None:
        self.at = min(self.at + timedelta(**span), self.now)

    def _office(self, **span: int) -> None:
        """So much later, and then in office hours."""
        at = (self.at + timedelta(**span)).astimezone(CITY)
        if at.time() >= CLOSES or not self.calendar.is_working(at.date()):
            day = self.calendar.nth_working_day(at.date(), 1)
            at = datetime.combine(day, OPENS, CITY) + timedelta(minutes=self.tale.number % 60)
        elif at.time() < OPENS:
            at = datetime.combine(at.date(), OPENS, CITY) + timedelta(minutes=self.tale.number % 60)
        self.at = min(at, self.now)
