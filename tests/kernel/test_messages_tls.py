"""SMTP under TLS with a password, against a real server whose certificate is made here."""

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kernel.messages import checks, mail
from kernel.messages.mail import Content
from kernel.messages.refusing import NotYet
from kernel.settings import settings
from portal.city.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the double doesn't see the TLS around it
TO, KEY, CONTENT = "chen@example.com", "a" * 64, Content("您的事项已办结", "编号 1 已办结。")
USER, PASSWORD = "hall@city", "a password of the post"
Served = Callable[..., "Post"]


class Post:
    """What it was given, and by whom."""

    def __init__(self) -> None:
        self.taken: list[tuple[object, bool]] = []  # who had signed in, under TLS

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport is not None
        self.taken.append((session.auth_data, server.transport.get_extra_info("sslcontext") is not None))
        return "250 taken"


def letters_of(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    fits = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=fits, handled=False, auth_data=USER if fits else None)


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Of that address, for one hour, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return public, private


def greet(port: int, trusted: Path) -> None:
    context = ssl.create_default_context(cafile=str(trusted))
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", port), 2) as line, context.wrap_socket(line) as hidden:
        hidden.recv(1024)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """`served("smtps")` or `served("starttls")`: a server that wants TLS and a password, and our settings for it."""
    running: list[Controller] = []

    def serve(scheme: str, name: str = "127.0.0.1") -> Post:
        public, private = a_certificate(tmp_path, name)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(public, private)
        implicit = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
        post, port = Post(), free_port()
        controller = Controller(
            post, hostname="127.0.0.1", port=port, authenticator=letters_of, auth_required=True,
            auth_require_tls=scheme != "smtps", **implicit,
        )  # fmt: skip
        running.append(controller)
        if scheme == "smtps":
            monkeypatch.setattr(controller, "_trigger_server", lambda: greet(port, public))  # that trusts it
        controller.start()
        (tmp_path / "password").write_text(PASSWORD + "\n")
        monkeypatch.setattr(settings(), "smtp_url", f"{scheme}://{quote(USER)}@127.0.0.1:{port}")
        monkeypatch.setattr(settings(), "smtp_password_file", tmp_path / "password")
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        return post

    yield serve
    for controller in running:
        controller.stop()


@pytest.mark.parametrize("scheme", ["smtps", "starttls"])
async def test_a_message_goes_signed_in_and_under_tls(served: Served, scheme: str) -> None:
    post = served(scheme)
    await mail.send(TO, CONTENT, key=KEY)
    assert post.taken == [(USER, True)]
    assert await checks.smtp() is None


@pytest.mark.parametrize("scheme", ["smtps", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    served: Served, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = served(scheme)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NotYet, match="SSLCertVerificationError"):
        await mail.send(TO, CONTENT, key=KEY)
    assert post.taken == []
    assert "证书不可信" in str(await checks.smtp())


async def test_a_certificate_of_another_name_gets_nothing(served: Served) -> None:
    post = served("starttls", "127.0.0.2")
    with pytest.raises(NotYet, match="SSLCertVerificationError"):
        await mail.send(TO, CONTENT, key=KEY)
    assert post.taken == []


async def test_a_wrong_password_is_tried_again_for_somebody_can_mend_it_and_doctor_says_so(
    served: Served, tmp_path: Path
) -> None:
    post = served("starttls")
    (tmp_path / "password").write_text("another")
    with pytest.raises(NotYet, match="smtp_535"):
        await mail.send(TO, CONTENT, key=KEY)
    assert post.taken == []
    assert "不接受口令（535）" in str(await checks.smtp())
