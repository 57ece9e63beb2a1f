"""From what a person typed to the tree that is asked: identifiers first, then text by pairs of signs."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from kernel.secrets.masking import mask_text
from search import analysis
from search.analysis import Run
from search.query import NOTHING, Best, Enough, Every, Node, OneOf, Phrase, Term

TERMS_MAX = 20
GROUPS_MAX = 64
TITLE, BODY, SIGN, WHOLE = 4.0, 0.5, 1.0, 6.0


@dataclass(frozen=True, slots=True)
class Question:
    """`tree` finds by text or number, `exact` by number alone; `terms` is what to light up in the answers."""

    tree: Node
    exact: OneOf
    terms: tuple[str, ...]
    withheld: bool  # a telephone or identity number was typed: never searched, never kept


def understood(text: str) -> Question:
    plain = mask_text(text)
    withheld = plain != text
    found = list(analysis.runs(analysis.without_masked(plain) if withheld else plain))[:TERMS_MAX]
    numbers = tuple(number for number in analysis.asked_identifiers(text) if any(map(str.isdigit, mask_text(number))))
    exact = OneOf("number", numbers)
    words = _by_text(found)
    tree: Node = Enough((words, exact), 1) if numbers else words
    return Question(tree, exact, _terms(found), withheld)


def narrowed(tree: Node, **chosen: str) -> Node:
    """By facets: kind, agency, region; what wasn't chosen is empty."""
    within = tuple(OneOf(field, (value,)) for field, value in chosen.items() if value)
    return Every((tree,), within=within) if within else tree


def title_only(text: str) -> Node:
    """For suggestions: every pair must be in the title."""
    found = [
        pair
        for run in list(analysis.runs(analysis.without_masked(mask_text(text))))[:TERMS_MAX]
        for pair in _in_title(run)
    ]
    return Every(tuple(found[:GROUPS_MAX])) if found else NOTHING


def _by_text(found: list[Run]) -> Node:
    groups = [group for run in found for group in _groups(run)][:GROUPS_MAX]
    lone = [Term("signs", sign, SIGN) for run in found for sign in _lone(run)]
    whole = [Phrase("title", tuple(pairs), WHOLE) for run in found if len(pairs := _whole(run)) > 1]
    if not groups:
        return Every(tuple(lone[:GROUPS_MAX])) if lone else NOTHING
    return Every((Enough(tuple(groups), _enough(len(groups))),), should=(*whole, *lone[:GROUPS_MAX]))


def _groups(run: Run) -> Iterable[Node]:
    """One for each pair of Chinese signs and each word of letters and digits: in the title or in the body."""
    for part in run.parts:
        if len(part) == 1 and not part.isascii():
            continue
        for word in analysis.words(part):
            yield Best((_title_word(word), Term("body", word, BODY)))


def _title_word(word: str) -> Node:
    """Any piece of a number is found in a title: 13 in 2013."""
    return Term("signs", word, SIGN) if len(word) == 1 else Phrase("title", tuple(analysis.pairs(word)), TITLE)


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


def _terms(found: list[Run]) -> tuple[str, ...]:
    parts = [part for run in found for part in run.parts]
    words = [word for part in parts for word in analysis.words(part)]
    several = [word for word in words if len(word) > 1]
    return tuple(dict.fromkeys(several or words))
