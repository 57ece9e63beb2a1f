"""The table of services, read; `filled` puts this machine's addresses into it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One row: what is run, when it may start, how it is asked whether it is well."""

    name: str
    command: list[str]
    image: str = ""  # empty: our own
    health: list[str] = field(default_factory=list)
    after: dict[str, str] = field(default_factory=dict)
    demo: list[str] = field(default_factory=list)
    once: bool = False
    owner: bool = False  # is given the owner's address of the database, and nobody else
    profile: str = ""


def services(places: Mapping[str, str]) -> dict[str, Service]:
    return {name: Service(name=name, **_filled(row, places)) for name, row in _table()["service"].items()}


def environment(places: Mapping[str, str]) -> dict[str, str]:
    told: dict[str, str] = _filled(_table()["environment"], places)
    return told


def in_containers() -> dict[str, str]:
    places: dict[str, str] = _table()["in_containers"]
    return places


def _table() -> dict[str, Any]:
    return tomllib.loads((files("portal.city") / "topology.toml").read_text())


def _filled(told: Any, places: Mapping[str, str]) -> Any:
    if isinstance(told, str):
        for name, value in places.items():
            told = told.replace(f"{{{name}}}", value)
        return told
    if isinstance(told, list):
        return [_filled(one, places) for one in told]
    if isinstance(told, dict):
        return {name: _filled(one, places) for name, one in told.items()}
    return told
