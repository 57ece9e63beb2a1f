"""Rules of the house that neither ruff nor mypy knows: read from the syntax tree."""

import ast
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tortoise.models import Model

from portal.modules import MODULES

ROOT = Path(__file__).parents[1]
PACKAGES = [ROOT / "platform", *(ROOT / name for name in ("hotline", "trading", "search", "portal"))]
SOURCES = sorted(file for package in PACKAGES for file in package.rglob("*.py") if "migrations" not in file.parts)
SQL_CALLS = {"execute_query", "execute_query_dict", "execute_script", "execute_insert", "execute_many", "raw", "RawSQL"}
COMPOSED = (ast.JoinedStr, ast.BinOp, ast.Call)
DDL = {
    "platform/kernel/database.py",
    "platform/kernel/granting.py",
    "platform/kernel/operations.py",
    "platform/kernel/migrate.py",
}  # names of ours
FROM_OUTSIDE = {"request", "sent", "typed", "payload", "body", "query_params", "path_params", "form_data"}
BANNED_MODULES = {"random", "pickle", "marshal", "shelve", "dill"}
CRYPTO = {"cryptography", "argon2"}
READS = {"queries", "rules"}
BOUNDARIES = {
    "platform/kernel/failures.py": "the outermost: whatever nobody refused is logged and told",
    "search/indexing.py": "a delivery's answer is raised to whoever waits for it",
    "platform/kernel/observability/pages.py": "/readyz: whatever goes wrong there means not ready",
    "platform/kernel/outbox.py": "a delivery that fails is tried again and parked",
}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def nodes(file: Path, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds))


def calls(file: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(file, ast.Call) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def sql_that_is_not_literal(file: Path) -> Iterator[str]:
    if name_of(file) in DDL or "engines" in file.parts:
        return
    for call in calls(file):
        if called(call) in SQL_CALLS and call.args and isinstance(call.args[0], COMPOSED):
            yield f"line {call.lineno}: {called(call)} wants a literal"


def names_in_sql_of_an_alias(file: Path) -> Iterator[str]:
    """`annotate(**{name: …})` writes the name into the SQL as it is."""
    for call in calls(file):
        if called(call) in {"annotate", "values"} and any(keyword.arg is None for keyword in call.keywords):
            yield f"line {call.lineno}: {called(call)} with names that aren't ours"


def strangers_keys(file: Path) -> Iterator[str]:
    for call in calls(file):
        for keyword in call.keywords:
            inside = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(keyword.value)}
            ours = isinstance(keyword.value, ast.Call) and called(keyword.value) == "way"
            if keyword.arg is None and not ours and inside & FROM_OUTSIDE:
                yield f"line {call.lineno}: **{ast.unparse(keyword.value)}"


def unlimited_json(file: Path) -> Iterator[str]:
    for call in calls(file):
        if called(call) == "json" and not call.args and "request" in ast.unparse(call.func):
            yield f"line {call.lineno}: kernel.forms.sent_json has the limits"


def wall_clocks(file: Path) -> Iterator[str]:
    for call in calls(file):
        if ast.unparse(call.func) in {"time.time", "datetime.utcnow", "date.today", "datetime.today"}:
            yield f"line {call.lineno}: {ast.unparse(call.func)}"


def banned_modules(file: Path) -> Iterator[str]:
    for module, line in imported(file):
        if module.partition(".")[0] in BANNED_MODULES:
            yield f"line {line}: import {module}"


def evaluated_text(file: Path) -> Iterator[str]:
    for call in calls(file):
        if isinstance(call.func, ast.Name) and call.func.id in {"eval", "exec", "compile", "__import__"}:
            yield f"line {call.lineno}: {call.func.id}"


def broad_catches(file: Path) -> Iterator[str]:
    """`except Exception` only at a named boundary; whoever catches everything must raise it again."""
    if name_of(file) in BOUNDARIES:
        return
    for node in nodes(file, ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        kinds = {getattr(kind, "id", "") for kind in ast.walk(node.type)} if node.type else {"BaseException"}
        again = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        if "Exception" in kinds or ("BaseException" in kinds and not again):
            yield f"line {node.lineno}: except {', '.join(kinds)}"


def floats_of_money(file: Path) -> Iterator[str]:
    """Money is whole fen: a name that ends in _fen is never divided by `/` nor made a float."""
    for node in nodes(file, ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Div) and ast.unparse(node.left).endswith("_fen"):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def reads_elsewhere(file: Path) -> Iterator[str]:
    """A query outside of queries.py and rules.py may forget who asks."""
    if "kernel" in file.parts or file.stem in READS:
        return
    for call in calls(file):
        query, _, verb = ast.unparse(call.func).rpartition(".")
        if verb in {"filter", "exclude", "raw"} and query in MODELS:
            yield f"line {call.lineno}: {query}.{verb} belongs into queries.py"


def scattered_crypto(file: Path) -> Iterator[str]:
    for module, line in imported(file):
        if module.partition(".")[0] in CRYPTO and name_of(file) not in CRYPTO_HOMES:
            yield f"line {line}: import {module} belongs into kernel.secrets"


CRYPTO_HOMES = {
    "platform/kernel/people/passwords.py",
    "platform/kernel/secrets/blind.py",
    "platform/kernel/secrets/cipher.py",
    "platform/kernel/secrets/envelope.py",
    "platform/kernel/secrets/keys.py",
    "platform/kernel/verify.py",  # what a tampered ciphertext raises
}
MODELS = {
    name
    for module in MODULES
    for path in module.models
    for name, value in vars(importlib.import_module(path)).items()
    if isinstance(value, type) and issubclass(value, Model)
}
RULES: list[Callable[[Path], Iterator[str]]] = [
    sql_that_is_not_literal,
    names_in_sql_of_an_alias,
    strangers_keys,
    unlimited_json,
    wall_clocks,
    banned_modules,
    evaluated_text,
    broad_catches,
    floats_of_money,
    reads_elsewhere,
    scattered_crypto,
]


def imported(file: Path) -> Iterator[tuple[str, int]]:
    for node in nodes(file, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_db01_db02_ke07_ti03_no_source_breaks_the_rule(rule: Callable[[Path], Iterator[str]]) -> None:
    assert [f"{name_of(file)} {found}" for file in SOURCES for found in rule(file)] == []


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (sql_that_is_not_literal, "await c.execute_query(f'SELECT {x}')"),
        (names_in_sql_of_an_alias, "q.annotate(**names)"),
        (strangers_keys, "Ticket.create(**request.query_params)"),
        (unlimited_json, "await request.json()"),
        (wall_clocks, "import time\ntime.time()"),
        (banned_modules, "from random import choice"),
        (evaluated_text, "eval('1')"),
        (broad_catches, "try:\n    pass\nexcept (KeyError, Exception):\n    pass"),
        (floats_of_money, "price_fen / 2"),
        (reads_elsewhere, "Ticket.filter(id=1)"),
        (scattered_crypto, "from cryptography.hazmat.primitives import hashes"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_rule_sees_what_it_forbids(rule: Callable[[Path], Iterator[str]], broken: str) -> None:
    file = ROOT / "hotline" / "seeded.py"
    assert list(rule(Seeded(file, broken)))  # type: ignore[arg-type]


class Seeded:
    """A source that was never written to the disk."""

    def __init__(self, file: Path, text: str) -> None:
        self.text, self.parts, self.stem, self.file = text, file.parts, file.stem, file

    def read_text(self) -> str:
        return self.text

    def relative_to(self, other: Path) -> Path:
        return self.file.relative_to(other)
