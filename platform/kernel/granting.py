"""PostgreSQL roles: the owner makes the tables, the application works in them, a reader looks.

The application may not change what was written down, not even by a statement that no trigger sees; the reader sees no
ciphertext, no key and no hash of a password. Said anew after every migration; nothing else holds."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from tortoise import Tortoise, fields
from tortoise.connection import get_connection
from tortoise.models import Model

from kernel.database import opened, transaction
from kernel.errors import Refusal
from kernel.module import Module, database_config

SECRET = re.compile("password|secret|token|salt|cipher|query_code")
OPEN_BYTES = {"hash", "prev_hash", "head"}  # of the chains: whoever checks them needs them


class SameRole(Refusal):
    status, code, text = 422, "same_role", "{what}：SUNHALL_DATABASE_OWNER_URL 和 SUNHALL_DATABASE_URL 须是两个角色。"


async def grant(modules: Iterable[Module], owner: str, *, app: str, reader: str) -> None:
    """Exactly these rights to the role of `app` and to `reader`; both roles exist already."""
    role = role_of(app)
    if role == role_of(owner) or role == reader:
        raise SameRole(what=f"“{role}”一身二任")
    async with opened(database_config(modules, owner)), transaction():
        connection = get_connection("default")
        for statement in [*_for_app(role), *(_for_reader(reader) if reader else ())]:
            await connection.execute_query(statement)


def role_of(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def _for_app(role: str) -> Iterator[str]:
    yield from _nothing(role)
    for model in _models():
        table, free = model._meta.db_table, getattr(model, "append_only", None)
        yield f"GRANT SELECT, INSERT ON {_quoted(table)} TO {_quoted(role)}"
        if free is None:
            yield f"GRANT UPDATE, DELETE ON {_quoted(table)} TO {_quoted(role)}"
        elif free:
            yield f"GRANT UPDATE ({', '.join(map(_quoted, free))}) ON {_quoted(table)} TO {_quoted(role)}"
    yield f"GRANT SELECT ON tortoise_migrations TO {_quoted(role)}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_quoted(role)}"


def _for_reader(role: str) -> Iterator[str]:
    yield from _nothing(role)
    for model in _models():
        shown = ", ".join(map(_quoted, _open_columns(model)))
        yield f"GRANT SELECT ({shown}) ON {_quoted(model._meta.db_table)} TO {_quoted(role)}"


def _nothing(role: str) -> Iterator[str]:
    """What was given before, by us or by hand, is taken back."""
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {_quoted(role)}, PUBLIC"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {_quoted(role)}, PUBLIC"
    yield f"REVOKE ALL ON SCHEMA public FROM {_quoted(role)}"
    yield f"GRANT USAGE ON SCHEMA public TO {_quoted(role)}"


def _models() -> list[type[Model]]:
    assert Tortoise.apps is not None
    return sorted(Tortoise.apps.get_models_iterable(), key=lambda model: model._meta.db_table)


def _open_columns(model: type[Model]) -> list[str]:
    sealed = getattr(model, "sealed", {})
    return [
        column
        for name, column in model._meta.fields_db_projection.items()
        if name not in sealed and not SECRET.search(name) and not _hidden(model._meta.fields_map[name], name)
    ]


def _hidden(field: Any, name: str) -> bool:
    return isinstance(field, fields.BinaryField) and name not in OPEN_BYTES


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
