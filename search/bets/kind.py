"""What others may know of a bet."""

from kernel.kinds import Kind
from search.bets import actions, queries
from search.bets.models import Bet

BET = Kind(
    model=Bet,
    title=lambda bet: f"{bet.effect.label}：{bet.query}",
    url=lambda bet: f"/admin/bets/{bet.no}",
    owner=lambda bet: bet.region_path,
    visible_to=queries.visible_to,
    verbs=actions.VERBS,
)
