"""What may be done to the index; who may find what is no permission of search's (see `trimming`)."""

from kernel.permissions import Permission


class IndexPermission(Permission):
    INDEX_REBUILD = "search:index:rebuild", "重建和退回检索索引"


P = IndexPermission
ROLES = {"system_admin": frozenset({P.INDEX_REBUILD})}
