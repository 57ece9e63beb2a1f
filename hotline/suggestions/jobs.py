"""Every night the hall learns anew from its closed tickets, so what was erased by day is forgotten, too."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hotline.suggestions import kept, learning, rules
from hotline.suggestions.kept import Description, Subject
from hotline.tickets import queries

BATCH = 100
LESSONS_MAX = 20_000  # the newest
LABEL_MIN = 5  # tickets that a label needs before it is learned


@dataclass(frozen=True, slots=True)
class Lesson:
    """One closed ticket: what it was in the end, and what the rules would have said."""

    title: str
    text: str
    told: dict[Subject, str | None]
    by_rules: dict[Subject, str | None]


async def learn(ctx: dict[str, Any]) -> int:
    """How many models were learned: of a fresh hall, none."""
    past, at = await lessons(), datetime.now(UTC)
    described = [await asyncio.to_thread(_learn, subject, past, at) for subject in Subject]
    return sum(1 for one in described if one is not None)


async def lessons() -> list[Lesson]:
    """The newest first; without those that were taken back from an agency, bear a label of secrecy or were erased."""
    found: list[Lesson] = []
    after: int | None = None
    while len(found) < LESSONS_MAX and (tickets := await queries.to_learn_from(after, BATCH)):
        after = tickets[-1].id
        texts, leads = await queries.contents(tickets), await queries.leads(tickets)
        for ticket in tickets:
            if ticket.ref in texts and ticket.id not in leads.bounced:
                guesses = await rules.by_words(ticket.title, texts[ticket.ref])
                told = {Subject.CATEGORY: ticket.category, Subject.AGENCY: leads.agencies.get(ticket.id)}
                by_rules = {
                    Subject.CATEGORY: guesses[0].code if guesses else None,
                    Subject.AGENCY: next((guess.agency for guess in guesses if guess.agency), None),
                }
                found.append(Lesson(ticket.title, learning.as_learned(ticket.title, texts[ticket.ref]), told, by_rules))
    return found[:LESSONS_MAX]


def _learn(subject: Subject, past: Sequence[Lesson], at: datetime) -> Description | None:
    """Held against every labelled ticket: one whose label is too rare to be learned counts as wrong."""
    labelled = [(lesson, label) for lesson in past if (label := lesson.told[subject])]
    often = Counter(label for _, label in labelled)
    learned_from = [(lesson, label) for lesson, label in labelled if often[label] >= LABEL_MIN]
    matters: dict[str, int] = {}
    groups = [matters.setdefault(lesson.title, len(matters)) for lesson, _ in learned_from]
    labels = [label for _, label in learned_from]
    if len({*labels}) < 2 or len(matters) < learning.PARTS:
        return None
    model, said = learning.learn([lesson.text for lesson, _ in learned_from], labels, groups)
    right = sum(1 for one, label in zip(said, labels, strict=True) if one == label)
    by_rules = sum(1 for lesson, label in labelled if lesson.by_rules[subject] == label)
    rows = len(labelled)
    return kept.keep(subject, model, rows=rows, precision=right / rows, rules=by_rules / rows, at=at)
