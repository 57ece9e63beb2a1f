"""Who reads ratings and comes back to who was dissatisfied."""

from kernel.permissions import Permission


class RatingPermission(Permission):
    RATING_FOLLOW_UP = "kernel:rating:follow_up", "回访差评"
    RATING_RATE = "kernel:rating:rate", "评价"
    RATING_READ = "kernel:rating:read", "查看评价"


P = RatingPermission
ROLES = {"rating_officer": frozenset({P.RATING_FOLLOW_UP, P.RATING_READ}), "system": frozenset({P.RATING_RATE})}
ROLE_LABELS = {"rating_officer": "评价回访员"}
