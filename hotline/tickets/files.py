"""Files on a ticket: what callers and operators add when it is registered, and the papers that a move rests on."""

from kernel.files.slots import Slot

TICKET_SLOT = Slot(name="ticket", label="诉求附件", files_max=5, without_account=True)
PAPER_OF = {"assign_binding": "ruling_file", "finalise": "file"}  # the fact of a move that names its document
