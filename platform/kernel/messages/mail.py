"""E-mail over SMTP (RFC 5321): TLS with a verified certificate, ten seconds for every answer, plain text and HTML."""

import asyncio
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from html import escape
from urllib.parse import unquote, urlsplit

from kernel.messages.refusing import Declined, NotYet
from kernel.settings import settings

ANSWER_S, SUBJECT_MAX = 10, 160
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
TEMPORARY = range(400, 500)


@dataclass(frozen=True, slots=True)
class Content:
    """`path` is a path of this hall; the link is made from SUNHALL_PUBLIC_URL and nothing else (CS07)."""

    subject: str
    body: str
    path: str = ""


async def send(to: str, content: Content, *, key: str) -> None:
    """Raises Declined (5xx, an address that is none) or NotYet (4xx, away, slow, TLS that doesn't verify)."""
    if not settings().smtp_url:
        raise NotYet("no_smtp")
    message = compose(to, content, key=key)
    await asyncio.to_thread(_hand_over, message)


def compose(to: str, content: Content, *, key: str) -> EmailMessage:
    """A second try carries the same Message-ID: mailboxes and relays show it once. Raises Declined."""
    if len(to) > 254 or not ADDRESS.fullmatch(to):
        raise Declined("address")
    link = settings().public_url.rstrip("/") + content.path if content.path.startswith("/") else ""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = settings().mail_from, to
    message["Subject"] = one_line(content.subject)[:SUBJECT_MAX]
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{key[:40]}@{_domain()}>"  # on one line: some relays read no further
    if settings().public_url:
        message["List-Unsubscribe"] = f"<{settings().public_url.rstrip('/')}/me/contact>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(part for part in (content.body, link, settings().hall_name) if part))
    paragraphs = [f"<p>{escape(line)}</p>" for line in content.body.splitlines() if line.strip()]
    linked = [f'<p><a href="{escape(link)}">打开</a></p>'] if link else []
    body = "".join([*paragraphs, *linked, f"<p>{escape(settings().hall_name)}</p>"])
    html = f'<!doctype html><html lang="zh-CN"><body>{body}</body></html>'
    message.add_alternative(html, subtype="html")
    return message


def one_line(text: str) -> str:
    """No line of a header can begin inside it."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _hand_over(message: EmailMessage) -> None:
    try:
        with connected() as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        codes = {code for code, _ in refused.recipients.values()}
        raise _told(max(codes)) from None
    except smtplib.SMTPResponseException as answered:
        raise _told(answered.smtp_code) from None
    except (smtplib.SMTPException, OSError) as wrong:  # ssl.SSLError and time-outs are OSErrors
        raise NotYet(type(wrong).__name__) from None


def connected() -> smtplib.SMTP:
    """Signed in, under TLS unless the setting says `smtp`. Raises SMTPException, OSError."""
    parts = urlsplit(settings().smtp_url)
    host, port, tls = parts.hostname or "", parts.port or PORTS[parts.scheme], ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=ANSWER_S, context=tls)
    else:
        server = smtplib.SMTP(host, port, timeout=ANSWER_S)
    try:
        if parts.scheme == "starttls":
            server.starttls(context=tls)
        if parts.username and (file := settings().smtp_password_file):
            server.login(unquote(parts.username), file.read_text().strip())
    except BaseException:
        server.close()
        raise
    return server


def _told(code: int) -> Exception:
    """535 and its kin speak of our account, not of the recipient: somebody can mend that."""
    ours = code in range(530, 540)
    return NotYet(f"smtp_{code}") if code in TEMPORARY or ours else Declined(f"smtp_{code}")


def _domain() -> str:
    return settings().mail_from.rpartition("@")[2].rstrip(">") or "localhost"
