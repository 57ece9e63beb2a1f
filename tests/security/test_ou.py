"""What templates may not do: rows OU02 and OU03, read from the syntax tree of each."""

import ast
import re
from collections.abc import Iterator

import pytest
from jinja2 import nodes

from kernel import pages
from tests.conftest import ROOT
from tests.portal.test_composition import TEMPLATES
from tests.test_rules import SOURCES, called, calls, name_of

MARKUP = {
    "platform/kernel/ui/icons.py": "signs drawn by us",
    "platform/kernel/notices/printing.py": "seals and codes drawn by us, asserted to be ours",
    "platform/kernel/ui/qr.py": "a drawing of ours around a text that its library escapes",
}
UNQUOTED = re.compile(r"\s[a-z-]+=\{\{")
LINK = re.compile(r"""(?:href|src|action|formaction)=["']\{\{\s*(\w[\w.]*)""")
FROM_OUTSIDE = ("typed.", "ticket.", "sent.", "facts.")  # nobody's own words are an address


def unsafe(text: str) -> Iterator[str]:
    """Literals may be called safe, a value never; nothing switches the escaping off."""
    tree = pages.environment.parse(text)
    for used in tree.find_all(nodes.Filter):
        if used.name == "safe" and not isinstance(used.node, nodes.Const | nodes.TemplateData):
            yield f"line {used.lineno}: |safe of a value"
    for off in tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)):
        yield f"line {off.lineno}: autoescape"
    yield from (f"unquoted: {found}" for found in UNQUOTED.findall(text))
    yield from (f"link: {name}" for name in LINK.findall(text) if name.startswith(FROM_OUTSIDE) and "url" not in name)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
def test_ou02_ou03_no_template_calls_a_value_safe_or_leaves_an_attribute_open(file: object) -> None:
    assert list(unsafe(file.read_text())) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "seeded",
    [
        "{{ words|safe }}", "{% autoescape false %}{{ words }}{% endautoescape %}", "<a title={{ words }}>",
        '<a href="{{ ticket.title }}">',
    ],
)  # fmt: skip
def test_ou02_ou03_a_seeded_mistake_is_seen(seeded: str) -> None:
    assert list(unsafe(seeded))


def test_ou02_markup_is_made_where_we_draw_and_nowhere_else() -> None:
    found = {name_of(file) for file in SOURCES for call in calls(file) if called(call) == "Markup"}
    assert found <= MARKUP.keys(), found - MARKUP.keys()


def test_ou03_our_own_addresses_name_no_scheme_that_runs_something() -> None:
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.lower().startswith(("javascript:", "vbscript:")), name_of(file)
