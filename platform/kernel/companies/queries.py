"""Reads of companies."""

from kernel.companies.models import Company, Invitation, Member, Part
from kernel.errors import NotFound
from kernel.permissions import Actor


async def of_person(account_id: int) -> list[Member]:
    """Those that this citizen may act for now."""
    mine = Member.filter(account_id=account_id, ended_at=None).order_by("id")
    return await mine.select_related("company__account")


async def membership(actor: Actor, company_id: int) -> Member:
    """Raises NotFound: whether there is such a company isn't said to others."""
    member = await Member.get_or_none(company_id=company_id, account_id=actor.id, ended_at=None)
    if member is None:
        raise NotFound(what="这家企业")
    await member.fetch_related("company__account")
    return member


async def owned(actor: Actor, company_id: int) -> Company:
    """Raises NotFound unless the actor is its owner."""
    member = await membership(actor, company_id)
    if member.part is not Part.OWNER:
        raise NotFound(what="由您负责的这家企业")
    return member.company


async def members(company_id: int) -> list[Member]:
    return await Member.filter(company_id=company_id, ended_at=None).order_by("id").select_related("account")


async def by_uscc(uscc: str) -> Company | None:
    return await Company.get_or_none(uscc=uscc).select_related("account")


async def owner_of(company_id: int) -> Member | None:
    return await Member.get_or_none(company_id=company_id, part=Part.OWNER, ended_at=None)


async def invitation(code_hash: str, phone_index: str) -> Invitation | None:
    return await Invitation.get_or_none(code_hash=code_hash, phone_index=phone_index).select_related("company__account")
