"""What others may know of a notice."""

from kernel.kinds import Kind
from kernel.workdays import actions, queries
from kernel.workdays.models import Proposal

PROPOSAL = Kind(
    model=Proposal,
    title=lambda proposal: f"{proposal.year} 年工作日历",
    url=lambda proposal: f"/admin/calendar/notices/{proposal.no}",
    owner=lambda proposal: proposal.region_path,
    visible_to=queries.visible_to,
    verbs=actions.VERBS,
)
