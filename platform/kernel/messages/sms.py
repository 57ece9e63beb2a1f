"""The SMS gateway (docs/adapters/sms.md): one signed request a message, the key as its request id."""

from datetime import UTC, datetime

from kernel import outgoing
from kernel.errors import Refusal
from kernel.messages.refusing import Declined, NotYet
from kernel.messages.templates import SMS_MAX, signed
from kernel.secrets import signed_request
from kernel.secrets.masking import mask_phone
from kernel.settings import settings

ACCEPTED = {"accepted", "duplicate"}


async def send(phone: str, text: str, *, key: str) -> None:
    """Raises Declined (the gateway says this message never goes), NotYet (away, slow, busy)."""
    said = signed(text)
    if len(said) > SMS_MAX:
        raise Declined("too_long")
    if not settings().sms_url:
        if settings().public_url.startswith("https://"):
            raise NotYet("no_gateway")
        return _on_the_console(phone, said)
    sent = {"request_id": key, "phone": phone, "text": said}
    file = settings().sms_secret_file
    secret = file.read_text().strip() if file else ""
    try:
        answer = await outgoing.post_json(
            settings().sms_url, sent, headers=signed_request(secret, sent, at=datetime.now(UTC))
        )
        status = str(answer.json().get("status", "")) if answer.status < 500 else ""
    except (Refusal, ValueError, AttributeError) as wrong:
        raise NotYet(type(wrong).__name__) from None
    if answer.status == 200 and status in ACCEPTED:
        return None
    if answer.status in (400, 422):
        raise Declined(f"sms_{answer.status}")
    raise NotYet(f"sms_{answer.status}")


def _on_the_console(phone: str, text: str) -> None:
    """A laptop has no gateway: whoever sits at the server reads it there, no page shows it."""
    print(f"[短信 {mask_phone(phone)}] {text}", flush=True)
