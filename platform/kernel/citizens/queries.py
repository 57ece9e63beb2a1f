"""Reads of citizens."""

from dataclasses import dataclass

from kernel import secrets
from kernel.citizens.levels import Level
from kernel.citizens.models import Profile
from kernel.people.models import Account
from kernel.people.queries import phone_index


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen in clear, for themselves only."""

    name: str
    phone: str
    id_number: str
    level: Level


async def profile_of(account_id: int) -> Profile | None:
    return await Profile.get_or_none(account_id=account_id)


async def profile_by_phone(phone: str) -> Profile | None:
    return await Profile.get_or_none(phone_index=phone_index(phone)).select_related("account")


async def profile_by_id(number: str) -> Profile | None:
    return await Profile.get_or_none(id_index=id_index(number)).select_related("account")


async def person(account: Account | int) -> Person | None:
    profile = await profile_of(account if isinstance(account, int) else account.id)
    if profile is None:
        return None
    said = {column: clear(profile, column) for column in profile.sealed}
    return Person(said["name"], said["phone"], said["id_number"], Level(str(profile.level)))


def clear(profile: Profile, column: str) -> str:
    kept = getattr(profile, column)
    return secrets.unseal(kept, **profile.sealed[column](profile)) if kept else ""


def sealed(profile: Profile, column: str, text: str) -> bytes:
    return secrets.seal(text, **profile.sealed[column](profile))


def id_index(number: str) -> str:
    return secrets.blind_index("account_id_number", number).hex()
