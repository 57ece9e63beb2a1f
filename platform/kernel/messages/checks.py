"""What `sunhall doctor` asks of messages."""

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime, timedelta

from kernel.messages import mail, queries
from kernel.module import Check
from kernel.outgoing import NotLetOut, let_out
from kernel.settings import settings

LATE = timedelta(minutes=10)
Found = tuple[str, str] | None


async def smtp() -> Found:
    """Signed in as a message would be: name, port, TLS, certificate and password are right."""
    if not settings().smtp_url:
        return None
    try:
        await asyncio.to_thread(_greet)
    except ssl.SSLCertVerificationError as wrong:
        return f"发信服务器的证书不可信（{wrong.verify_message}）", "换用证书上的主机名，或把签发机构加入系统信任"
    except smtplib.SMTPNotSupportedError:
        return "发信服务器不支持 SUNHALL_SMTP_URL 要求的加密或登录", "改用服务器支持的 smtps:// 或 starttls://"
    except smtplib.SMTPAuthenticationError as wrong:
        return (
            f"发信服务器不接受口令（{wrong.smtp_code}）",
            "核对 SUNHALL_SMTP_URL 的用户名和 SUNHALL_SMTP_PASSWORD_FILE",
        )
    except (smtplib.SMTPException, OSError) as wrong:
        return f"连不上发信服务器（{type(wrong).__name__}）", "核对 SUNHALL_SMTP_URL 的主机和端口，以及防火墙"
    return None


def _greet() -> None:
    with mail.connected() as server:
        server.noop()


async def gateway() -> Found:
    """A hall that is open to the world sends codes: without a gateway nobody can register."""
    url, file = settings().sms_url, settings().sms_secret_file
    if not url:
        public = settings().public_url.startswith("https://")
        return ("没有短信网关，市民收不到验证码", "设置 SUNHALL_SMS_URL（见 docs/adapters/sms.md）") if public else None
    try:
        let_out(url)
    except NotLetOut as refused:
        return str(refused), "把网关的主机名加入 SUNHALL_OUTGOING_HOSTS"
    if file is None or not file.is_file() or not file.read_text().strip():
        return "没有短信网关的签名密钥", "把密钥写进文件，设置 SUNHALL_SMS_SECRET_FILE"
    return None


async def leaving() -> Found:
    late = await queries.overdue(at=datetime.now(UTC), by=LATE)
    return (f"{late} 条短信或邮件超过十分钟没有发出", "启动 sunhall worker；看“投递”里的原因") if late else None


async def texts() -> Found:
    """Published for slots that this program no longer has: the declared texts are sent instead."""
    unfit = await queries.unfit()
    return (f"消息模板 {'、'.join(unfit)} 的文字不再适用，改发默认文字", "在“消息模板”起草新的一版") if unfit else None


CHECKS = (Check("邮件", smtp), Check("短信网关", gateway), Check("待发消息", leaving), Check("消息模板", texts))
