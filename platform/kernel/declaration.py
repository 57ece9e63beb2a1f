"""The kernel is a module, too: people, calendar, inbox, administration."""

from kernel import verify
from kernel.administration import pages as administration
from kernel.calendar import actions as calendar
from kernel.calendar.importing import CALENDAR, CALENDAR_OUT
from kernel.inbox import pages as inbox
from kernel.module import Link, Module, Verifier
from kernel.observability import pages as observability
from kernel.people import api as people_api
from kernel.people import pages as people
from kernel.people.importing import ORGS, ORGS_OUT
from kernel.people.permissions import ROLE_LABELS, ROLES, KernelPermission, P
from kernel.ui import assets
from kernel.ui import pages as ui

KERNEL = Module(
    name="kernel",
    models=(
        "kernel.models", "kernel.people.models", "kernel.calendar.models", "kernel.clocks.models",
        "kernel.inbox.models", "kernel.edge.models",
    ),
    templates=("ui", "people", "inbox", "administration"),
    routes=(
        *observability.routes, *assets.routes, *ui.routes, *people.routes, *inbox.routes, *administration.routes,
    ),
    api=tuple(people_api.routes),
    permissions=(KernelPermission,),
    roles=ROLES,
    role_labels=ROLE_LABELS,
    importers=(ORGS, CALENDAR),
    exporters=(ORGS_OUT, CALENDAR_OUT),
    verifiers=(Verifier("日志链与时限", verify.chains), Verifier("查看记录", verify.looked_at)),
    navigation=(
        Link(label="投递", url="/admin/deliveries", permissions=(P.DELIVERY_READ,), desk=True),
        Link(label="帐号", url="/admin/accounts", permissions=(P.ACCOUNT_READ,), desk=True),
        Link(label="安全日志", url="/admin/events", permissions=(P.SECURITY_READ,), desk=True),
    ),
    seed=calendar.seed,
)  # fmt: skip
