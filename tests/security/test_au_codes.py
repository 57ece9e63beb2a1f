"""AU09: what a code by SMS opens, and what it doesn't."""

from datetime import timedelta

import pytest

from kernel.citizens import actions
from kernel.citizens.forms import ByCode, Recovering
from kernel.edge import rates
from kernel.errors import FormRejected, TooMany
from kernel.people.actions import From
from kernel.people.models import Account, AccountKind
from tests.factories import NOW
from tests.kernel.test_registering import HERE, OTHER, PASSWORD, PHONE, a_citizen, code_to

pytestmark = pytest.mark.usefixtures("database")


async def a_code(purpose: str = "sign_in") -> str:
    await a_citizen()
    await actions.ask_code(PHONE, purpose=purpose, bound_to="mine", come=HERE, at=NOW)
    return await code_to(PHONE)


async def try_it(code: str, *, bound_to: str = "mine", after: timedelta = timedelta()) -> str:
    facts = ByCode.check({"phone": PHONE, "code": code})
    return await actions.sign_in_by_code(facts, bound_to=bound_to, come=HERE, at=NOW + after)


async def test_au09_the_right_code_signs_in_once() -> None:
    code = await a_code()
    assert len(code) == 6
    assert await try_it(code)
    with pytest.raises(FormRejected):
        await try_it(code)


async def test_au09_a_code_is_refused_in_another_flow_and_in_another_browser() -> None:
    code = await a_code()
    with pytest.raises(FormRejected):
        await try_it(code, bound_to="somebody else's")
    other = Recovering.check({"phone": PHONE, "code": code, "new": PASSWORD})
    with pytest.raises(FormRejected):
        await actions.recover(other, bound_to="mine", come=HERE, at=NOW)
    assert await try_it(code)


async def test_au09_a_code_lives_five_minutes() -> None:
    code = await a_code()
    with pytest.raises(FormRejected):
        await try_it(code, after=timedelta(minutes=5))
    assert await try_it(code, after=timedelta(minutes=4, seconds=59))


async def test_au09_after_five_wrong_tries_the_right_one_is_refused_too() -> None:
    code = await a_code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        with pytest.raises(FormRejected):
            await try_it(wrong)
    with pytest.raises(FormRejected):
        await try_it(code)


async def test_au09_a_code_alone_never_opens_a_clerks_account() -> None:
    """Even one that has a telephone in its profile."""
    account = await a_citizen()
    await Account.filter(id=account.id).update(kind=AccountKind.STAFF)
    await actions.ask_code(PHONE, purpose="sign_in", bound_to="mine", come=HERE, at=NOW)
    with pytest.raises(FormRejected):
        await try_it(await code_to(PHONE))


async def test_au09_five_an_hour_for_a_phone_known_or_not_and_thirty_for_an_address() -> None:
    for n in range(5):
        await actions.ask_code(OTHER, purpose="recover", bound_to="b", come=From(f"192.0.2.{n}", "", "web"), at=NOW)
    with pytest.raises(TooMany):
        await actions.ask_code(OTHER, purpose="recover", bound_to="b", come=HERE, at=NOW)
    assert (rates.SMS_PHONE.limit, rates.SMS_ADDRESS.limit) == (5, 30)
