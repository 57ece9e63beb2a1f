"""What is written for people is true: settings, commands, decisions, links."""

import json
import re
from pathlib import Path

import pytest
import typer.main

from kernel.settings import Settings
from portal import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ADR_LINES_MAX = 50
ADRS = sorted(DOCS.glob("adr/0*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def rows_of_settings() -> list[str]:
    rows = []
    for name, field in Settings.model_fields.items():
        default = {None: ""}.get(field.default, str(field.default))
        if isinstance(field.default, tuple):
            default = json.dumps(field.default)
        shown = f"`{default}`" if default else "（空）"
        rows.append(f"| `SUNHALL_{name.upper()}` | {shown} | {field.description} |")
    return rows


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    written = [line for line in (DOCS / "settings.md").read_text().splitlines() if line.startswith("| `SUNHALL_")]
    assert written == rows_of_settings()
    assert all(field.description for field in Settings.model_fields.values())


def test_every_command_and_every_option_is_in_the_operators_handbook() -> None:
    handbook = (DOCS / "handbook-operator.md").read_text()
    group = typer.main.get_group(cli.app)
    for name, command in group.commands.items():
        for full, one in [(f"{name} {sub}", inner) for sub, inner in getattr(command, "commands", {}).items()] or [
            (name, command)
        ]:
            assert f"`sunhall {full}" in handbook, full
            options = {option for parameter in one.params for option in parameter.opts if option.startswith("--")}
            assert all(option in handbook for option in options - {"--help"}), (full, options)


@pytest.mark.parametrize("adr", ADRS, ids=lambda adr: adr.stem[:4])
def test_a_decision_is_short_and_has_its_four_parts(adr: Path) -> None:
    lines = adr.read_text().splitlines()
    assert len(lines) <= ADR_LINES_MAX
    assert lines[0].startswith(f"# {adr.stem[:4]} ")
    assert [line for line in lines if line.startswith("## ")] == [
        "## Context",
        "## Decision",
        "## Consequences",
        "## Alternatives",
    ]


def test_decisions_are_numbered_without_a_gap_and_all_in_the_index() -> None:
    assert [int(adr.stem[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))
    index = (DOCS / "adr" / "README.md").read_text()
    assert all(adr.name in index for adr in ADRS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_our_own_pages_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_readmes_first_screen_says_what_this_is_and_the_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen
    assert "docs/pictures/home.png" in first_screen


def test_the_locks_hold_hashes_for_every_package_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text()
        packages = re.findall(r"^([A-Za-z0-9._-]+(?:\[[a-z,]+\])?)==", text, re.MULTILINE)
        assert len(packages) > 30
        assert text.count("==") == len(packages)
        assert all(re.search(rf"^{re.escape(one)}==[^\n]+\\\n +--hash=sha256:", text, re.MULTILINE) for one in packages)
        assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host|https?://|/opt/", text)


def test_whatever_the_project_needs_is_in_a_lock() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    needed = {re.split(r"[\[>=<]", one)[0].lower() for one in re.findall(r'"([a-z0-9_-]+(?:\[[a-z]+\])?)>=', project)}
    locked = (ROOT / "requirements-test.lock").read_text().lower()
    assert all(f"\n{one}==" in f"\n{locked}" or f"\n{one.replace('-', '_')}==" in f"\n{locked}" for one in needed)
