"""What others may know of a document."""

from kernel.kinds import Kind
from kernel.notices import actions, queries
from kernel.notices.models import Notice

NOTICE = Kind(
    model=Notice,
    title=lambda notice: notice.no,
    url=lambda notice: f"/notices/{notice.public_id}",
    owner=lambda notice: notice.region_path,
    visible_to=queries.visible_to,
    verbs=actions.NOTICE_VERBS,
)
