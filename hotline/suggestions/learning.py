"""What closed tickets teach: a linear model over the characters of a text, its probability, and the words that spoke.

Characters alone and in pairs need no dictionary; those that a text begins with count apart, since people say first
what it is about. What is learned is plain numbers and a list of words, so it is kept as arrays with their SHA-256:
nothing that is read back could run code."""

import hashlib
import io
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hotline.suggestions.likeness import couples

TEXT_MAX_CHARS = 4_000
SEEN_MIN = 2  # texts that a pair of characters must occur in
WORDS_MAX = 3
PARTS = 3  # folds of what is held out, for the calibration and for the precision
MODEL_MAX_BYTES = 10 * 1024 * 1024  # in memory; the rarest features are left out first
NAME_BYTES = 12  # three characters of an array
BEGINNING_SIGNS = 40  # a title, or the first sentence where there is none
BEGINNING = " "  # before a feature of the beginning: no other has a blank
BEGINNING_WEIGHT = 0.5  # of its length beside that of the whole text
NEVER_MET = -1.0  # the margin of a label that a fold's known part has no text of
SEED = 20_210_924
SVM_C = 1.6
NB_SMOOTHING = 0.5


@dataclass(frozen=True, slots=True)
class Opinion:
    """One label: how likely (0 to 1, calibrated) and the pairs of characters that spoke for it, the strongest first."""

    label: str
    p: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """`weights` stands by feature and label; `sharpness` turns a margin into a probability."""

    labels: tuple[str, ...]
    features: dict[str, int]
    rarity: Any
    weights: Any
    bias: Any
    sharpness: float
    rows: int
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.features))

    def opinions(self, text: str, most: int = 3) -> list[Opinion]:
        """The likeliest first."""
        import numpy as np

        at, values = _vector(_counted(text), self.features, self.rarity)
        margins = values @ self.weights[at] + self.bias
        chances = _chances(margins[None, :], self.sharpness)[0]
        found = []
        for label in np.argsort(-chances, kind="stable")[:most]:
            spoke = values * self.weights[at, label]
            strongest = [int(one) for one in np.argsort(-spoke, kind="stable")[: WORDS_MAX * 4] if spoke[one] > 0]
            pieces = dict.fromkeys(self.names[at[one]].removeprefix(BEGINNING) for one in strongest)
            words = [piece for piece in pieces if len(piece) > 1][:WORDS_MAX]
            found.append(Opinion(self.labels[label], float(chances[label]), tuple(words)))
        return found

    def stored(self) -> tuple[bytes, str]:
        """Arrays without pickle, and their SHA-256."""
        import numpy as np

        out = io.BytesIO()
        np.savez_compressed(
            out, labels=np.array(self.labels), features=np.array(list(self.features)), rarity=self.rarity,
            weights=self.weights, bias=self.bias, sharpness=np.float64(self.sharpness), rows=np.int64(self.rows),
        )  # fmt: skip
        return out.getvalue(), hashlib.sha256(out.getvalue()).hexdigest()


def read(stored: bytes, sha256: str) -> Learned:
    """Raises ValueError when it isn't what was stored."""
    import numpy as np

    if hashlib.sha256(stored).hexdigest() != sha256:
        raise ValueError("the learned model is not the one that was stored")
    with np.load(io.BytesIO(stored), allow_pickle=False) as kept:
        features = {str(name): place for place, name in enumerate(kept["features"])}
        labels = tuple(str(label) for label in kept["labels"])
        return Learned(
            labels, features, kept["rarity"], kept["weights"], kept["bias"], float(kept["sharpness"]), int(kept["rows"])
        )


def learn(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[int] | None = None
) -> tuple[Learned, list[str]]:
    """From texts of at least two labels: the model, and what it said of each text while that was held out.

    `groups`: texts of one matter are never on both sides. Raises ValueError when there is too little to hold out."""
    names = tuple(sorted({*labels}))
    groups = list(groups or range(len(texts)))
    if len(names) < 2 or len({*groups}) < PARTS:
        raise ValueError("one label teaches nothing, nor do fewer matters than there are folds")
    counted = [_counted(text) for text in texts]
    margins = _held_out(counted, labels, groups, names)
    features, rarity, weights, bias = _fitted(counted, labels, names)
    sharpness = _calibrated(margins, [names.index(label) for label in labels])
    said = [names[int(best)] for best in margins.argmax(axis=1)]
    return Learned(names, features, rarity, weights, bias, sharpness, len(texts)), said


def as_learned(title: str, content: str) -> str:
    """A text in the one way in which it is both learned and asked about."""
    return f"{title}\n{content}"


def grams(text: str) -> Counter[str]:
    """Single characters and pairs of the text, as `plain` gives it."""
    return _grams(plain(text))


def _grams(told: str) -> Counter[str]:
    return Counter(told) + Counter(couples(told))


def _counted(text: str) -> Counter[str]:
    """What is learned of a text: its characters and pairs, and once more, marked, those of its beginning."""
    told = plain(text)
    return _grams(told) + Counter({BEGINNING + gram: n for gram, n in _grams(told[:BEGINNING_SIGNS]).items()})


def plain(text: str) -> str:
    """Without its blanks, in one width and one case."""
    return "".join(unicodedata.normalize("NFKC", text[:TEXT_MAX_CHARS]).lower().split())


def _vector(counts: Counter[str], features: dict[str, int], rarity: Any) -> tuple[Any, Any]:
    """(places, values): one plus the logarithm of the count, times rarity; the beginning's share of the length is the
    same for a long text as for a short one."""
    import numpy as np

    known = [(features[gram], times, gram[0] == BEGINNING) for gram, times in counts.items() if gram in features]
    at = np.array([place for place, _, _ in known], dtype=np.int64)
    values = (1 + np.log(np.array([times for _, times, _ in known], dtype=np.float64))) * rarity[at]
    first = np.array([begins for _, _, begins in known], dtype=bool)
    for part, weight in ((~first, 1.0), (first, BEGINNING_WEIGHT)):
        values[part] *= weight / (float(np.sqrt((values[part] ** 2).sum())) or 1.0)
    return at, values / float(np.hypot(1.0, BEGINNING_WEIGHT))


def _matrix(counted: Sequence[Counter[str]], features: dict[str, int], rarity: Any) -> Any:
    import numpy as np
    from scipy import sparse

    rows = [_vector(counts, features, rarity) for counts in counted]
    ends = np.cumsum([0, *(len(at) for at, _ in rows)])
    at, values = np.concatenate([at for at, _ in rows]), np.concatenate([values for _, values in rows])
    return sparse.csr_matrix((values, at, ends), shape=(len(counted), len(features)))


def _features(counted: Sequence[Counter[str]], labels: int) -> tuple[dict[str, int], Any]:
    """Those seen in enough texts, as many of the commonest as the model has room for; with their rarity."""
    import numpy as np

    seen = Counter[str]()
    for counts in counted:
        seen.update(counts.keys())
    room = MODEL_MAX_BYTES // (4 * (labels + 1) + NAME_BYTES)
    often = [(-times, gram[0] == BEGINNING, gram) for gram, times in seen.items() if times >= SEEN_MIN]
    kept = sorted(gram for *_, gram in sorted(often)[:room])
    met = np.array([seen[gram] for gram in kept], dtype=np.float64)
    return {gram: place for place, gram in enumerate(kept)}, np.log((1 + len(counted)) / (1 + met)) + 1


def _fitted(
    counted: Sequence[Counter[str]], labels: Sequence[str], names: Sequence[str]
) -> tuple[dict[str, int], Any, Any, Any]:
    """One line between each label and the rest, over features weighed by how well they tell the two apart
    (Wang and Manning 2012)."""
    import numpy as np
    from sklearn.svm import LinearSVC

    features, rarity = _features(counted, len(names))
    matrix = _matrix(counted, features, rarity)
    weights, bias = np.zeros((len(features), len(names)), dtype=np.float32), np.full(len(names), NEVER_MET, np.float32)
    told = np.array(labels)
    present = (matrix > 0).astype(np.float64)
    for place, name in enumerate(names):
        mine = told == name
        if not mine.any() or mine.all():
            bias[place] = -NEVER_MET if mine.all() else NEVER_MET
            continue
        telling = _telling(present, mine)
        line = LinearSVC(C=SVM_C, random_state=SEED).fit(matrix.multiply(telling[None, :]).tocsr(), mine)
        weights[:, place], bias[place] = line.coef_[0] * telling, line.intercept_[0]
    return features, rarity.astype(np.float32), weights, bias


def _telling(present: Any, mine: Any) -> Any:
    """How much likelier each feature is in the label than outside of it, or the other way: a logarithm's size."""
    import numpy as np

    inside = NB_SMOOTHING + np.asarray(present[mine].sum(axis=0)).ravel()
    outside = NB_SMOOTHING + np.asarray(present[~mine].sum(axis=0)).ravel()
    return np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))


def _held_out(
    counted: Sequence[Counter[str]], labels: Sequence[str], groups: Sequence[int], names: Sequence[str]
) -> Any:
    """The margins of every text under a model that knew nothing of its matter."""
    import numpy as np
    from sklearn.model_selection import GroupKFold

    margins = np.zeros((len(counted), len(names)))
    for known, unknown in GroupKFold(PARTS).split(labels, labels, groups):
        features, rarity, weights, bias = _fitted([counted[at] for at in known], [labels[at] for at in known], names)
        margins[unknown] = _matrix([counted[at] for at in unknown], features, rarity) @ weights + bias
    return margins


def _calibrated(margins: Any, truth: Sequence[int]) -> float:
    """The sharpness under which texts that weren't learned from are the least surprising."""
    import numpy as np

    tried = np.geomspace(0.5, 20, 60)
    at = np.arange(len(truth))
    losses = [-np.log(_chances(margins, sharp)[at, truth] + 1e-12).mean() for sharp in tried]
    return float(tried[int(np.argmin(losses))])


def _chances(margins: Any, sharpness: float) -> Any:
    import numpy as np

    powers = np.exp(sharpness * (margins - margins.max(axis=1, keepdims=True)))
    return powers / powers.sum(axis=1, keepdims=True)
