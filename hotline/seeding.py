"""What a new hall needs of the hotline."""

from datetime import datetime

from hotline.calls import lines
from hotline.kpi.ladder import LADDER
from hotline.policies import actions as policies
from oversight.ladder import actions as ladder


async def seed(at: datetime) -> None:
    await policies.seed(at)
    await lines.seed(at)
    await ladder.seed(LADDER, at)
