"""AU09: a code by SMS is good for five minutes, five tries, one use, one purpose, one browser, one telephone."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from tortoise import Tortoise

from kernel import outbox
from kernel.database import transaction
from kernel.errors import Degraded, FormRejected, TooMany
from kernel.messages import editing
from kernel.messages.codes import check_code, forget, send_code
from kernel.messages.forms import Texts
from kernel.messages.models import Code, Outgoing, State
from kernel.models import Delivery
from kernel.settings import settings
from tests.kernel.test_messages_texts import PUBLISHER, WRITER

PHONE, BROWSER, ADDRESS, PURPOSE = "13800138000", "browser-one", "203.0.113.7", "sign_in"
LIFE = timedelta(minutes=5)
pytestmark = pytest.mark.usefixtures("database")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capsys


async def arrived(console: pytest.CaptureFixture[str], *, purpose: str = PURPOSE, at: datetime | None = None) -> str:
    """The code as the telephone gets it: on a laptop that is the console of the server."""
    await send_code(PHONE, purpose=purpose, bound_to=BROWSER, address=ADDRESS, at=at or now())
    await outbox.deliver(worker="w", now=now)
    return str(re.findall(r"\b\d{6}\b", console.readouterr().out)[-1])


async def refused(
    code: str, *, phone: str = PHONE, purpose: str = PURPOSE, browser: str = BROWSER, at: datetime | None = None
) -> str:
    with pytest.raises(FormRejected) as refusal:
        await check_code(phone, code, purpose=purpose, bound_to=browser, at=at or now())
    return refusal.value.fields["code"]


async def test_au09_a_code_opens_once_and_only_once(console: pytest.CaptureFixture[str]) -> None:
    code = await arrived(console)
    await check_code(PHONE, code, purpose=PURPOSE, bound_to=BROWSER, at=now())
    assert "验证码不对或已过期" in await refused(code)


async def test_au09_it_opens_nothing_for_another_purpose_browser_or_telephone(
    console: pytest.CaptureFixture[str],
) -> None:
    code = await arrived(console)
    said = {
        await refused(code, purpose="recover"),
        await refused(code, browser="browser-two"),
        await refused(code, phone="13800138001"),
    }
    assert len(said) == 1, "one sentence for all, so that nobody learns which part was right"
    await check_code(PHONE, code, purpose=PURPOSE, bound_to=BROWSER, at=now())


async def test_au09_after_five_wrong_tries_the_right_code_opens_nothing(console: pytest.CaptureFixture[str]) -> None:
    code = await arrived(console)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        await refused(wrong)
    await refused(code)


async def test_au09_the_fifth_try_may_still_be_the_right_one(console: pytest.CaptureFixture[str]) -> None:
    code = await arrived(console)
    for _ in range(4):
        await refused(f"{(int(code) + 1) % 1_000_000:06}")
    await check_code(PHONE, code, purpose=PURPOSE, bound_to=BROWSER, at=now())


async def test_au09_after_five_minutes_it_is_void_and_then_forgotten(console: pytest.CaptureFixture[str]) -> None:
    code = await arrived(console)
    later = now() + LIFE
    await refused(code, at=later)
    assert await forget(at=later) == 1
    assert not await Code.all().exists()


async def test_au09_a_new_code_voids_the_one_before(console: pytest.CaptureFixture[str]) -> None:
    old = await arrived(console)
    new = await arrived(console)
    if old != new:
        await refused(old)
    await check_code(PHONE, new, purpose=PURPOSE, bound_to=BROWSER, at=now())


async def test_au09_a_telephone_gets_five_an_hour_and_an_address_asks_for_thirty() -> None:
    at = now()
    for _ in range(5):
        await send_code(PHONE, purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=at)
    with pytest.raises(TooMany):
        await send_code(PHONE, purpose="recover", bound_to="another", address="203.0.113.8", at=at)
    for number in range(25):
        await send_code(f"139{number:08}", purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=at)
    with pytest.raises(TooMany):
        await send_code("13700000000", purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=at)


async def test_au09_a_try_within_a_transaction_is_refused_because_a_rollback_would_forget_it() -> None:
    with pytest.raises(AssertionError):
        async with transaction():
            await check_code(PHONE, "000000", purpose=PURPOSE, bound_to=BROWSER, at=now())


async def test_lo02_neither_code_nor_telephone_stands_in_any_table_or_log(
    console: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await send_code(PHONE, purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=now())
    before = await everything()
    await outbox.deliver(worker="w", now=now)
    printed = console.readouterr().out
    code = re.findall(r"\b\d{6}\b", printed)[-1]
    after = await everything()
    for canary in (code, PHONE, ADDRESS, BROWSER):
        assert not re.search(rf"(?<!\d){re.escape(canary)}(?!\d)", before + after + caplog.text), canary
    assert PHONE not in printed
    row = await Outgoing.get()
    assert (row.state, row.recipient, row.content) == (State.SENT, None, None)


async def everything() -> str:
    """Every value of every table as text: texts as they are, bytes as latin-1."""
    assert Tortoise.apps is not None
    found = []
    for model in Tortoise.apps.get_models_iterable():
        for row in await model.all().values():
            # identities count up and times have six digits of their own
            found += [_text(value) for name, value in row.items() if name != "id" and not isinstance(value, datetime)]
    return "\n".join(found)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


async def test_what_a_code_says_is_a_message_template_that_a_city_words_and_never_without_the_code(
    console: pytest.CaptureFixture[str],
) -> None:
    name = f"kernel.code_{PURPOSE}"
    for text in ("请勿告诉他人。", "", "验证码 {code}，疑问请拨 13900002206"):
        with pytest.raises(FormRejected) as wrong:
            await editing.write(name, Texts.check({"title": "登录", "sms": text}), by=WRITER, at=now())
        assert list(wrong.value.fields) == ["sms"]
    told = Texts.check({"title": "登录", "sms": "您正在登录，验证码 {code}，只在本大厅填写。"})
    row = await editing.write(name, told, by=WRITER, at=now())
    await editing.publish(name, row.version, by=PUBLISHER, at=now())
    await send_code(PHONE, purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=now())
    await outbox.deliver(worker="w", now=now)
    printed = console.readouterr().out
    assert "您正在登录，验证码" in printed
    await check_code(PHONE, re.findall(r"\b\d{6}\b", printed)[-1], purpose=PURPOSE, bound_to=BROWSER, at=now())
    sent = await Outgoing.get()
    assert (sent.template, sent.version) == (name, row.version)


async def test_a_code_that_nobody_can_use_any_more_is_not_sent(console: pytest.CaptureFixture[str]) -> None:
    await send_code(PHONE, purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=now() - LIFE)
    await outbox.deliver(worker="w", now=now)
    row = await Outgoing.get()
    assert (row.state, row.recipient, row.content, console.readouterr().out) == (State.EXPIRED, None, None, "")


async def test_a_public_hall_without_a_gateway_says_so_instead_of_printing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "public_url", "https://hall.example.gov.cn")
    with pytest.raises(Degraded):
        await send_code(PHONE, purpose=PURPOSE, bound_to=BROWSER, address=ADDRESS, at=now())
    assert not await Delivery.filter(consumer="kernel.outgoing").exists()
