"""The life of a rating: a good one is done, a low one stays open until somebody has come back to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.clocks.effects import Start, Stop
from kernel.labels import Labelled
from kernel.lifecycle import Branch, Move, moves
from kernel.permissions import Actor
from kernel.ratings import forms
from kernel.ratings.permissions import P


class RatingState(Labelled):
    DONE = "done", "已评价"
    LOW = "low", "差评待回访"
    FOLLOWED = "followed", "已回访"


def followed_now(rating: Any, facts: Any, by: Actor, at: datetime) -> Mapping[str, Any]:
    return {"followed_at": at}


R = RatingState
RATING_MOVES = moves(
    Move(
        name="rate", label="评价", sources=frozenset(), target=R.DONE, permission=P.RATING_RATE, facts=forms.Rate,
        columns=("subject", "level"),
        branches=(
            Branch(
                when=lambda facts: facts.level <= forms.LOW, label="差评", target=R.LOW, clocks=(Start("follow_up"),),
            ),
        ),
    ),
    Move(
        name="follow_up", label="回访差评", sources=frozenset({R.LOW}), target=R.FOLLOWED,
        permission=P.RATING_FOLLOW_UP, facts=forms.FollowUp, sets=followed_now,
        clocks=(Stop("follow_up"),),
    ),
)  # fmt: skip
