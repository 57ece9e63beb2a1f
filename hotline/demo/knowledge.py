"""A baker's dozen of articles, through the real verbs: written by the editor, approved by the manager."""

from datetime import date, datetime, timedelta

from hotline.demo.build import OPENS, rows
from hotline.knowledge import actions
from hotline.knowledge.forms import Opinion, Written
from hotline.knowledge.models import Article
from hotline.knowledge.queries import in_use
from kernel.citytime import CITY, day_of
from kernel.lifecycle import Nothing, Way
from kernel.permissions import Actor
from kernel.settings import settings

AGE = timedelta(days=40)
HOLDS = timedelta(days=365)
SOON_OVER = timedelta(days=9)  # one asks to be looked at again
DOUBTED = "040401"
DOUBT = Opinion.check({"verdict": "wrong", "text": "来电人说登记大厅已经实行当天领证，请核对办结时间。"})
MISSES = ("养犬登记证怎样办理", "老年公交卡年审", "养犬登记证怎样办理", "灵活就业人员社保补贴")


async def build(at: datetime, *, editor: Actor, manager: Actor, operator: Actor) -> int:
    told = list(rows("articles.csv"))
    built = {}
    for number, row in enumerate(told):
        begins = datetime.combine(day_of(at - AGE) + timedelta(days=number), OPENS, CITY) + timedelta(
            minutes=7 * number
        )
        holds = SOON_OVER if number == 0 else HOLDS + timedelta(days=11 * number)
        built[row["编码"]] = await _one(row, begins, day_of(at) + holds, editor, manager)
    for number, words in enumerate(MISSES):
        await actions.miss(words, at=at - timedelta(hours=30 - 7 * number))
    edition = await in_use(operator, built[DOUBTED].no, at)
    assert edition is not None
    await actions.tell(edition, DOUBT, by=operator, at=at - timedelta(hours=5))
    return len(told)


async def _one(row: dict[str, str], at: datetime, valid_to: date, editor: Actor, manager: Actor) -> Article:
    facts = Written.check(
        {
            "title": row["标题"], "body": row["答复"], "source": row["依据"], "owner": row["责任单位"],
            "visibility": row["公开"], "category": row["编码"], "words": row["其他说法"], "valid_to": valid_to,
        }
    )  # fmt: skip
    article = await actions.draft(facts, region=settings().region_path, by=editor, at=at)
    if row["走到"] in {"submitted", "published"}:
        at += timedelta(hours=2)
        await actions.submit(article, Nothing(), **Way(by=editor, at=at, version=article.version))
    if row["走到"] == "published":
        at += timedelta(hours=20)
        await actions.publish(article, Nothing(), **Way(by=manager, at=at, version=article.version))
    return article
