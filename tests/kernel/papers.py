"""A document on its way: an agency with a sign and a seal, a closed ticket, the people who handle paper."""

from datetime import datetime
from typing import Any

from hotline.documents import REPLY
from hotline.tickets.models import Ticket
from kernel.journal import Sealed
from kernel.lifecycle import Nothing
from kernel.notices import actions
from kernel.notices import forms as notice_forms
from kernel.notices.models import Notice
from kernel.people.models import Organisation
from kernel.permissions import Actor, powers
from kernel.seals import actions as seals
from kernel.seals import forms
from kernel.seals.models import Imprint, Seal
from portal.modules import MODULES
from tests.factories import CENTRE, CITY, NOW, a_ticket_in, way

ROLES: dict[str, Any] = {}
for module in MODULES:
    for role, held in module.roles.items():
        ROLES[role] = ROLES.get(role, frozenset()) | held


def paper_officer(number: int, name: str, *roles: str, scope: str = CENTRE) -> Actor:
    return Actor(id=number, name=name, home=scope, powers=powers([(role, scope) for role in roles], ROLES), roles=roles)


CLERK = Actor(id=101, name="文书员", home=CENTRE, roles=("notice_clerk", "manager"),
              powers=powers([("notice_clerk", CENTRE), ("manager", CITY)], ROLES))  # fmt: skip
CHIEF = paper_officer(102, "文书负责人", "notice_chief")
REGISTRAR = paper_officer(103, "印章管理员", "seal_registrar")
APPROVER = paper_officer(104, "用印审批人", "seal_approver")
CUSTODIAN = paper_officer(105, "印章保管人", "seal_custodian")
EDITOR = paper_officer(106, "模板管理员甲", "template_editor", scope=CITY)
SECOND_EDITOR = paper_officer(107, "模板管理员乙", "template_editor", scope=CITY)
ELSEWHERE = paper_officer(108, "水务局文书员", "notice_clerk", "notice_chief", "seal_approver", scope=f"{CITY}sw/")
PEOPLE = (CLERK, CHIEF, REGISTRAR, APPROVER, CUSTODIAN, ELSEWHERE)
VALUES = {
    "caller": "张三", "asked_on": "2026年3月2日", "matter": "小区停水两天", "no": "12345-1", "agency": "水务局",
    "answer": "管道已抢修完毕，恢复供水。", "contact": "小周，12345",
}  # fmt: skip
RECEIPT = notice_forms.Receipt(how=notice_forms.How.POST, to=Sealed("张三"), proof=Sealed("挂号信 XA123"))
RETURNED = notice_forms.Returned(how=notice_forms.How.POST, reason=Sealed("地址不详"))
WITHDRAW = notice_forms.Withdraw(reason="答复内容有误，另行出具", basis="行政机关自行纠正")
BECAUSE = forms.Why(reason="人员变动")


async def an_office(at: datetime = NOW) -> Organisation:
    await actions.seed([REPLY], at)
    centre = await Organisation.get(path=CENTRE)
    await actions.sign(centre, "澜热", by=EDITOR)
    return centre


async def a_notice(org: Organisation, *, ticket: Ticket | None = None, by: Actor = CLERK, **values: Any) -> Notice:
    about = ticket or await a_ticket_in("closed")
    return await actions.draft("hotline_reply", about.ref, VALUES | values, org=org, by=by, at=NOW)


async def a_seal(org: Organisation) -> Seal:
    facts = forms.Register(seal_type=forms.SealType.OFFICIAL, face="澜州市热线中心", custodians=(CUSTODIAN.id,))
    return await seals.register(facts, no=await seals.draw_number(Seal, NOW), org=org, by=REGISTRAR, at=NOW)


async def asked(seal: Seal, notice: Notice) -> Imprint:
    facts, no = forms.Ask(purpose="答复告知"), await seals.draw_number(Imprint, NOW)
    return await seals.ask(seal, notice, facts, no=no, by=CLERK, at=NOW)


def bound(request: Imprint) -> forms.Bound:
    return forms.Bound(content_hash=request.notice.content_hash, seal_version=request.seal.version)


async def pressed(seal: Seal, notice: Notice) -> Imprint:
    request = await asked(seal, notice)
    await seals.approve(request, Nothing(), **way(request, APPROVER))
    await request.know("seal", "notice")
    await seals.imprint(request, bound(request), **way(request, CUSTODIAN))
    await notice.read_again()
    await notice.know("org", "wording")
    return request


async def a_notice_in(state: str) -> Notice:
    org = await an_office()
    notice = await a_notice(org)
    if state == "drafted":
        return notice
    if state != "withdrawn":
        await pressed(await a_seal(org), notice)
    if state in {"issued", "delivered", "returned"}:
        await actions.issue(notice, Nothing(), **way(notice, CLERK))
    if state == "delivered":
        await actions.deliver(notice, RECEIPT, **way(notice, CLERK))
    if state == "returned":
        await actions.give_back(notice, RETURNED, **way(notice, CLERK))
    if state == "withdrawn":
        await actions.withdraw(notice, WITHDRAW, **way(notice, CHIEF))
    assert notice.state == state
    return notice
