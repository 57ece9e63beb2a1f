"""为什么排在这里: the pieces of one answer's place, for staff who keep the search."""

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.searchable import Document, Life
from search import analysis, ranking
from search.asking import Question
from search.engine import Part
from search.inquiry import Located
from search.ranking import CONSTANTS, STEPS, Moment
from search.trimming import searchables

LIVES = {Life.STANDING: "不看时效", Life.OPEN: "现在可以办", Life.OVER: "已截止", Life.HISTORIC: "已撤回或废止"}


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    text: str


def why(one: Located, document: Document, question: Question, now: Moment) -> tuple[Line, ...]:
    """In the order in which they count."""
    return (*_placed(one), *_scored(one, document, now), *_factors(document, now), *_named(document, question))


def _placed(one: Located) -> Iterator[Line]:
    if one.pinned:
        yield Line("编号", "与输入的编号一致，排在最前，不看得分")
    if one.placed:
        yield Line("人工置顶", one.placed)


def _scored(one: Located, document: Document, now: Moment) -> Iterator[Line]:
    """A score has the rank in it that the index holds; the text's part is what is left."""
    yield Line("索引", "公开" if one.part is Part.PUBLIC else "限阅；两个索引的得分不相比，按名次交替")
    if one.hit.score > 0:
        rank = ranking.factors(document, now).steps / STEPS
        yield Line("得分", f"{one.hit.score:.2f} = 文本 {one.hit.score / rank:.2f} × 权重 {rank:g}")


def _factors(document: Document, now: Moment) -> Iterator[Line]:
    found = ranking.factors(document, now)
    uses = "没有统计" if document.uses is None else f"近 30 天办结 {document.uses} 件"
    yield Line("类别", f"× {found.kind:g}（{searchables()[document.kind].label}）")
    yield Line("办结量", f"× {found.popularity:.2f}（{uses}）")
    yield Line("新旧", f"× {found.fresh:.2f}")
    yield Line("时效", f"× {found.life:g}（{LIVES[document.life]}）")
    yield Line("完整", f"× {found.quality:g}（{'要素齐全' if document.complete else '要素不全'}）")
    bounds = f"不低于 {CONSTANTS.boost_min:g}、不高于 {CONSTANTS.boost_max:g}，取整到 1/{STEPS}"
    yield Line("权重", f"{found.steps / STEPS:g}，是以上各项的积，{bounds}")


def _named(document: Document, question: Question) -> Iterator[Line]:
    """Which other names stand in it."""
    text = analysis.folded(f"{document.title} {document.body}")
    for word, others in question.synonyms:
        if word not in text and (met := [other for other, _ in others if other in text]):
            yield Line("同义", f"没有“{word}”，有 {'、'.join(met)}")
