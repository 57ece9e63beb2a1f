"""What others may know of seals and of the requests to use them."""

from kernel.kinds import Kind
from kernel.seals import actions, queries
from kernel.seals.models import Imprint, Seal

SEAL = Kind(
    model=Seal,
    title=lambda seal: seal.face,
    url=lambda seal: "/seals",
    owner=lambda seal: seal.region_path,
    visible_to=queries.visible_to,
    verbs=actions.SEAL_VERBS,
)
IMPRINT = Kind(
    model=Imprint,
    title=lambda imprint: f"用印单 {imprint.no}",
    url=lambda imprint: "/seals",
    owner=lambda imprint: imprint.region_path,
    visible_to=queries.imprints_visible_to,
    verbs=actions.IMPRINT_VERBS,
)
