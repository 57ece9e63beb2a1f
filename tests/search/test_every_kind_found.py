"""Every kind of thing that any module lets be found × every role of any module × every state: found exactly when its
page opens, and nothing about it gets out otherwise. Kinds and roles are taken from what is installed: those of a new
module are tried by themselves, or fail here for want of things to try them on."""

from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from kernel.people.models import Organisation
from kernel.permissions import ANONYMOUS, Actor, Clearance, merged, powers
from kernel.searchable import Document
from portal.modules import MODULES
from search.answering import answer, suggestions
from search.engine import Part, Sort
from search.indexing import indexing, reindex
from search.inquiry import Asked
from search.query import Anything, Every
from search.records import Read, read
from search.subjects import every_ref
from search.trimming import filter_for, parts_for, taken_twice
from tests import factories as f
from tests.approvals.test_policies import a_policy
from tests.conftest import Client
from tests.hotline.test_searchable import ELSEWHERE, city  # noqa: F401 (tickets and answers in every state)

KINDS = {searchable.kind: searchable for module in MODULES for searchable in module.searchable}
ROLES = merged(*(module.roles for module in MODULES))
SCOPES = ("/", f.CITY, f.CENTRE, f.WATER_PATH, f.HOUSING_PATH, ELSEWHERE)
ALL_AT_ONCE = 10_000


def somebody(number: int, grants: list[tuple[str, str]], clearance: Clearance = Clearance.PLAIN) -> Actor:
    return Actor(
        id=number, name="、".join(f"{role}@{scope}" for role, scope in grants), powers=powers(grants, ROLES),
        roles=tuple(role for role, _ in grants), home=grants[0][1] if grants else "/", clearance=clearance,
    )  # fmt: skip


@pytest.fixture
async def things(city: list[str]) -> dict[str, Read]:  # noqa: F811
    """All that the modules say can be found, read anew; policies in every state beside the hotline's matters."""
    for state in ("draft", "submitted", "in_force", "revised", "repealed"):
        await a_policy(state, title=f"关于小区停水两天以上的通知（{state}）", number="")
    await reindex(lambda done, total: None)
    read_all = {ref: seen async for refs in every_ref() for ref, seen in (await read(refs)).items()}
    return {ref: seen for ref, seen in read_all.items() if seen.public or seen.restricted}


async def held_by_the_index(by: Actor) -> dict[str, Part]:
    """Ref → the part that tells of it: with no words in the question, so nothing depends on them."""
    found: dict[str, Part] = {}
    for part in parts_for(by):
        twice = taken_twice(by, part)
        tree = Every((Anything(),), within=(filter_for(by, part),), without=(twice,) if twice.values else ())
        hits = await indexing().engine.find(part, tree, sort=Sort.NEWEST, start=0, limit=ALL_AT_ONCE)
        found |= {hit.key: part for hit in hits.hits}
    return found


async def opens(signed_in: Client, by: Actor, document: Document) -> bool:
    address = urlsplit(document.url)
    page = await signed_in(by).get(address.path + (f"?{address.query}" if address.query else ""))
    assert page.status_code in (200, 303, 403, 404), (document.url, page.status_code)
    return page.status_code == 200


async def should_be(things: dict[str, Read], by: Actor) -> dict[str, Part]:
    """By the pages' own queries."""
    wanted = {ref: Part.PUBLIC for ref, seen in things.items() if seen.public}
    for kind, searchable in KINDS.items():
        nos = [ref.partition(":")[2] for ref, seen in things.items() if seen.restricted and ref.startswith(f"{kind}:")]
        wanted |= {f"{kind}:{no}": Part.RESTRICTED for no in await searchable.visible(by, nos)} if nos else {}
    return wanted


def test_there_is_something_to_find_of_every_kind_that_can_be_found() -> None:
    assert KINDS, "nothing is searchable"
    assert len(ROLES) > 10


async def test_every_kind_by_every_role_in_every_state_is_found_exactly_when_it_may_be_seen(
    things: dict[str, Read], signed_in: Client
) -> None:
    assert {ref.partition(":")[0] for ref in things} == set(KINDS), "make things of the kinds that are missing"
    documents = [(part, seen.of(part)) for seen in things.values() for part in Part]
    states = {(d.kind, d.state[1]) for _, d in documents if d and d.state}
    cells = 0
    for number, (role, scope) in enumerate((role, scope) for role in ROLES for scope in SCOPES):
        for clearance in Clearance:
            by = somebody(500 + number, [(role, scope)], clearance)
            assert await held_by_the_index(by) == await should_be(things, by), f"{by.name} {clearance}"
            cells += len(things)
    print(f"{len(KINDS)} kinds, {len(states)} states, {len(ROLES)} roles, {len(SCOPES)} scopes: {cells} cells")


async def test_every_answer_names_a_next_step_that_leads_somewhere(things: dict[str, Read], signed_in: Client) -> None:
    """But for what is over: of a policy that was repealed nothing can be done any more."""
    documents = [d for seen in things.values() for part in Part if (d := seen.of(part))]
    without = {(d.kind, d.state[1] if d.state else "") for d in documents if d.action is None}
    assert without <= {("policy", "已废止")}
    for document in (d for d in documents if d.public and d.action):
        assert document.action is not None
        assert (await signed_in(ANONYMOUS).get(document.action[1])).status_code == 200, document.action


async def test_the_page_opens_for_who_finds_it_and_for_nobody_else(things: dict[str, Read], signed_in: Client) -> None:
    """What `visible` says is what the page does; one reader of each role, and those without any."""
    readers = [somebody(700 + number, [(role, f.CITY)]) for number, role in enumerate(ROLES)]
    some = dict(list(things.items())[::3])
    for by in (*readers, f.CITIZEN, f.NEIGHBOUR, ANONYMOUS):
        wanted = await should_be(some, by)
        for ref, seen in some.items():
            if seen.restricted:
                assert await opens(signed_in, by, seen.restricted) == (wanted.get(ref) is Part.RESTRICTED), (
                    by.name,
                    ref,
                )
            if seen.public:
                assert await opens(signed_in, by, seen.public), (by.name, ref)


@how(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    grants=st.lists(st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from(SCOPES)), max_size=4),
    clearance=st.sampled_from(list(Clearance)),
    account=st.sampled_from([f.CITIZEN.id, f.NEIGHBOUR.id, 999]),
)
async def test_whoever_holds_whatever_finds_what_may_be_seen_and_counts_nothing_else(
    things: dict[str, Read], grants: list[tuple[str, str]], clearance: Clearance, account: int
) -> None:
    by = somebody(account, grants, clearance)
    wanted = await should_be(things, by)
    assert await held_by_the_index(by) == wanted
    for kind in KINDS:
        page = await answer(Asked(q="小区停水两天", kind=kind, limit=20), by=by)
        told = {value.value: value.count for value in page.facets["kind"]}
        assert set(told) <= {ref.partition(":")[0] for ref in wanted}
        assert all(count <= sum(ref.startswith(f"{name}:") for ref in wanted) for name, count in told.items())
        agencies = {d.agency for ref, part in wanted.items() if (d := things[ref].of(part))}
        assert {value.value for value in page.facets["agency"]} <= agencies
        assert not page.about, "the index alone would have shown what the page's query then withheld"


async def test_suggestions_are_public_titles_whatever_is_typed(things: dict[str, Read]) -> None:
    public = {seen.public.title for seen in things.values() if seen.public}
    for seen in things.values():
        for document in filter(None, (seen.restricted, seen.public)):
            for piece in {document.title[start : start + 4] for start in range(0, len(document.title), 3)}:
                assert {one.title for one in await suggestions(piece)} <= public


async def test_nobody_finds_a_thing_of_an_organisation_that_is_unknown_here(things: dict[str, Read]) -> None:
    assert await Organisation.all().count() > 1
    by = somebody(990, [(role, "/999999/") for role in ROLES])
    assert await held_by_the_index(by) == {ref: Part.PUBLIC for ref, seen in things.items() if seen.public}
