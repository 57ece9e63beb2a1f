"""The table of clusters; their tickets carry the cluster's number."""

from tortoise import fields

from hotline.clusters.states import CLUSTER_MOVES, ClusterState
from kernel.models import Thing


class Cluster(Thing):
    """群体事件: several callers, one cause."""

    kind, label, moves = "cluster", "群体事件", CLUSTER_MOVES
    prefix = "1234501"

    state = fields.CharEnumField(ClusterState, "", max_length=20)
    title = fields.CharField(max_length=100)

    class Meta:
        table = "hotline_cluster"
