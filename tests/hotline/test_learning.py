"""What a hall learns from its closed tickets: likely labels, honest probabilities, nothing that could run code."""

import subprocess
import sys

import pytest

from hotline.suggestions import learning
from hotline.suggestions.learning import Learned

WATER = [
    "小区停水三天没有水用",
    "自来水浑浊发黄有异味",
    "水管爆裂路面都是水",
    "高层水压太低用不上水",
    "自来水公司停水没通知",
]
NOISE = [
    "工地夜间施工噪音扰民",
    "楼下烧烤店深夜噪音大",
    "广场舞音响噪音太大",
    "夜间渣土车噪音吵人",
    "酒吧噪音影响休息",
]


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learning.learn(WATER + NOISE, ["供水"] * 5 + ["噪音"] * 5)[0]


def test_a_new_text_is_told_apart_and_the_words_that_spoke_stand_in_it(learned: Learned) -> None:
    text = "楼上自来水停水了"
    first = learned.opinions(text)[0]
    assert first.label == "供水"
    assert first.words
    assert all(word in text for word in first.words)


def test_probabilities_are_parts_of_one(learned: Learned) -> None:
    assert sum(one.p for one in learned.opinions("夜里施工", 2)) == pytest.approx(1)


def test_a_text_without_any_known_sign_is_answered_without_words(learned: Learned) -> None:
    for text in ("", "☃☃☃", "zzzz"):
        assert all(one.words == () for one in learned.opinions(text))


def test_what_is_stored_answers_as_before(learned: Learned) -> None:
    again = learning.read(*learned.stored())
    assert again.opinions("夜里施工噪音") == learned.opinions("夜里施工噪音")
    assert again.rows == 10


def test_a_changed_byte_is_refused(learned: Learned) -> None:
    stored, sha256 = learned.stored()
    with pytest.raises(ValueError, match="not the one"):
        learning.read(stored[:-1] + bytes([stored[-1] ^ 1]), sha256)


def test_one_label_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="teaches nothing"):
        learning.learn(WATER, ["供水"] * 5)


def test_labels_of_a_single_text_do_not_spoil_the_probabilities_of_the_others() -> None:
    """Whichever part is held out, the rest knows nothing of one of the three."""
    rare = ["社保卡丢失怎么补办", "公园长椅坏了", "驾照换证去哪儿"]
    texts, labels = (WATER + NOISE) * 4 + rare, (["供水"] * 5 + ["噪音"] * 5) * 4 + ["社保", "公园", "驾照"]
    learned, _ = learning.learn(texts, labels, [*(at % 10 for at in range(40)), 10, 11, 12])
    assert learned.sharpness > 1
    assert learned.opinions(NOISE[0])[0].p > 0.7


def test_what_is_said_of_a_held_out_text_was_learned_from_other_matters_only() -> None:
    """Nobody else says 雪, and both texts that do are one matter: held out, neither can know of it."""
    texts, labels = [*WATER, *NOISE, "大雪封路", "大雪封路"], ["供水"] * 5 + ["噪音"] * 5 + ["雪"] * 2
    learned, said = learning.learn(texts, labels, [*range(10), 10, 10])
    assert "雪" not in said
    assert learned.opinions("大雪封路")[0].label == "雪"


def test_a_model_has_room_for_so_many_features_and_keeps_the_commonest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MODEL_MAX_BYTES", 5 * (4 * 3 + learning.NAME_BYTES))
    small, _ = learning.learn(WATER + NOISE, ["供水"] * 5 + ["噪音"] * 5)
    assert len(small.features) == 5
    assert "水" in small.features


def test_what_a_text_begins_with_says_more_than_what_it_ends_with() -> None:
    """Both speak of water and of noise, each long enough that the other stands beyond the beginning."""
    between = "，以上情况请有关部门核实以后依照规定尽快处理并且给予书面的答复为盼，" * 2
    learned, _ = learning.learn(
        [*WATER, *NOISE, *(text + between for text in (*WATER, *NOISE))],
        (["供水"] * 5 + ["噪音"] * 5) * 2,
        [*range(10)] * 2,
    )
    assert learned.opinions(WATER[0] + between + NOISE[0])[0].label == "供水"
    assert learned.opinions(NOISE[0] + between + WATER[0])[0].label == "噪音"


def test_a_piece_that_spoke_twice_is_shown_once_and_as_it_stands_in_the_text(learned: Learned) -> None:
    words = learned.opinions("自来水停水了")[0].words
    assert len({*words}) == len(words)
    assert all(word == word.strip() for word in words)


def test_a_hall_starts_without_loading_what_only_learning_needs() -> None:
    asked = "import sys, hotline.suggestions.learning; print('sklearn' in sys.modules or 'numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
