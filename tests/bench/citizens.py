"""What the citizens of a made-up city say: the demo's matters, told in other words, at many doors, by many people."""

from dataclasses import dataclass
from random import Random

from hotline.demo.build import NAMES, rows

CALLERS_A_TICKET = 0.35  # so many people for each ticket: a few call often, most once
OFTEN = 2.2  # the skew: the larger, the fewer call the most
DOORS = (
    "1号楼", "2号楼", "3号楼", "5号楼", "6号楼2单元", "7号楼1单元", "8号楼", "9号楼3单元", "11号楼", "12号楼",
    "15号楼", "18号楼2单元", "东门", "南门", "西门", "北门", "地下车库", "临街商铺", "东侧路口", "西侧巷口", "",
)  # fmt: skip
BEGINNINGS = (
    "市民反映：", "来电人称：", "市民来电：", "居民反映：", "诉求人表示：", "市民通过热线反映：", "群众反映：",
)  # fmt: skip
SINCE = (
    "这个情况已经有两天了。", "从上周末开始一直这样。", "前后持续了半个多月。", "今天早上刚刚发现。",
    "去年也出现过一次。", "雨天更加严重。", "夜里和清晨最明显。", "节假日期间没有人管。", "",
)  # fmt: skip
TRIED = (
    "已经找过物业，没有答复。", "向社区反映过一次。", "打过单位电话，没有人接。", "邻居也分别打过电话。",
    "网上留言没有回音。", "之前没有反映过。", "现场有照片，可以提供。", "",
)  # fmt: skip
WISHES = (
    "希望尽快派人到现场查看。", "要求三天之内给出书面答复。", "请有关部门核实处理。", "希望能彻底解决，不要再反复。",
    "请告知办理结果和联系人。", "盼回复。", "请给一个明确的时间。",
)  # fmt: skip
PREFIXES = ("139", "138", "137", "136", "135", "150", "151", "158", "159", "182", "187", "188", "133", "153", "189")
GIVEN = ("伟", "芳", "娜", "敏", "静", "强", "磊", "军", "洋", "勇", "艳", "杰", "涛", "明", "超", "霞", "平", "刚")
ERASE = str.maketrans("", "", "{}")


@dataclass(frozen=True, slots=True)
class Call:
    """What one caller told: clear texts by the names of the facts that seal them, and the street it is about."""

    texts: dict[str, str]
    phone: str
    area: str


class Citizens:
    """Of one city; the same seed says the same."""

    def __init__(self, seed: int | str, tickets: int) -> None:
        self.random, self.people = Random(seed), max(1, int(tickets * CALLERS_A_TICKET))  # noqa: S311 (nothing secret)
        self.places = list(rows("places.csv"))
        self.matters = {row["标题"]: row for row in rows("matters.csv")}

    def call(self, matter: str) -> Call:
        """`matter`: the title of one of the demo's matters, with its place still open."""
        one, told = self.random.choice, self.matters[matter]
        place, door = one(self.places), one(DOORS)
        where = place["地点"] + door
        said = told["内容"].format(p=where).partition("：")[2]
        person = int(self.people * self.random.random() ** OFTEN)
        phone = f"{PREFIXES[person % len(PREFIXES)]}{person * 7_919 % 100_000_000:08}"
        texts = {
            "title": matter.format(p=where if len(matter) + len(where) < 100 else place["地点"]),
            "content": f"{one(BEGINNINGS)}{said}{one(SINCE)}{one(TRIED)}{one(WISHES)}",
            "caller_name": NAMES[person % len(NAMES)][0] + GIVEN[person % len(GIVEN)],
            "caller_phone": phone,
            "address": place["地址"] + door,
        }
        return Call(texts, phone, place["区划"])

    def matter_of(self, title: str) -> str | None:
        """The matter that a ticket of the demo city tells of; of none that is told again: what isn't taken up."""
        for matter in self.matters:
            before, _, after = matter.partition("{p}")
            if title.startswith(before) and title.endswith(after):
                return matter
        return None
