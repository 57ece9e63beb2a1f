"""Every row of the security reference is shown by a test, or says why not, or what brings it; docs/security.md agrees.

A test shows the rows that stand in its name: `test_in02_in03_…`, `…_and_fi07_…`."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

GROUPS = {
    "AU": 14, "SE": 7, "AC": 12, "TA": 5, "IN": 13, "OU": 8, "CS": 7, "DB": 7, "AP": 6, "FI": 7, "KE": 9, "LO": 4,
    "AD": 5, "PR": 9, "SC": 3, "DE": 5, "TI": 3, "DO": 5,
}  # fmt: skip
ROWS = [f"{group}{number:02}" for group, many in GROUPS.items() for number in range(1, many + 1)]
NOT_BY_TEST = {
    "SC02": "advisories change daily: the release compares the locks with a dated snapshot (pip-audit --strict)",
}
COMES_WITH = {  # a row may be shown in part before its module is there
    "AD02": "ledger", "AD04": "ledger", "AD05": "ledger",
    "PR08": "open data",
}  # fmt: skip
SHOWN, LATER = "shown by", "comes with"
ABUSES = {  # section 1: the beginning of a test's name, or the module without which it can't be tried
    1: (SHOWN, "test_ac03_"), 2: (SHOWN, "test_ac12_without_the_record"), 3: (SHOWN, "test_lo03_fifty_reveals"),
    4: (LATER, "trading"), 5: (LATER, "ledger"), 6: (LATER, "trading"), 7: (LATER, "trading"), 8: (SHOWN, "test_ti01_"),
    9: (LATER, "trading"), 10: (SHOWN, "test_ad03_"), 11: (SHOWN, "test_a_laptops_disk_is_destroyed_under_load"),
    12: (SHOWN, "test_ac05_who_handled_reviews_neither"), 13: (SHOWN, "test_ta03_one_alone_only_asks"),
    14: (SHOWN, "test_au11_five_wrong"), 15: (SHOWN, "test_sql_and_template_metacharacters"),
    16: (SHOWN, "test_cs01_a_post_from_another_site"), 17: (SHOWN, "test_ac02_"), 18: (SHOWN, "test_ap01_"),
    19: (SHOWN, "test_db01_db02_"), 20: (SHOWN, "test_de04_a_poisoned_job"), 21: (SHOWN, "test_in08_"),
    22: (SHOWN, "test_do01_who_sends_nothing"), 23: (SHOWN, "test_number_and_query_code_open_one_ticket"),
    24: (SHOWN, "test_lo02_a_canary_of_every_kind"), 25: (SHOWN, "test_a_first_visit_is_light_and_asks_nobody_else"),
}  # fmt: skip
FAULTS = {  # section 3.2
    "web killed": (SHOWN, "test_what_was_acknowledged_is_there_once_whatever_dies"),
    "worker killed": (SHOWN, "test_five_hundred_events_survive_thirty_kill_minus_nine"),
    "PostgreSQL killed": (SHOWN, "test_while_postgresql_is_away_everything_says_so"),
    "Redis killed": (SHOWN, "test_while_redis_is_away_calls_are_taken"),
    "search killed": (SHOWN, "test_an_index_that_is_deleted_under_the_server"),
    "disk full": (SHOWN, "test_a_full_disk_is_said"),
    "fsync error": (SHOWN, "test_after_a_sync_that_failed_nothing_is_acknowledged"),
    "power loss": (SHOWN, "test_whenever_the_power_goes_every_acknowledged_ticket_is_there"),
    "clock": (SHOWN, "test_ti01_a_jump_is_noticed"),
    "connection loss": (SHOWN, "test_a_bad_line_to_the_database_is_said"),
    "slow dependency": (SHOWN, "test_a_bad_line_to_redis_keeps_nobody_from_calling"),
    "lost answer": (SHOWN, "test_an_answer_of_the_database_that_breaks_off_at_any_byte"),
    "duplicates, wrong order": (SHOWN, "test_an_older_version_never_takes_the_place_of_a_newer"),
    "two writers": (SHOWN, "test_of_two_workers_one_writes_the_index"),
    "rot": (SHOWN, "test_one_bit_that_turned_on_the_disk_is_found_by_verify"),
    "pause": (SHOWN, "test_who_stands_still_for_five_seconds"),
    "restart storm": (SHOWN, "test_a_storm_of_restarts_loses_nothing"),
    "upgrade, rollback under load": (LATER, "first release"),
    "restore": (SHOWN, "test_killed_again_and_again_the_backup_and_its_changes_stay"),
}
NAME = re.compile(r"def (test_\w+)")
ID = re.compile(r"_([a-z]{2}\d{2})(?=_)")


def names() -> Iterator[str]:
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        yield from NAME.findall(file.read_text())


NAMES = list(names())
TESTED = {row.upper() for name in NAMES for row in ID.findall(name)}


def section(title: str) -> str:
    whole = (ROOT / "docs" / "security.md").read_text()
    return whole.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def listed(title: str) -> list[str]:
    """The rows that the first column of this section's table names."""
    return re.findall(r"^\| ([A-Z]{2}\d{2}) \|", section(title), re.MULTILINE)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_shown_or_says_why_not_or_which_module_brings_it(row: str) -> None:
    assert row in TESTED or NOT_BY_TEST.get(row) or COMES_WITH.get(row)


def test_no_test_names_a_row_that_the_reference_does_not_have() -> None:
    assert sorted(TESTED - set(ROWS)) == []
    assert NOT_BY_TEST.keys() | COMES_WITH.keys() <= set(ROWS)


def test_the_document_names_every_row_once_and_where_it_stands() -> None:
    done, otherwise, later = (listed(title) for title in ("Row by row", "Not by a test", "Comes with its module"))
    assert Counter(done + otherwise + later) == Counter(ROWS)
    assert set(done) <= TESTED
    assert set(otherwise) == NOT_BY_TEST.keys()
    assert set(later) == COMES_WITH.keys()
    for row, module in COMES_WITH.items():
        assert f"| {row} | {module} |" in section("Comes with its module")


def test_every_file_that_the_document_points_to_names_the_row() -> None:
    for row, files in re.findall(r"^\| ([A-Z]{2}\d{2}) \|.*\| ([^|]+) \|$", section("Row by row"), re.MULTILINE):
        pointed = re.findall(r"`(tests/[\w/.]+)`", files)
        assert pointed, row
        for file in pointed:
            found = {one.upper() for name in NAME.findall((ROOT / file).read_text()) for one in ID.findall(name)}
            assert row in found, f"{file} shows nothing of {row}"


@pytest.mark.parametrize("table", [ABUSES, FAULTS], ids=["abuse cases", "faults"])
def test_every_abuse_and_every_fault_is_tried_or_waits_for_its_module(table: dict[object, tuple[str, str]]) -> None:
    for what, (how, where) in table.items():
        assert how == LATER or any(name.startswith(where) for name in NAMES), (what, where)


def test_no_abuse_and_no_fault_is_left_out() -> None:
    assert sorted(ABUSES) == list(range(1, 26))
    assert len(FAULTS) == 19
