"""How long the hotline keeps what (spec: security 4.5): the caller's contact two years, the ticket as an archive."""

from datetime import datetime, timedelta

from hotline.tickets import queries
from hotline.tickets.personal import CONTACT
from kernel import journal
from kernel.database import transaction
from kernel.upkeep.kept import Kept

CONTACT_KEPT = timedelta(days=730)


async def clear_contacts(before: datetime, limit: int) -> int:
    """Ciphertexts and salts go, the digests in the chain stay; without the index nobody finds a person's tickets."""
    old = await queries.to_clear(before, limit)
    for ticket in old:
        async with transaction():
            ticket.phone_index, ticket.cleared_at = None, before + CONTACT_KEPT
            await ticket.save(update_fields=["phone_index", "cleared_at"])
            await journal.erase(ticket.ref, CONTACT)
    return len(old)


KEPT = (
    Kept(
        name="callers", label="已办结工单的诉求人姓名、电话、地址", tables=(),
        basis="个人信息保护法第十九条：实现目的所需的最短时间", period=CONTACT_KEPT,
        at_least=timedelta(days=183), then="办结满期即销毁密文，日志链不变", clear=clear_contacts,
    ),
    Kept(
        name="tickets", label="工单和承办", tables=("hotline_ticket", "hotline_assignment"),
        basis="机关文件材料归档范围和文书档案保管期限规定：10 年", period=timedelta(days=3653),
        at_least=timedelta(days=3653), then="期满由档案部门鉴定后移出",
    ),
)  # fmt: skip
