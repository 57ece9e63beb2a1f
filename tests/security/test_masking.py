"""No identity number and no mobile number stays in what is shown, however it was written."""

import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.secrets.masking import findings, id_checks, mask_id, mask_name, mask_phone, mask_text
from tests.conftest import shared_data

CORPORA = {
    "hotline_city/dongguan_messages_dev.csv": 4_026,
    "hotline_labelled/hotspot_messages_4326.csv": 4_326,
    "hotline_labelled/labelled_raw_dev.csv": 698,
    "hotline_labelled/replies_dev.csv": 1_407,
}
BETWEEN = re.compile(r"(?<=\d)[ \-_.·\u2010-\u2015\u2212]{1,2}(?=\d)")
JOINTS = ("", " ", "-", "－", "　", "\u00a0", "–", "·", " - ", ". ")
MOBILE = st.from_regex(r"\A1[3-9][0-9]{9}\Z")
IDENTITY = st.builds(
    lambda area, born, order, last: f"{area}{born:%Y%m%d}{order:03}{last}",
    st.integers(110_000, 659_999),
    st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    st.integers(0, 999),
    st.sampled_from("0123456789Xx"),
)
AROUND = st.text(alphabet="我家在云谷路停水，电话身份证：。（）abcXYZ\n\t ", max_size=12)


def rows(name: str) -> Iterator[str]:
    with shared_data(*name.split("/")).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield "\n".join(str(value) for value in row.values() if value)


def plain(text: str) -> str:
    """As a reader puts the digits together again."""
    return BETWEEN.sub("", unicodedata.normalize("NFKC", text))


def remaining(text: str) -> list[str]:
    found = re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)
    for part in re.findall(r"(?<!\d)\d{17}[\dXx](?!\d)", text):
        try:
            born = date(int(part[6:10]), int(part[10:12]), int(part[12:14]))
        except ValueError:
            continue
        if 1900 <= born.year <= 2100:
            found.append(part)
    return found


@pytest.mark.parametrize("name", CORPORA, ids=lambda name: name.rpartition("/")[2])
def test_pr07_nothing_remains_in_what_citizens_really_wrote(name: str) -> None:
    texts = list(rows(name))
    assert len(texts) == CORPORA[name]
    there_were, doubtful, kinds = 0, [], dict[str, int]()
    for text in texts:
        there_were += len(remaining(plain(text)))
        masked = mask_text(text)
        assert remaining(plain(masked)) == []
        assert len(masked) == len(text)
        for finding in findings(text):
            kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
            digits = re.sub(r"[^0-9Xx]", "", unicodedata.normalize("NFKC", text[finding.start : finding.end]))
            if (finding.kind == "id" and len(digits) == 18 and not id_checks(digits)) or finding.kind == "card":
                doubtful.append(f"{finding.kind} {digits[:6]}…{digits[-2:]} ({len(digits)} signs)")
    print(f"{name}: {there_were} numbers to find, masked {kinds}, perhaps false: {len(doubtful)}")
    for one in doubtful:
        print(f"  {one}")


@given(AROUND, MOBILE | IDENTITY, st.lists(st.sampled_from(JOINTS), min_size=18, max_size=18), AROUND, st.booleans())
@settings(max_examples=400)
def test_a_number_is_masked_however_its_digits_are_joined(
    before: str, number: str, joints: list[str], after: str, wide: bool
) -> None:
    written = "".join(digit + joint for digit, joint in zip(number, joints, strict=False)).rstrip(" -－　\u00a0–·.")
    if wide:
        written = written.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789Xx"})
    text = f"{before}：{written}，{after}"
    masked = mask_text(text)

    if all(len(joint) <= 2 for joint in joints[: len(number)]):
        assert remaining(plain(masked)) == []
        assert not any(sign.isdigit() for sign in masked), "no digit of it stays"
    assert len(masked) == len(text)
    assert mask_text(masked) == masked


@given(st.text(max_size=300))
def test_only_digits_of_numbers_ever_change(text: str) -> None:
    masked = mask_text(text)
    assert len(masked) == len(text)
    for was, now in zip(text, masked, strict=True):
        assert was == now or (now == "*" and was.isalnum())


@pytest.mark.parametrize(
    "harmless",
    [
        "工单 12345-20261122-000123-5 已办结",
        "2026年11月22日 10:30 至 12:45",
        "共 3,251 户、1,280 平方米",
        "110、119、120",
        "国办函〔2025〕66号",
        "预算 1,280,000.00 元",
        "第 13 栋 2 单元 1301 室",
        "统一编号 QB-2026-000137",
    ],
)
def test_other_numbers_are_left_alone(harmless: str) -> None:
    assert mask_text(harmless) == harmless


@pytest.mark.parametrize(
    ("name", "shown"),
    [("陈明", "陈*"), ("欧阳小明", "欧**明"), ("李", "*"), ("", ""), ("  王 ", "*"), ("阿依古丽", "阿**丽")],
)
def test_pr06_a_name_keeps_its_first_sign(name: str, shown: str) -> None:
    assert mask_name(name) == shown


def test_pr06_numbers_in_fields_keep_what_helps_to_know_them_again() -> None:
    assert mask_phone("13900002206") == "139****2206"
    assert mask_phone("053188881234转12") == "**********34转**"
    assert mask_id("110101199003071234") == "110101********1234"
