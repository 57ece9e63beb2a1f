"""Seals: three different hands, a seal that is in use, the very text that was seen."""

from collections.abc import Awaitable, Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from kernel.database import transaction
from kernel.errors import NotAllowed, OwnWork, Refusal, StaleVersion, WrongState
from kernel.lifecycle import Nothing
from kernel.notices.states import NoticeState
from kernel.people.models import Organisation
from kernel.permissions import Actor
from kernel.seals import actions, drawing, forms, queries, rules
from kernel.seals.models import Imprint, Seal
from kernel.seals.states import ImprintState, SealState
from tests.conftest import Client
from tests.factories import REVIEWER, a_ticket_in, way
from tests.kernel.papers import (
    APPROVER,
    BECAUSE,
    CLERK,
    CUSTODIAN,
    PEOPLE,
    REGISTRAR,
    a_notice,
    a_notice_in,
    a_seal,
    an_office,
    asked,
    bound,
    paper_officer,
    pressed,
)  # fmt: skip

SEAL_FACTS: dict[str, Any] = {
    "hand_over": forms.Custody(custodians=(APPROVER.id,), reason="轮岗"), "suspend": BECAUSE, "resume": BECAUSE,
    "destroy": BECAUSE,
}  # fmt: skip


async def a_seal_in(state: str, org: Organisation) -> Seal:
    seal = await a_seal(org)
    if state == "suspended":
        await actions.suspend(seal, BECAUSE, **way(seal, REGISTRAR))
    if state == "destroyed":
        await actions.destroy(seal, BECAUSE, **way(seal, REGISTRAR))
    return seal


async def an_imprint_in(state: str) -> Imprint:
    org = await an_office()
    request = await asked(await a_seal(org), await a_notice(org))
    if state == "refused":
        await actions.refuse(request, BECAUSE, **way(request, APPROVER))
    elif state != "requested":
        await actions.approve(request, Nothing(), **way(request, APPROVER))
    await request.know("seal", "notice")
    if state == "imprinted":
        await actions.imprint(request, bound(request), **way(request, CUSTODIAN))
    return request


async def happens(verb: Callable[[], Awaitable[Any]]) -> bool:
    """Whether it would be allowed; it is taken back again."""
    try:
        async with transaction():
            await verb()
            raise InterruptedError  # noqa: TRY301
    except InterruptedError:
        return True
    except (NotAllowed, WrongState):
        return False


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("state", [*SealState])
async def test_only_the_table_moves_a_seal_for_every_state_move_and_role(state: SealState) -> None:
    seal = await a_seal_in(state.value, await an_office())
    for name, verb in actions.SEAL_VERBS.items():
        move = Seal.moves[name]
        for person in PEOPLE:
            fresh = await Seal.get(id=seal.id)
            done = await happens(lambda v=verb, f=fresh, n=name, p=person: v(f, SEAL_FACTS[n], **way(f, p)))  # type: ignore[misc]
            assert done == (person is REGISTRAR and state in move.sources), (name, person.name)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("state", [*ImprintState])
async def test_only_the_table_moves_a_request_for_every_state_move_and_role(state: ImprintState) -> None:
    request = await an_imprint_in(state.value)
    await request.know("seal", "notice")
    facts = {"approve": Nothing(), "refuse": BECAUSE, "imprint": bound(request)}
    holders = {"approve": APPROVER, "refuse": APPROVER, "imprint": CUSTODIAN}
    for name, verb in actions.IMPRINT_VERBS.items():
        for person in PEOPLE:
            fresh = await Imprint.get(id=request.id)
            done = await happens(lambda v=verb, f=fresh, n=name, p=person: v(f, facts[n], **way(f, p)))  # type: ignore[misc]
            assert done == (person is holders[name] and state in Imprint.moves[name].sources), (name, person.name)


@pytest.mark.usefixtures("database")
async def test_an_imprint_seals_the_document_and_binds_text_seal_people_and_time() -> None:
    notice = await a_notice_in("sealed")
    request = await Imprint.get(notice_id=notice.id)
    assert notice.state is NoticeState.SEALED
    assert notice.imprint == request.ref
    assert request.content_hash == notice.content_hash
    assert (request.applicant_id, request.approver_id, request.custodian_id) == (CLERK.id, APPROVER.id, CUSTODIAN.id)
    assert request.imprinted_at is not None


@pytest.mark.usefixtures("database")
async def test_nobody_is_two_of_the_three_hands() -> None:
    org = await an_office()
    both = paper_officer(CLERK.id, "一人两职", "seal_approver", "seal_custodian", "notice_clerk")
    all_powers = paper_officer(APPROVER.id, "审批兼保管", "seal_approver", "seal_custodian")
    facts = forms.Register(
        seal_type=forms.SealType.SPECIAL, face="澜州市热线中心", custodians=(CUSTODIAN.id, CLERK.id, APPROVER.id)
    )
    seal = await actions.register(facts, no="71-1", org=org, by=REGISTRAR, at=(await a_notice(org)).drafted_at)
    request = await asked(seal, await a_notice(org))
    with pytest.raises(rules.TwoPeople, match="审批"):
        await actions.approve(request, Nothing(), **way(request, both))
    await request.read_again()
    await actions.approve(request, Nothing(), **way(request, APPROVER))
    await request.know("seal", "notice")
    for person in (both, all_powers):
        await request.know("seal", "notice")
        with pytest.raises(rules.TwoPeople, match="用印"):
            await actions.imprint(request, bound(request), **way(request, person))
    with pytest.raises(rules.NotInCustody):
        stranger = paper_officer(300, "别的保管人", "seal_custodian")
        await request.know("seal", "notice")
        await actions.imprint(request, bound(request), **way(request, stranger))


@pytest.mark.usefixtures("database")
async def test_ac05_who_accepted_or_decided_the_matter_does_not_seal_it() -> None:
    org = await an_office()
    facts = forms.Register(seal_type=forms.SealType.OFFICIAL, face="澜州市热线中心", custodians=(REVIEWER.id,))
    notice = await a_notice(org, ticket=await a_ticket_in("closed"))
    seal = await actions.register(facts, no="71-2", org=org, by=REGISTRAR, at=notice.drafted_at)
    request = await asked(seal, notice)
    await actions.approve(request, Nothing(), **way(request, APPROVER))
    await request.know("seal", "notice")
    decided = paper_officer(REVIEWER.id, "审核员", "seal_custodian")
    with pytest.raises(OwnWork, match="不相容岗位"):
        await actions.imprint(request, bound(request), **way(request, decided))


@pytest.mark.usefixtures("database")
async def test_a_seal_that_sleeps_or_is_gone_is_pressed_on_nothing() -> None:
    request = await an_imprint_in("approved")
    seal = await Seal.get(id=request.seal_id)
    await actions.suspend(seal, BECAUSE, **way(seal, REGISTRAR))
    with pytest.raises(rules.SealAsleep, match="停用"):
        await actions.imprint(request, bound(request), **way(request, CUSTODIAN))
    await actions.destroy(seal, BECAUSE, **way(seal, REGISTRAR))
    with pytest.raises(rules.SealAsleep, match="已销毁"):
        await asked(seal, await a_notice(await Organisation.get(code="RX")))


@pytest.mark.usefixtures("database")
async def test_a_seal_that_changed_hands_since_it_was_seen_is_not_pressed_unseen() -> None:
    request = await an_imprint_in("approved")
    seen, seal = bound(request), await Seal.get(id=request.seal_id)
    again = forms.Custody(custodians=(CUSTODIAN.id, 300), reason="增加保管人")
    await actions.hand_over(seal, again, **way(seal, REGISTRAR))
    with pytest.raises(StaleVersion):
        await actions.imprint(request, seen, **way(request, CUSTODIAN))


@pytest.mark.usefixtures("database")
async def test_two_requests_for_one_document_press_one_seal() -> None:
    org = await an_office()
    seal, notice = await a_seal(org), await a_notice(org)
    second = await asked(seal, notice)
    await actions.approve(second, Nothing(), **way(second, APPROVER))
    await pressed(seal, notice)
    await second.know("seal", "notice")
    with pytest.raises(Refusal):
        await actions.imprint(second, bound(second), **way(second, CUSTODIAN))
    assert await Imprint.filter(state=ImprintState.IMPRINTED).count() == 1


@pytest.mark.usefixtures("database")
async def test_who_registers_a_seal_does_not_keep_it_and_other_agencies_see_none() -> None:
    org = await an_office()
    mine = forms.Register(seal_type=forms.SealType.OFFICIAL, face="澜州市热线中心", custodians=(REGISTRAR.id,))
    with pytest.raises(rules.KeepsItself):
        await actions.register(mine, no="71-3", org=org, by=REGISTRAR, at=(await a_notice(org)).drafted_at)
    await a_seal(org)
    assert len(await queries.seals(CUSTODIAN)) == 1
    assert await queries.seals(Actor(id=1, name="外人")) == []


async def test_the_desk_of_seals_works_without_script(signed_in: Client) -> None:
    request = await an_imprint_in("requested")
    async with signed_in(APPROVER) as client:
        page = await client.get("/seals")
        assert "同意用印" in page.text
        token = page.text.split('name="_csrf" value="')[1].split('"')[0]
        address = f"/seals/imprints/{request.no}/approve"
        done = await client.post(address, data={"_csrf": token, "_key": "k", "_version": request.version})
        assert done.status_code == 303, done.text
    assert (await Imprint.get(id=request.id)).state is ImprintState.APPROVED


@pytest.mark.parametrize("face", ["澜州市热线中心", "某省某市某县某某行政审批服务管理局政务服务中心办公室", '<"&>单位'])
def test_the_face_is_sound_drawing_of_our_own_with_every_sign_of_its_name(face: str) -> None:
    drawn = ElementTree.fromstring(drawing.svg(face, "专用章"))  # noqa: S314
    texts = [node.text for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [*face, "专用章"]
