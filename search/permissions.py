"""Who keeps the vocabulary, the bets and the index; who may find what is no permission of search's (see `trimming`)."""

from kernel.permissions import Permission


class SearchPermission(Permission):
    BET_DRAFT = "search:bet:draft", "拟定置顶和不显示"
    BET_PUBLISH = "search:bet:publish", "发布置顶和不显示"
    INDEX_REBUILD = "search:index:rebuild", "重建和退回检索索引"
    RANK_READ = "search:rank:read", "看检索结果为什么排在这里"
    VOCABULARY_DRAFT = "search:vocabulary:draft", "起草检索词典"
    VOCABULARY_PUBLISH = "search:vocabulary:publish", "发布检索词典"


P = SearchPermission
ROLES = {
    "search_editor": frozenset({P.BET_DRAFT, P.BET_PUBLISH, P.RANK_READ, P.VOCABULARY_DRAFT, P.VOCABULARY_PUBLISH}),
    "system_admin": frozenset({P.INDEX_REBUILD, P.VOCABULARY_DRAFT, P.VOCABULARY_PUBLISH}),
}
ROLE_LABELS = {"search_editor": "检索管理员"}
