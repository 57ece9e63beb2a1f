"""Files on a ticket: what callers and operators add when it is registered."""

from kernel.files.slots import Slot

TICKET_SLOT = Slot(name="ticket", label="诉求附件", files_max=5, without_account=True)
