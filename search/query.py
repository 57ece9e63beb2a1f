"""A question as a tree that belongs to no engine; each engine compiles it, none gets text of a person to parse."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    field: str
    value: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """The tokens one directly after the other."""

    field: str
    values: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class OneOf:
    """An exact field holds one of the values; without values nothing matches. Adds nothing to the score."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class From:
    """A figure of the document is at least that. Adds nothing to the score."""

    field: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Best:
    """As good as its best branch, plus a little (`tie`) of the others."""

    branches: tuple["Node", ...]
    tie: float = 0.1


@dataclass(frozen=True, slots=True)
class Enough:
    """At least so many of the branches."""

    branches: tuple["Node", ...]
    at_least: int


@dataclass(frozen=True, slots=True)
class Every:
    """All of `must` and `within`, none of `without`; `should` only lifts, `within` and `without` never score."""

    must: tuple["Node", ...]
    should: tuple["Node", ...] = ()
    within: tuple["Node", ...] = ()
    without: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Anything:
    """Everything there is; only ever below a filter."""


Node = Term | Phrase | OneOf | From | Best | Enough | Every | Anything
NOTHING = OneOf("key", ())
