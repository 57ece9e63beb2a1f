"""What closed consults teach: a question that no article answers is proposed with the answer it got.

Only answers that everybody may read, so nothing of a confidential, anonymous or brought ticket and no answer with
somebody's number in it; the caller's name is masked besides. Nothing is used before an editor and a second person."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from hotline.knowledge import queries
from hotline.knowledge.models import Proposal, ProposalSource
from hotline.knowledge.rules import unnamed
from hotline.suggestions.likeness import cosine, pieces
from hotline.tickets import answers
from hotline.tickets import queries as tickets
from hotline.tickets.answers import Released
from hotline.tickets.disclosure import redacted
from hotline.tickets.models import Ticket
from kernel import journal
from kernel.database import transaction

LOOKS_BACK = timedelta(days=7)  # a night that was missed is made up for
SAME_MIN = 0.6  # cosine of pairs of signs: the same question
BODY_MIN, BODY_MAX = 10, 4_000
BATCH = 500
Pieces = Counter[str]


async def learn(at: datetime) -> int:
    """How many tickets taught something; each does once."""
    closed = await tickets.consults_closed(at - LOOKS_BACK, at, BATCH)
    known = await queries.learned_from([one.no for one in closed])
    fresh = [one for one in closed if one.no not in known]
    answered = [pieces(f"{one.title} {one.words}") for one in await queries.every_in_use(at)]
    groups = [(pieces(one.question), one) for one in await queries.proposals()]
    released, learned = {one.no: one for one in await answers.released(fresh)}, 0
    names = await journal.unsealed_all([one.ref for one in fresh], ("caller_name",))
    for ticket in fresh:
        answer = released.get(ticket.no)
        if answer is not None and len(answer.body) >= BODY_MIN:
            name = names.get((ticket.ref, "caller_name"), "")
            learned += await _take(ticket, answer, name, answered, groups)
    return learned


async def _take(
    ticket: Ticket, answer: Released, name: str, answered: Sequence[Pieces], groups: list[tuple[Pieces, Proposal]]
) -> bool:
    question = unnamed(answer.title, name)[:100]
    said = pieces(question)
    if any(cosine(said, one) >= SAME_MIN for one in answered):
        return False
    body = redacted(answer.body, name)[:BODY_MAX]
    same = max(((cosine(said, words), one) for words, one in groups), key=lambda found: found[0], default=None)
    async with transaction():
        if same is not None and same[0] >= SAME_MIN:
            proposal = same[1]
            proposal.times, proposal.last_at, proposal.ticket = proposal.times + 1, answer.at, ticket.no
            if proposal.settled_at is None:
                proposal.body, proposal.owner = body, answer.owner
            await proposal.save()
        else:
            proposal = await Proposal.create(
                question=question, body=body, owner=answer.owner, category=ticket.category, ticket=ticket.no,
                last_at=answer.at,
            )  # fmt: skip
            groups.append((said, proposal))
        await ProposalSource.create(ticket=ticket.no, proposal=proposal)
    return True
