"""The same piece of text gives the same tokens, wherever it is met."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from search import analysis, pinyin
from search.highlights import segments, snippet

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60)
CITY = st.text(alphabet="江北区停水通知小臺灣ＡBc13号〔2026〕　，-（）ﬁ㎡", min_size=2, max_size=30)


def everything(text: str) -> str:
    return " ".join([*analysis.title_tokens(text), *analysis.title_signs(text)])


def test_what_does_not_matter_is_folded() -> None:
    assert analysis.folded("臺灣ＡＢＣ１２㎡") == "台湾abc12m2"


def test_titles_are_cut_into_pairs_across_scripts_and_bodies_keep_words_whole() -> None:
    assert analysis.title_tokens("小区13号楼，水") == ["小区", "区1", "13", "3号", "号楼", "水"]
    assert analysis.body_tokens("小区13号楼，ABC") == ["小区", "13", "号楼", "abc"]


@given(CITY, st.data())
def test_the_tokens_of_a_piece_are_among_those_of_the_whole(title: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(title) - 1))
    piece = title[begin : data.draw(st.integers(begin + 1, len(title)))]
    whole = set(analysis.title_tokens(title)) | set(analysis.title_signs(title))
    assert set(analysis.title_tokens(piece)) | set(analysis.title_signs(piece)) <= whole


@given(TEXT)
def test_any_text_is_taken_and_no_token_holds_a_space(text: str) -> None:
    tokens = [*analysis.title_tokens(text), *analysis.title_signs(text), *analysis.body_tokens(text)]
    assert all(token and not any(map(str.isspace, token)) for token in tokens)


@pytest.mark.parametrize(
    "typed", ["网挂〔2026〕18号", "网挂[2026]18号", "网挂【2026】18号", "网挂（2026） 18 号", "網掛(２０２６)18号"]
)
def test_brackets_and_width_of_a_document_number_do_not_matter(typed: str) -> None:
    assert analysis.identifier(typed) == analysis.identifier("网挂〔2026〕18号")


def test_a_number_is_found_whole_without_hyphens_and_by_its_last_six() -> None:
    forms = analysis.identifiers("12345-20261122-000123-5")
    assert analysis.identifier("12345 20261122 000123 5") in forms
    assert "001235" in forms


def test_a_document_number_inside_a_question_is_recognised() -> None:
    assert set(analysis.asked_identifiers("网挂【2026】18号 保证金")) & set(analysis.identifiers("网挂〔2026〕18号"))
    assert set(analysis.asked_identifiers("〔2026〕18号")) & set(analysis.identifiers("网挂〔2026〕18号"))


def test_a_number_between_chinese_signs_is_recognised_if_it_is_as_long_as_the_end_of_one() -> None:
    assert "1144mb2d02" in analysis.asked_identifiers("办件编码1144MB2D02的进度")
    assert "th20261130000007" in analysis.asked_identifiers("查TH-20261130-000007。")
    assert "12345" not in analysis.asked_identifiers("打12345没人接")


def test_words_without_digits_are_no_numbers() -> None:
    assert analysis.asked_identifiers("小区停水怎么办") == ()


@given(TEXT, st.lists(st.text(alphabet="停水a1区㎡", min_size=1, max_size=3).map(analysis.folded), max_size=4))
def test_highlighting_loses_no_sign_of_the_text(text: str, terms: list[str]) -> None:
    assert "".join(piece for piece, _ in segments(text, tuple(terms))) == text


def test_neighbouring_hits_are_one_and_the_original_writing_stays() -> None:
    assert segments("江北停水通知", ("停水", "水通")) == (("江北", False), ("停水通", True), ("知", False))
    assert segments("臺灣路", ("台湾",)) == (("臺灣", True), ("路", False))


def test_a_snippet_shows_the_place_of_the_match() -> None:
    cut = snippet("无关。" * 100 + "昨晚小区停水两天。" + "无关。" * 100, ("小区", "停水"))
    assert ("小区停水", True) in cut
    assert cut[0][0].startswith("…")


@given(st.text(alphabet="重庆市长江长大银行行为不得了公积金提取乐山音乐还款还有了解都会A1，（）", max_size=24))
def test_by_words_a_text_is_read_aloud_as_the_library_reads_it_whole(text: str) -> None:
    one_for_each_sign: Any = list
    assert pinyin.syllables(text, {}) == lazy_pinyin(text, errors=one_for_each_sign)
