"""What a person means: shells fall away, other names are found, letters are sounds, and too little is widened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import FormRejected
from kernel.permissions import ANONYMOUS
from search import pinyin
from search.answering import Answer, answer, suggestions
from search.asking import understood
from search.indexing import indexing
from search.inquiry import Asked
from search.mending import mended
from search.vocabulary import entries
from search.vocabulary.entries import composed, parsed
from tests.search.memos import NOON, Shelf
from tests.search.people import ALL, CITIZEN
from tests.search.test_indexing import changed, nos

OWN = "同义 停水 > 断供 0.5\n问句 …咋整\n停用 同义 公积金 = 住房公积金\n读音 重阳 chong yang"
LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=40)


async def ask(q: str, by: object = ALL) -> Answer:
    return await answer(Asked(q=q), by=by)  # type: ignore[arg-type]


# ---- shells


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("房产证丢了怎么办", ("房产证丢了",)), ("请问如何办理低保", ("办理低保",)),
        ("公积金怎么提取", ("公积金", "提取")),
        ("怎么办理居住证", ("办理居住证",)), ("您好，小区停水找谁？", ("小区停水",)), ("怎么办", ("怎么办",)),
        ("医保能不能异地报销吗", ("医保", "异地报销")), ("吗啡的管理", ("吗啡的管理",)), ("請問怎樣落戶", ("落户",)),
    ],
)  # fmt: skip
def test_what_says_nothing_falls_away_and_what_is_nothing_else_stays(typed: str, words: tuple[str, ...]) -> None:
    assert understood(typed).words == words


@pytest.mark.usefixtures("database")
async def test_a_title_that_is_a_question_is_still_found_by_it_first(shelf: Shelf) -> None:
    await changed(shelf, "m1", "停水通知")
    await changed(shelf, "m2", "小区停水怎么办")
    await changed(shelf, "m3", "小区停水的通知")
    assert (await nos("小区停水怎么办"))[0] == "m2"


# ---- synonyms


@pytest.mark.usefixtures("database")
async def test_what_is_called_otherwise_is_found_below_what_is_called_so(shelf: Shelf) -> None:
    await changed(shelf, "m1", "不动产权证书补发")
    await changed(shelf, "m2", "房产证补发")
    await changed(shelf, "m3", "房产证换发")
    await changed(shelf, "m4", "居民身份证补发")
    assert (await nos("房产证补发"))[:2] == ["m2", "m1"]
    found = await ask("房产证补发怎么办")
    assert [step.name for step in found.explain][:2] == ["问句", "同义"]
    assert ("不动产权证书补发", True) in next(i.title for i in found.items if i.document.no == "m1")


@pytest.mark.usefixtures("database")
async def test_a_synonym_of_one_direction_is_not_found_the_other_way(shelf: Shelf) -> None:
    await changed(shelf, "m1", "政府采购公告")
    await changed(shelf, "m2", "工程招标公告")
    assert set(await nos("招标公告")) == {"m1", "m2"}
    assert (await ask("政府采购公告")).items[0].document.no == "m1"
    assert not understood("采购").vocabulary.alternatives.get("采购")


def test_the_longest_word_is_taken_and_the_halls_own_lines_add_and_retire() -> None:
    assert [s.text for s in understood("投标保证金").explain] == ["“投标保证金”也找 竞买保证金（0.5）"]
    own = composed(OWN)
    assert own.alternatives["停水"] == (("断水", 0.8), ("断供", 0.5))
    assert "公积金" not in own.alternatives
    assert understood("停水咋整", own).words == ("停水",)
    assert own.readings["重阳"] == ("chong", "yang")


def test_no_longer_number_or_word_of_letters_is_cut_by_a_shorter_one() -> None:
    assert understood("拨12345投诉").synonyms[0] == ("12345", (("市民热线", 0.8),))
    assert not understood("12345202611220001235").synonyms
    assert not understood("a12345").synonyms


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("同意 甲 = 乙", "第 1 行"), ("\n同义 公积金=住房公积金", "第 2 行"), ("同义 停水 = 停水", "相同"),
        ("同义 甲，乙 = 丙", "不含标点"), ("读音 重阳 chong", "2 个字"), ("问句 怎么办\n问句 怎么办", "不止一次"),
        ("同义 甲 > 乙 8", "第 1 行"), ("#\n" * 2_000, "最多"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_says_which_and_what_to_write(lines: str, why: str) -> None:
    with pytest.raises(FormRejected) as refused:
        parsed(lines)
    assert why in refused.value.fields["lines"]


def test_every_shipped_line_is_an_entry_and_says_itself_again() -> None:
    shipped, retired = parsed(entries.shipped_text(), limited=False)
    assert len(shipped) > 100
    assert not retired
    assert parsed("\n".join(map(str, shipped)), limited=False)[0] == shipped


# ---- letters


@pytest.mark.usefixtures("database")
async def test_titles_are_found_by_syllables_and_by_first_letters(shelf: Shelf) -> None:
    await changed(shelf, "m1", "提取住房公积金")
    await changed(shelf, "m2", "公积金贷款")
    await changed(shelf, "m3", "重庆路停水")
    assert set(await nos("gongjijin")) == set(await nos("Gong Ji Jin")) == {"m1", "m2"}
    assert await nos("gjj") == ["m2", "m1"], "what begins so is first"
    assert await nos("chongqinglu") == ["m3"]
    assert await nos("gongjiao") == await nos("jg") == []


@pytest.mark.usefixtures("database")
async def test_titles_are_suggested_by_syllables_and_by_first_letters_too_if_they_are_public(shelf: Shelf) -> None:
    await changed(shelf, "m1", "内部", answer="提取住房公积金")
    await changed(shelf, "m2", "内部公积金核查")
    for typed in ("公积金", "gongjijin", "GJJ", "ｇｊｊ"):
        assert [document.title for document in await suggestions(typed)] == ["提取住房公积金"], typed
    assert await suggestions("gongjiao") == await suggestions("hc") == []


@pytest.mark.parametrize(
    ("letters", "ways"),
    [
        ("gongjijin", {("gong", "ji", "jin")}), ("xian", {("xi", "an")}), ("fangan", {("fang", "an"), ("fan", "gan")}),
        ("water", set()), ("shui", set()), ("nvfuwu", {("nv", "fu", "wu")}),
    ],
)  # fmt: skip
def test_letters_are_syllables_only_without_a_rest(letters: str, ways: set[tuple[str, ...]]) -> None:
    assert set(pinyin.ways(letters)) >= ways
    assert bool(ways) == bool(pinyin.ways(letters))


@given(LETTERS)
def test_every_way_is_the_whole_of_the_letters(letters: str) -> None:
    assert all("".join(way) == letters for way in pinyin.ways(letters))


def test_letters_that_cut_in_too_many_ways_are_cut_in_a_few() -> None:
    assert pinyin.ways("an" * 59 + "xq") == []
    assert 1 <= len(pinyin.ways("angan" * 8)) <= 4


def test_readings_of_the_hall_go_before_those_of_the_library() -> None:
    assert pinyin.syllables("银行重阳路", {"重阳": ("chong", "yang")}) == ["yin", "hang", "chong", "yang", "lu"]
    assert pinyin.syllables("长兴", {"长兴": ("zhang", "xing")}) == ["zhang", "xing"]


def test_letters_spell_the_fewest_words_of_the_vocabulary() -> None:
    words = frozenset(["社保卡", "社保", "卡", "挂失", "市民热线"])
    assert pinyin.spelled("shebaokaguashi", words, {}) == "社保卡挂失"
    assert pinyin.spelled("shebaokaguashidian", words, {}) == "", "no words without a rest"
    assert pinyin.spelled("", words, {}) == ""


# ---- too little


@pytest.mark.usefixtures("database")
async def test_too_little_is_widened_and_what_fits_wholly_stays_first(shelf: Shelf) -> None:
    await changed(shelf, "m1", "江北停水通知")
    await changed(shelf, "m2", "江北停电公告")
    found = await ask("停水 通知 江南")
    assert [i.document.no for i in found.items] == ["m1"]
    assert not found.loosened or found.explain
    assert not (await ask("停水")).loosened, "nothing was added, so nothing of it fits in part only"
    both = await ask("停水 公告")
    assert {i.document.no for i in both.items} == {"m1", "m2"}
    assert both.loosened
    assert both.explain[-1].name in {"放宽", "同音"}


@pytest.mark.usefixtures("database")
async def test_what_the_right_spelling_finds_is_found_on_every_page_and_stands_where_it_would(shelf: Shelf) -> None:
    await changed(shelf, "m1", "卡", answer="社会保障卡挂失")
    await changed(shelf, "m2", "卡", answer="社会保障卡解挂")
    found = await ask("社会保障卡褂失", ANONYMOUS)
    assert found.did_you_mean == "社会保障卡挂失"
    assert [i.document.no for i in found.items] == ["m1", "m2"]
    first = await answer(Asked(q="社会保障卡褂失", limit=1), by=ANONYMOUS)
    assert first.next is not None
    second = await answer(Asked(q="社会保障卡褂失", limit=1), by=ANONYMOUS, at_cursor=first.next)
    assert [i.document.no for i in second.items] == ["m2"]
    assert second.total == first.total == 2
    assert all("改字" in [step.name for step in one.explain] for one in (found, first, second))


@pytest.mark.usefixtures("database")
async def test_letters_that_spell_an_everyday_name_find_what_is_called_otherwise(shelf: Shelf) -> None:
    await changed(shelf, "m1", "卡丢了", answer="社会保障卡挂失")
    found = await ask("shebaokaguashi", ANONYMOUS)
    assert [i.document.no for i in found.items] == ["m1"]
    assert found.loosened
    assert found.explain[-1].name == "拼音"


@pytest.mark.usefixtures("database")
async def test_a_homophone_is_found_and_the_right_spelling_offered(shelf: Shelf) -> None:
    await changed(shelf, "m1", "住房公积金提取", answer="住房公积金提取指南")
    found = await ask("宫积金怎么提取", ANONYMOUS)
    assert [i.document.no for i in found.items] == ["m1"]
    assert found.did_you_mean == "公积金 提取"
    assert (await ask(found.did_you_mean, ANONYMOUS)).items
    assert not (await ask("公积金提取", ANONYMOUS)).did_you_mean


@pytest.mark.usefixtures("database")
async def test_no_word_of_what_is_not_public_is_ever_offered_not_even_to_who_may_read_it(shelf: Shelf) -> None:
    await changed(shelf, "m1", "张晓梅信访事项", owner=CITIZEN.id)
    for by in (ANONYMOUS, CITIZEN, ALL):
        assert not (await ask("张小梅信访事项", by)).did_you_mean
        assert not (await ask("章晓梅", by)).did_you_mean
    assert [i.document.no for i in (await ask("章晓梅", CITIZEN)).items] == ["m1"]
    assert not (await ask("章晓梅", ANONYMOUS)).items


def test_one_wrong_sign_of_four_is_mended_and_a_right_word_left_alone() -> None:
    assert mended(("最低生活保樟",), ("最低生活保障申请",), {}) == "最低生活保障"
    assert mended(("最低生活保障",), ("最低生活保障申请",), {}) == ""
    assert mended(("停煤",), ("停电通知",), {}) == ""


@pytest.mark.usefixtures("database")
async def test_pages_of_a_widened_question_fit_together(shelf: Shelf) -> None:
    for number in range(8):
        shelf.put(f"m{number}", f"停水{number}号楼")
        await indexing().bring(f"memo:m{number}", at=NOON)
    asked, seen, cursor = Asked(q="停水 公告", limit=3), list[str](), ""
    while True:
        page = await answer(asked, by=ALL, at_cursor=cursor)
        seen += [item.document.no for item in page.items]
        if not page.next:
            break
        cursor = page.next
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.usefixtures("database")
async def test_a_number_that_is_found_is_not_widened(shelf: Shelf) -> None:
    await changed(shelf, "12345-20261122-000123-5", "小区停水")
    await changed(shelf, "m2", "江北停水")
    found = await ask("12345-20261122-000123-5 江北")
    assert found.items[0].document.no == "12345-20261122-000123-5"
    assert not found.loosened


async def test_where_hardly_anything_fits_one_pair_of_an_everyday_question_is_enough_and_better_ones_stay_above(
    shelf: Shelf,
) -> None:
    await changed(shelf, "m1", "医疗救助申请")
    await changed(shelf, "m2", "家里有困难的临时救助")
    assert await nos("家里一直很困难可以申请哪些救助") == ["m2", "m1"]
