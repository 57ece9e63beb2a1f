"""What others may know of a rating."""

from kernel.kinds import Kind
from kernel.ratings import actions, queries
from kernel.ratings.models import Rating

RATING = Kind(
    model=Rating,
    title=lambda rating: f"评价 {rating.no}",
    url=lambda rating: "/ratings",
    owner=lambda rating: rating.owner_path,
    visible_to=queries.visible_to,
    verbs=actions.RATING_VERBS,
)
