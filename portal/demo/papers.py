"""文书与印章 of the demo city: who does what with paper, the signs and seals, three documents on their way."""

from datetime import datetime

from hotline import documents
from hotline.documents import REPLY
from hotline.tickets import queries as tickets
from hotline.tickets.models import Ticket
from kernel.journal import Sealed
from kernel.lifecycle import Nothing, Way
from kernel.models import Thing
from kernel.notices import actions as notices
from kernel.notices.models import Notice
from kernel.people import queries as people
from kernel.people.models import Account, Grant, Organisation
from kernel.permissions import Actor
from kernel.ratings import actions as ratings
from kernel.ratings.forms import Rate, Tag
from kernel.seals import actions as seals
from kernel.seals import forms
from kernel.seals.models import Imprint, Seal
from kernel.settings import settings

CITY = "city"
GRANTS = (  # account, roles, the agency for which
    ("visitor", ("notice_clerk",), "RX"), ("visitor", ("rating_officer",), CITY),
    ("manager", ("notice_chief", "seal_approver"), "RX"),
    ("issuer", ("seal_custodian",), "RX"), ("custodian1", ("seal_custodian",), "RX"),
    ("agency", ("notice_clerk",), "SWJT"), ("leader", ("notice_chief", "seal_approver"), "SWJT"),
    ("handler", ("seal_custodian",), "SWJT"), ("clerk", ("notice_clerk",), "SJJ"),
    ("supervisor", ("seal_registrar",), CITY), ("editor", ("template_editor", "search_editor"), CITY),
    ("catalog", ("template_editor",), CITY), ("manager", ("rating_officer", "search_editor"), CITY),
)  # fmt: skip
SIGNS = (("RX", "澜热"), ("SWJT", "澜水"), ("SJJ", "澜数"))
SEALS = (  # agency, face, what stands below the star, who holds it
    ("RX", "澜州市政务服务便民热线中心", "答复专用章", ("issuer", "custodian1")),
    ("SWJT", "澜州市水务集团有限公司", "", ("handler",)),
)
CONTACT = "市热线中心回访科，12345"
LEVELS = ((5, Tag.SPEED, "师傅当天就来了，谢谢。"), (4, Tag.ATTITUDE, ""), (2, Tag.RESULT, "修好两天又坏了。"))


async def build(at: datetime) -> None:
    """After the tickets: a document is about one that has ended."""
    accounts = {one.username: one for one in await Account.all()}
    units = {one.code: one for one in await Organisation.all()}
    paths = {code: unit.path for code, unit in units.items()} | {CITY: settings().region_path}
    await Grant.bulk_create(
        [Grant(account=accounts[who], role=role, scope=paths[of]) for who, roles, of in GRANTS for role in roles]
    )
    who = {name: await people.actor_of(accounts[name], at) for name, _, _ in GRANTS}
    who |= {name: await people.actor_of(accounts[name], at) for name in ("citizen", "citizen2")}
    await notices.seed([REPLY], at)
    for code, word in SIGNS:
        await notices.sign(units[code], word, by=who["editor"])
    made = [await _seal(units[of], face, below, held, who, at) for of, face, below, held in SEALS]
    ended = [one for name in ("citizen", "citizen2") for one in await tickets.owned(who[name].id) if _ended(one)]
    named = {one.id: one.name for one in who.values()}
    issued, asked, drafted = [
        await _draft(ticket, named[ticket.owner_id or 0], units["RX"], who["visitor"], at) for ticket in ended[:3]
    ]
    await _press(await _ask(made[0], issued, who, at), issued, who, at)
    await notices.issue(issued, Nothing(), **_way(who["visitor"], issued, at))
    await _ask(made[0], asked, who, at)
    assert drafted.state == "drafted"
    for ticket, (level, tag, text) in zip(ended[1:], LEVELS, strict=False):
        owner = next(one for one in who.values() if one.id == ticket.owner_id)
        facts = Rate(subject=ticket.ref, level=level, tags=(tag,), text=Sealed(text) if text else None)
        await ratings.rate(facts, no=await ratings.draw_number(at), by=owner, at=at)


def _ended(ticket: Ticket) -> bool:
    return ticket.state.value in REPLY.states


async def _seal(
    org: Organisation, face: str, below: str, held: tuple[str, ...], who: dict[str, Actor], at: datetime
) -> Seal:
    facts = forms.Register(
        seal_type=forms.SealType.SPECIAL if below else forms.SealType.OFFICIAL, face=face, inscription=below,
        custodians=tuple(who[name].id for name in held),
    )  # fmt: skip
    no = await seals.draw_number(Seal, at)
    return await seals.register(facts, no=no, org=org, by=who["supervisor"], at=at)


async def _draft(ticket: Ticket, caller: str, org: Organisation, by: Actor, at: datetime) -> Notice:
    values = {"caller": caller, "contact": CONTACT} | await documents.known(ticket)
    return await notices.draft(REPLY.code, ticket.ref, values, org=org, by=by, at=at)


async def _ask(seal: Seal, notice: Notice, who: dict[str, Actor], at: datetime) -> Imprint:
    facts, no = forms.Ask(purpose="向诉求人出具答复告知书"), await seals.draw_number(Imprint, at)
    return await seals.ask(seal, notice, facts, no=no, by=who["visitor"], at=at)


async def _press(asked: Imprint, notice: Notice, who: dict[str, Actor], at: datetime) -> None:
    await seals.approve(asked, Nothing(), **_way(who["manager"], asked, at))
    await asked.know("seal", "notice")
    bound = forms.Bound(content_hash=asked.notice.content_hash, seal_version=asked.seal.version)
    await seals.imprint(asked, bound, **_way(who["issuer"], asked, at))
    await notice.read_again()


def _way(by: Actor, thing: Thing, at: datetime) -> Way:
    return Way(by=by, at=at, version=thing.version)
