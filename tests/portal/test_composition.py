"""What the portal composes is whole: every route guarded and described, every template sound, every job known."""

import ast
import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from jinja2 import StrictUndefined, nodes
from starlette.routing import BaseRoute, Mount, Route

from kernel import jobs, pages
from kernel.observability import pages as observability
from kernel.permissions import ANONYMOUS, Actor, Permission
from portal.app import create, routes
from portal.modules import MODULES

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(file for package in ("platform", "hotline", "trading", "search", "portal") for file in
                   (ROOT / package).rglob("templates/**/*.html"))  # fmt: skip
TEMPLATE_LINES_MAX = 120
MACHINES = {route.path for route in observability.routes}  # asked by probes, guarded by address or token
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE"}


def every_route(found: list[BaseRoute] | None = None, above: str = "") -> Iterator[tuple[str, Route]]:
    for route in routes() if found is None else found:
        if isinstance(route, Mount):
            yield from every_route(list(route.routes), above + route.path)
        elif isinstance(route, Route):
            yield above + route.path, route


ROUTES = list(every_route())
create()  # dresses the templates


@pytest.mark.parametrize(("path", "route"), ROUTES, ids=[path for path, _ in ROUTES])
def test_ac01_every_route_names_a_permission_or_is_listed_public(path: str, route: Route) -> None:
    access = getattr(route.endpoint, "access", ())
    named = bool(access) and all(isinstance(one, Permission) for one in access)
    assert access in {"public", "signed_in"} or path in MACHINES or named
    assert (route.methods or set()) <= METHODS


def test_no_two_routes_answer_the_same_address() -> None:
    asked = [(path, method) for path, route in ROUTES for method in route.methods or ()]
    assert len(asked) == len(set(asked))


def test_every_route_for_programs_is_described() -> None:
    assert [
        path for path, route in ROUTES if path.startswith("/api/v1") and not hasattr(route.endpoint, "description")
    ] == []


def test_every_route_asks_for_a_permission_that_its_own_module_or_the_kernel_knows() -> None:
    known = {permission for module in MODULES for enum in module.permissions for permission in enum}
    for path, route in ROUTES:
        access = getattr(route.endpoint, "access", ())
        assert isinstance(access, str) or set(access) <= known, path


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_template_is_short_and_compiles_with_the_filters_it_names(file: Path) -> None:
    text = file.read_text()
    assert text.count("\n") <= TEMPLATE_LINES_MAX
    tree = pages.environment.parse(text)
    filters = {node.name for node in tree.find_all(nodes.Filter)}
    assert filters <= set(pages.environment.filters)
    pages.environment.compile(text)


def test_ou01_ou04_templates_escape_always_and_never_print_what_is_not_there() -> None:
    assert pages.environment.autoescape is True
    assert pages.environment.undefined is StrictUndefined


def test_every_template_that_code_names_is_there_and_every_page_is_named() -> None:
    """Written as "module/domain/name.html": in render(), in include, extends and import."""
    texts = [file.read_text() for file in TEMPLATES]
    named = {name for text in texts for name in names_in(pages.environment.parse(text))}
    for package in ("platform", "hotline", "trading", "search", "portal"):
        for file in (ROOT / package).rglob("*.py"):
            found = (node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant))
            named |= {value for value in found if isinstance(value, str) and value.count("/") == 2 and ".html" in value}
    for name in named:
        pages.environment.get_template(name)
    there = {"/".join((*file.parts[-4:-2], file.name)) for file in TEMPLATES}
    assert there - named == set()


def names_in(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)):
        if isinstance(node.template, nodes.Const):  # type: ignore[attr-defined]
            yield str(node.template.value)  # type: ignore[attr-defined]


def test_every_job_that_is_enqueued_by_name_is_registered_in_the_worker() -> None:
    registered = asyncio.run(registered_jobs())
    for package in ("platform", "hotline", "trading", "search", "portal"):
        for file in (ROOT / package).rglob("*.py"):
            for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
                if getattr(call.func, "attr", "") == "enqueue_job":
                    assert ast.literal_eval(call.args[0]) in registered, file
    assert {job.name for module in MODULES for job in module.jobs} <= registered


async def registered_jobs() -> set[str]:
    async with jobs.queue("") as redis:
        worker = jobs.worker(redis, embedded=True, jobs=[job for module in MODULES for job in module.jobs])
        return set(worker.functions)


def test_names_of_consumers_kinds_importers_and_exporters_are_given_once() -> None:
    def once(names: list[str]) -> bool:
        return len(names) == len(set(names))

    assert once([consumer.name for module in MODULES for consumer in module.consumers])
    assert once([kind.model.kind for module in MODULES for kind in module.kinds])
    assert once([importer.kind for module in MODULES for importer in module.importers])
    importers = {importer.kind for module in MODULES for importer in module.importers}
    exporters = {exporter.kind for module in MODULES for exporter in module.exporters}
    assert importers == exporters


def test_every_exporters_columns_are_headings_that_its_importer_finds() -> None:
    importers = {importer.kind: importer for module in MODULES for importer in module.importers}
    for exporter in (exporter for module in MODULES for exporter in module.exporters):
        importer = importers[exporter.kind]
        for field in importer.needed:
            assert set(importer.headings[field]) & set(exporter.columns), (exporter.kind, field)


@pytest.mark.parametrize("link", [link for module in MODULES for link in module.navigation], ids=lambda link: link.url)
async def test_every_entry_of_the_navigation_leads_to_a_page(
    database: str, signed_in: Callable[[Actor], AsyncClient], link: Any
) -> None:
    async with signed_in(ANONYMOUS) as client:
        answer = await client.get(link.url)
    assert answer.status_code == 200 if not link.permissions else answer.status_code in {302, 303}
