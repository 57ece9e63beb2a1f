"""From what a person typed to the tree that is asked: identifiers first, then text by pairs of signs, then what the
same is called otherwise and how it sounds. Each step leaves a sentence that explains it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import ceil

from kernel.secrets.masking import mask_text
from search import analysis, pinyin
from search.analysis import Run
from search.query import NOTHING, Best, Enough, Every, Node, OneOf, Phrase, Term
from search.vocabulary import entries
from search.vocabulary.entries import Vocabulary

TERMS_MAX = 20
GROUPS_MAX = 64
SYNONYMS_MAX = 24
TITLE, BODY, SIGN, WHOLE = 4.0, 0.6, 1.0, 6.0
SOUND, LETTERS, BEGINS, OWN = 0.5, 0.5, 1.0, 0.5
EMPTY = frozenset(
    "的了是在有和吗呢吧啊我你您他她它们这那请问与及或为对于到把被让给向从就都也还又不没无能会要可以应该什么怎如何哪谁几多少"
)
EMPTY_WEIGHT = 0.6  # of a pair with one of them: it says less of the matter, however rare it is


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to a question, for who asks why."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a question that is asked for as one: itself, or what it is called otherwise, with a weight each."""

    text: str
    others: entries.Alternatives = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`tree` finds by text or number, `exact` by number alone; `terms` is what to light up in the answers."""

    tree: Node
    exact: OneOf
    terms: tuple[str, ...] = ()
    withheld: bool = False  # a telephone or identity number was typed: never searched, never kept
    explain: tuple[Step, ...] = ()
    words: tuple[str, ...] = ()  # what is left to be found, folded
    groups: tuple[Node, ...] = ()  # of which so many must fit
    synonyms: tuple[tuple[str, entries.Alternatives], ...] = ()  # that are asked for, too
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


def understood(text: str, vocabulary: Vocabulary | None = None) -> Question:
    known = entries.shipped() if vocabulary is None else vocabulary
    plain = mask_text(text)
    withheld = plain != text
    asked = list(analysis.runs(analysis.without_masked(plain) if withheld else plain))[:TERMS_MAX]
    numbers = tuple(number for number in analysis.asked_identifiers(text) if any(map(str.isdigit, mask_text(number))))
    exact = OneOf("number", numbers)
    found, dropped = _without_shells(asked, known)
    pieces = [(run, list(_pieces(run, known))) for run in found]
    groups = tuple(group for run, cut in pieces for group in _groups(run, cut))[:GROUPS_MAX]
    words = _by_text(asked, found, groups)
    sound, heard = _by_letters(found)
    others: list[Node] = [*([exact] if numbers else []), *sound]
    return Question(
        tree=Enough((words, *others), 1) if others else words,
        exact=exact,
        terms=_terms(found, [other for _, cut in pieces for piece in cut for other, _ in piece.others]),
        withheld=withheld,
        explain=(*_told_numbers(numbers, withheld=withheld), *dropped, *_told_synonyms(pieces), *heard),
        words=tuple("".join(run.parts) for run in found),
        groups=groups,
        synonyms=tuple((piece.text, piece.others) for _, cut in pieces for piece in cut if piece.others),
        vocabulary=known,
    )


def respelled(question: Question, spelled: str) -> Question | None:
    """What is spelled as public titles spell it is found as well. None: it stands so already."""
    if not spelled:
        return None
    other = understood(spelled, question.vocabulary)
    step = Step("改字", f"结果太少：也找“{spelled}”")
    return replace(_as_well(question, other.tree, step), terms=(*question.terms, *other.terms))


def looser(question: Question) -> Question | None:
    """Fewer of the groups are enough; what has them all stays above. None: there is nothing to let go."""
    count = len(question.groups)
    if count < 2:
        return None
    least = count - 1 if count == 2 else count - 2 if count <= 5 else ceil(count * 0.5)
    step = Step("放宽", f"结果太少：{count} 组里有 {least} 组就算")
    return _as_well(question, Enough(question.groups, least), step)


def by_sound(question: Question) -> Question | None:
    """What sounds the same, titles only; letters that spell words of the vocabulary are those words. Loads the library
    of readings, so not for the loop's own thread."""
    said = [pinyin.joined(pinyin.syllables(p, question.vocabulary.readings)) for p in _chinese(question)]
    if not said:
        return _spelled(question)
    sound = Every(tuple(Phrase("pinyin", tuple(pairs), SOUND) for pairs in said))
    step = Step("同音", "结果太少：也找读音相同的 " + "，".join(" ".join(_unjoined(pairs)) for pairs in said))
    return _as_well(question, sound, step)


def _spelled(question: Question) -> Question | None:
    """社保卡挂失 for shebaokaguashi: what it is called otherwise can be found, too."""
    known = question.vocabulary
    words = {one for word, others in known.alternatives.items() for one in (word, *(other for other, _ in others))}
    written = pinyin.spelled("".join(question.words), frozenset(words), known.readings)
    if not written:
        return None
    tree = Enough((understood(written, known).tree, question.tree), 1)
    step = Step("拼音", f"结果太少：也找这样读的“{written}”")
    return replace(question, tree=tree, explain=(*question.explain, step))


def anything(question: Question) -> Question | None:
    """Any one of the groups is enough, and of a word with synonyms any pair of its own; the rarer what fits, the
    higher. What fitted better stays above."""
    own = [said for word in question.words for said in _said(word, OWN)] if question.synonyms else []
    groups = (*question.groups, *own)[:GROUPS_MAX]
    if len(groups) < 2:
        return None
    return _as_well(question, Enough(groups, 1), Step("放宽", "结果仍然太少：有一组就算"))


def _as_well(question: Question, other: Node, step: Step) -> Question:
    """What fits that is found, too; what fitted before stays above."""
    tree = Every((Enough((other, question.tree), 1),), should=(question.tree,))
    return replace(question, tree=tree, explain=(*question.explain, step))


def narrowed(tree: Node, **chosen: str) -> Node:
    """By facets: kind, agency, region; what wasn't chosen is empty."""
    within = tuple(OneOf(name, (value,)) for name, value in chosen.items() if value)
    return Every((tree,), within=within) if within else tree


def title_only(text: str) -> Node:
    """For suggestions: every pair must be in the title; letters may be how it sounds, or what its signs begin with."""
    asked = list(analysis.runs(analysis.without_masked(mask_text(text))))[:TERMS_MAX]
    found = [pair for run in asked for pair in _in_title(run)]
    written = Every(tuple(found[:GROUPS_MAX])) if found else NOTHING
    sound, _ = _by_letters(asked)
    return Enough((written, *sound), 1) if sound else written


def _without_shells(asked: list[Run], known: Vocabulary) -> tuple[list[Run], list[Step]]:
    """A question that is nothing but shell is asked as it is."""
    kept, dropped = list[str](), list[str]()
    for run in asked:
        words, gone = _stripped("".join(run.parts), known)
        kept += words
        dropped += gone
    if not kept or not dropped:
        return asked, []
    found = [run for word in kept for run in analysis.runs(word)]
    return found, [Step("问句", "去掉" + "".join(f"“{word}”" for word in dict.fromkeys(dropped)))]


def _stripped(words: str, known: Vocabulary) -> tuple[list[str], list[str]]:
    dropped = list[str]()
    while shell := next((one for one in known.ends if words.endswith(one)), ""):
        words = words.removesuffix(shell)
        dropped.append(shell)
    while shell := next((one for one in known.begins if words.startswith(one)), ""):
        words = words.removeprefix(shell)
        dropped.append(shell)
    for shell in known.anywhere:
        if shell in words:
            words = words.replace(shell, " ")
            dropped.append(shell)
    return words.split(), dropped


def _pieces(run: Run, known: Vocabulary) -> Iterator[Piece]:
    """The longest word with synonyms first, from left to right; what is between is asked for as it is."""
    words, plain_from, at = "".join(run.parts), 0, 0
    while at < len(words):
        sizes = range(min(known.longest, len(words) - at), 1, -1)
        size = next((n for n in sizes if words[at : at + n] in known.alternatives and _is_apart(words, at, n)), 0)
        if size:
            if plain_from < at:
                yield Piece(words[plain_from:at])
            word = words[at : at + size]
            yield Piece(word, known.alternatives[word][:SYNONYMS_MAX])
            at = plain_from = at + size
        else:
            at += 1
    if plain_from < len(words):
        yield Piece(words[plain_from:])


def _is_apart(words: str, at: int, size: int) -> bool:
    """No word of letters and digits is cut in two: 12345 isn't the hotline within a longer number."""
    ends = ((at - 1, at), (at + size - 1, at + size))
    return not any(a >= 0 and b < len(words) and (words[a] + words[b]).isascii() for a, b in ends)


def _groups(run: Run, cut: list[Piece]) -> Iterator[Node]:
    """One for each pair of Chinese signs and each word of letters and digits: in the title or in the body. A word with
    synonyms is one group: all of its own pairs, or all of another's."""
    if not any(piece.others for piece in cut):
        yield from _said("".join(run.parts), 1.0)
        return
    for piece in cut:
        if piece.others:
            ways = [Every(tuple(_said(piece.text, 1.0)))]
            ways += [Every(said) for other, weight in piece.others if (said := tuple(_said(other, weight)))]
            yield Best(tuple(ways))
        else:
            yield from _said(piece.text, 1.0)


def _said(words: str, weight: float) -> Iterator[Node]:
    for part in analysis.PART.findall(words):
        if len(part) == 1 and not part.isascii():
            continue
        for word in analysis.words(part):
            much = weight * (1.0 if EMPTY.isdisjoint(word) else EMPTY_WEIGHT)
            yield Best((_title_word(word, much), Term("body", word, BODY * much)))


def _title_word(word: str, weight: float) -> Node:
    """Any piece of a number is found in a title: 13 in 2013."""
    if len(word) == 1:
        return Term("signs", word, SIGN * weight)
    return Phrase("title", tuple(analysis.pairs(word)), TITLE * weight)


def _by_text(asked: list[Run], found: list[Run], groups: tuple[Node, ...]) -> Node:
    lone = [Term("signs", sign, SIGN) for run in found for sign in _lone(run)]
    runs = dict.fromkeys((*found, *asked))
    whole = [Phrase("title", tuple(pairs), WHOLE) for run in runs if len(pairs := _whole(run)) > 1]
    if not groups:
        return Every(tuple(lone[:GROUPS_MAX])) if lone else NOTHING
    return Every((Enough(groups, _enough(len(groups))),), should=(*whole, *lone[:GROUPS_MAX]))


def _by_letters(found: list[Run]) -> tuple[list[Node], list[Step]]:
    """Letters alone may be syllables of a title, or the first letters of its signs."""
    letters = "".join(part for run in found for part in run.parts)
    if not letters.isascii() or not letters.isalpha():
        return [], []
    if ways := pinyin.ways(letters):
        nodes: list[Node] = [Phrase("pinyin", tuple(pinyin.joined(list(way))), SOUND) for way in ways]
        return nodes, [Step("拼音", "按 " + "，或 ".join(" ".join(way) for way in ways))]
    if pinyin.are_initials(letters):
        begin = Phrase("initials", tuple(analysis.pairs(pinyin.BEGIN + letters)), BEGINS)
        within = Phrase("initials", tuple(analysis.pairs(letters)), LETTERS)
        return [Every((within,), should=(begin,))], [Step("首字母", f"按 {letters}")]
    return [], []


def _chinese(question: Question) -> list[str]:
    return [piece for word in question.words for piece in pinyin.pieces(word)]


def _unjoined(pairs: list[str]) -> list[str]:
    return [pairs[0].split(pinyin.PAIR)[0], *(pair.split(pinyin.PAIR)[1] for pair in pairs)]


def _told_numbers(numbers: Iterable[str], *, withheld: bool) -> Iterator[Step]:
    if withheld:
        yield Step("号码", "电话号码、证件号码不参与检索")
    if told := "、".join(numbers):
        yield Step("编号", f"先按编号 {mask_text(told)} 查")


def _told_synonyms(pieces: list[tuple[Run, list[Piece]]]) -> Iterator[Step]:
    for _, cut in pieces:
        for piece in cut:
            if piece.others:
                others = "、".join(f"{other}（{weight:g}）" for other, weight in piece.others)
                yield Step("同义", f"“{piece.text}”也找 {others}")


def _lone(run: Run) -> Iterable[str]:
    """Single Chinese signs are too common to be demanded beside anything else."""
    return (part for part in run.parts if len(part) == 1 and not part.isascii())


def _whole(run: Run) -> list[str]:
    return analysis.pairs("".join(run.parts))


def _in_title(run: Run) -> Iterable[Node]:
    joined = "".join(run.parts)
    return [Term("signs", joined)] if len(joined) == 1 else [Phrase("title", tuple(analysis.pairs(joined)))]


def _enough(groups: int) -> int:
    """Up to two all, up to five all but one, above that seven of ten: a slip of the hand still finds."""
    return groups if groups <= 2 else groups - 1 if groups <= 5 else ceil(groups * 0.7)


def _terms(found: list[Run], others: list[str]) -> tuple[str, ...]:
    parts = [part for run in found for part in run.parts]
    parts += [part for other in others for part in analysis.PART.findall(other)]
    words = [word for part in parts for word in analysis.words(part)]
    several = [word for word in words if len(word) > 1]
    return tuple(dict.fromkeys(several or words))
