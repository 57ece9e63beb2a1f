"""The database: rows DB of the security reference that need a server with roles."""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest

from kernel.database import opened
from kernel.edge import security
from kernel.granting import SameRole, grant
from kernel.migrate import migrate
from kernel.models import Entry
from kernel.module import database_config
from portal.modules import MODULES
from tests import factories as f
from tests.factories import NOW, a_city, a_ticket
from tests.servers import Server

FOUR = {
    "change the journal": "UPDATE kernel_entry SET actor_id = 99",
    "delete from it": "DELETE FROM kernel_entry",
    "empty the views": "TRUNCATE kernel_view",
    "rewrite the security log": "UPDATE kernel_security_event SET actor_id = 99",
}
MORE = {
    "replace an entry": (
        "INSERT INTO kernel_entry SELECT * FROM kernel_entry ON CONFLICT (id) DO UPDATE SET actor_id = 99"
    ),
    "switch the triggers off": "ALTER TABLE kernel_entry DISABLE TRIGGER ALL",
    "pretend to be a replica": "SET session_replication_role = replica",
    "make a table": "CREATE TABLE mine (id int)",
    "drop one": "DROP TABLE kernel_entry",
    "say what has been migrated": "DELETE FROM tortoise_migrations",
    "become the owner": "SET ROLE hall_owner",
}
SEALED = {
    "a sealed text": "SELECT ciphertext FROM kernel_sealed_text",
    "the salt of one": "SELECT salt FROM kernel_sealed_text",
    "hashes of passwords": "SELECT password_hash FROM kernel_account",
    "what a session is known by": "SELECT token_hash FROM kernel_session",
    "its secret": "SELECT csrf_secret FROM kernel_session",
    "a remembered answer": "SELECT answer FROM kernel_answered",
    "all of an account": "SELECT * FROM kernel_account",
}


@dataclass(frozen=True)
class Roles:
    """Three ways into one migrated database with a ticket in it."""

    owner: str
    app: str
    reader: str


@pytest.fixture(scope="module")
def roles(postgres_server: Server) -> Roles:
    name = "hall_of_roles"
    addresses = (postgres_server.url.replace("sunhall@", f"hall_{who}@") + name for who in ("owner", "app", "reader"))
    made = Roles(*addresses)
    asyncio.run(prepare(postgres_server.url.replace("asyncpg", "postgresql", 1) + "postgres", name, made))
    return made


async def prepare(superuser: str, name: str, made: Roles) -> None:
    server = await asyncpg.connect(superuser)
    try:
        for role in ("hall_owner", "hall_app", "hall_reader"):
            await server.execute(f"CREATE ROLE {role} LOGIN")
        await server.execute(f"CREATE DATABASE {name} OWNER hall_owner")
    finally:
        await server.close()
    await migrate(MODULES, made.owner)
    await grant(MODULES, made.owner, app=made.app, reader="hall_reader")
    async with opened(database_config(MODULES, made.app)):
        await a_city()
        await a_ticket()
        for _ in range(2):  # the second is counted, in the one column that may change
            await security.log("signin.failed", actor_id=1, at=NOW)


async def tried(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_db07_the_application_lives_a_whole_ticket_with_what_it_is_given(roles: Roles) -> None:
    async with opened(database_config(MODULES, roles.app)):
        ticket = await a_ticket()
        await f.walk(ticket, f.LIFE)
        await ticket.refresh_from_db()
        assert ticket.state == "closed"
        assert await Entry.filter(subject=ticket.ref).count() > 5


@pytest.mark.parametrize("attempt", FOUR | MORE)
async def test_db07_the_application_may_not(roles: Roles, attempt: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tried(roles.app, (FOUR | MORE)[attempt])


@pytest.mark.parametrize("attempt", FOUR)
async def test_db07_the_owner_is_stopped_by_the_triggers(roles: Roles, attempt: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await tried(roles.owner, FOUR[attempt])


@pytest.mark.parametrize("attempt", SEALED)
async def test_db07_the_reader_sees_no_ciphertext_and_no_key(roles: Roles, attempt: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tried(roles.reader, SEALED[attempt])


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO kernel_view (day) VALUES ('x')", "UPDATE hotline_ticket SET title = 'x'", "DELETE FROM kernel_entry"],
)
async def test_db07_the_reader_reads_tickets_and_chains_and_writes_nothing(roles: Roles, statement: str) -> None:
    await tried(roles.reader, "SELECT no, title, state FROM hotline_ticket")
    await tried(roles.reader, "SELECT subject, seq, prev_hash, hash FROM kernel_entry")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tried(roles.reader, statement)


async def test_db07_what_was_given_by_hand_is_taken_back_with_the_next_migration(roles: Roles) -> None:
    await tried(roles.owner, "GRANT ALL ON kernel_entry TO hall_app, hall_reader")
    await grant(MODULES, roles.owner, app=roles.app, reader="hall_reader")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tried(roles.app, FOUR["change the journal"])


async def test_db07_owner_and_application_are_two_roles(roles: Roles) -> None:
    with pytest.raises(SameRole):
        await grant(MODULES, roles.owner, app=roles.owner, reader="")
