"""PR01–PR05: the register, and the rights of the person."""

from pathlib import Path

import pytest
from httpx import AsyncClient
from tortoise import Tortoise

from hotline.tickets.models import Ticket
from kernel import journal, verify
from kernel.models import SealedText
from kernel.owndata import actions, queries
from kernel.people.models import Account
from kernel.permissions import ANONYMOUS
from tests.conftest import Client
from tests.factories import NOW
from tests.kernel.test_own_data import a_person, their_ticket
from tests.kernel.test_registering import PASSWORD, PHONE

pytestmark = pytest.mark.usefixtures("database")
PERSONAL_NAMES = {
    "name", "phone", "phone_index", "id_number", "id_index", "address", "agent", "caller_name", "caller_phone", "title",
}  # fmt: skip
NOT_OF_PERSONS = {
    "kernel_job_run.name": "of a job",
    "kernel_keep_period.name": "of a kind of data",
    "kernel_post.name": "of a post",
    "kernel_shipped.name": "of a second place",
    "kernel_organisation.name": "an office's own name",
    "approvals_policy.title": "of a document that is published for everybody",
    "kernel_organisation.phone": "an office's own telephone",
    "kernel_series.name": "of a series of numbers",
    "kernel_message_template.title": "of a template, before anything is filled in",
    "hotline_article.title": "of an article of the knowledge base, approved for everybody's reading",
    "hotline_category.name": "of a category",
    "hotline_client.title": "of a program that posts by a token",
    "hotline_edition.title": "of its published version",
    "hotline_policy.title": "why a version of the time limits differs",
}


def columns() -> set[str]:
    """Sealed columns, and those whose name says that a person stands in them."""
    assert Tortoise.apps is not None
    found = set()
    for model in Tortoise.apps.get_models_iterable():
        names = {*getattr(model, "sealed", {})} | (PERSONAL_NAMES & {*model._meta.fields_db_projection})
        found |= {f"{model._meta.db_table}.{name}" for name in names}
    return found - {*NOT_OF_PERSONS}


async def test_pr01_the_register_names_every_personal_column_and_no_other() -> None:
    known = {column for line in queries.register() for column in line.columns}
    assert columns() - known == set()
    assert Tortoise.apps is not None
    every = {
        f"{model._meta.db_table}.{name}"
        for model in Tortoise.apps.get_models_iterable()
        for name in model._meta.fields_db_projection
    }
    assert known - every == set()
    assert all(line.purpose and line.basis and line.period and line.readers for line in queries.register())


async def test_pr02_the_rules_are_public_and_a_field_says_why_it_is_asked(signed_in: Client) -> None:
    client: AsyncClient = signed_in(ANONYMOUS)
    said = (await client.get("/about/personal-data")).text
    assert all(line.purpose in said for line in queries.register())
    assert "用于登录和收通知" in (await client.get("/register")).text


async def test_pr03_a_person_sees_and_takes_along_what_is_held(signed_in: Client) -> None:
    actor = await a_person()
    ticket = await their_ticket(actor)
    client = signed_in(actor)
    page = (await client.get("/me/data")).text
    assert ticket.no in page
    token = page.split('name="_csrf" value="', 1)[1].split('"', 1)[0]
    copy = await client.post("/me/data/download", data={"_csrf": token})
    assert copy.headers["content-disposition"].startswith("attachment")
    assert copy.json()["data"]["tickets"]["rows"][0]["编号"] == ticket.no


async def test_pr04_while_the_archive_duty_runs_a_deleted_ticket_is_kept_and_otherwise_unused() -> None:
    actor = await a_person()
    ticket = await their_ticket(actor)
    await actions.erase(by=actor, at=NOW)
    await ticket.refresh_from_db()
    assert ticket.restricted_until is not None
    assert (ticket.phone_index, ticket.has_phone) == (None, False)
    texts = await journal.sealed_texts(ticket.ref)
    names = {name for _, name in texts}
    assert "content" in names
    assert not names & {"caller_name", "caller_phone", "address"}


async def test_pr05_after_erasure_verify_is_green_and_the_text_is_gone_from_the_files(database: str) -> None:
    actor = await a_person()
    ticket = await their_ticket(actor)
    sealed = await SealedText.filter(subject=ticket.ref, field="caller_phone")
    ciphertext = bytes(sealed[0].ciphertext)
    assert not database.startswith("sqlite") or ciphertext in files(database)
    await actions.close_account(PASSWORD, by=actor, at=NOW)

    checked, found = await verify.chains(True, lambda done, of: None)
    assert (checked > 0, found) == (True, [])
    assert not await SealedText.filter(subject=ticket.ref, field="caller_phone").exists()
    assert (await Account.get(id=actor.id)).name == "已注销用户"
    assert await Ticket.filter(phone_index__isnull=False).count() == 0
    if database.startswith("sqlite"):
        await Tortoise.get_connection("default").execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
        left = files(database)
        assert ciphertext not in left
        assert PHONE.encode() not in left
        assert "张小明".encode() not in left


def files(url: str) -> bytes:
    path = Path(url.removeprefix("sqlite://"))
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
