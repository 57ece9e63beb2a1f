"""What the approval-case core gives the house."""

from approvals.disclosure import actions, api, importing, keeping, pages, queries
from approvals.disclosure.models import Policy
from approvals.disclosure.searchable import POLICIES
from approvals.permissions import ROLE_LABELS, ROLES, ApprovalsPermission
from kernel.kinds import Kind
from kernel.module import Headlines, Link, Module

POLICY = Kind(
    model=Policy,
    title=lambda policy: policy.title,
    url=lambda policy: f"/policies/{policy.no}",
    owner=lambda policy: policy.region_path,
    visible_to=queries.visible_to,
    verbs=actions.VERBS,
)
MODULE = Module(
    name="approvals",
    models=("approvals.disclosure.models",),
    templates=("disclosure",),
    routes=tuple(pages.routes),
    api=tuple(api.routes),
    kinds=(POLICY,),
    permissions=(ApprovalsPermission,),
    roles=ROLES,
    role_labels=ROLE_LABELS,
    searchable=(POLICIES,),
    importers=(importing.POLICIES,),
    exporters=(importing.POLICIES_OUT,),
    navigation=(
        Link(label="政务公开", url="/policies"),
        Link(label="政策文件", url="/disclosure", permissions=queries.WRITERS, desk=True),
    ),
    headlines=Headlines("政策文件", "/policies", queries.headlines),
    retention=keeping.KEPT,
)
