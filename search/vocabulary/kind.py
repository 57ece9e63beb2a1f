"""What others may know of a version of the vocabulary."""

from kernel.kinds import Kind
from search.vocabulary import actions, queries
from search.vocabulary.models import VocabularyEdition

VOCABULARY = Kind(
    model=VocabularyEdition,
    title=lambda edition: f"检索词典 {edition.no}",
    url=lambda edition: f"/admin/vocabulary/{edition.no}",
    owner=lambda edition: edition.region_path,
    visible_to=queries.visible_to,
    verbs=actions.VERBS,
)
