"""Letters go over TLS to a mail server that is who it says it is, or not at all: addresses are never in the clear."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from heard.deliver import mailing
from heard.deliver.mailing import Line, letter, mailbox
from heard.engine.errors import Unavailable
from tests.reports.mail_server import MailServer, sending_by
from tests.reports.test_following import THEIRS, ask, text_of

AT = datetime(2026, 11, 29, tzinfo=UTC)


def certificate(folder: Path, name: str = "localhost") -> Path:
    """A certificate of its own for a name, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    of = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(of, of, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / f"{name}.pem"
    own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(own + made.public_bytes(Encoding.PEM))
    return file


def speaking(file: Path, *, wrapped: bool = False) -> MailServer:
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(file)
    return MailServer(secure, wrapped=wrapped)


def at(server: MailServer, scheme: str = "smtp") -> str:
    return f"{scheme}://heard:a%20password@localhost:{server.port}/?from=reports@site.example&hours=0"


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate that this machine trusts, and no other."""
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    yield file


def send(address: str) -> None:
    box = mailbox(address)
    with closing(Line(box)) as line:
        line.offer(THEIRS)
        line.give(letter(box, THEIRS, "News of a report", "A response was recorded.", "an-id", AT))


@pytest.mark.parametrize(("scheme", "wrapped"), [("smtp", False), ("smtps", True)])
def test_a_letter_and_the_password_go_over_tls(known: Path, scheme: str, wrapped: bool) -> None:
    with closing(speaking(known, wrapped=wrapped)) as server:
        send(at(server, scheme))
        assert "A response was recorded." in text_of(server.wait_for(1)[0])
        said = server.overheard.upper()
        assert (b"STARTTLS" in said) is not wrapped
        assert not any(word in said for word in (b"AUTH", b"MAIL", b"RCPT", b"DATA", b"RESPONSE", b"FOLLOWERS"))


@pytest.mark.parametrize("other", ["of nobody that is trusted", "of another name"])
def test_nothing_is_said_to_a_server_that_cannot_show_who_it_is(
    known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    (tmp_path / "theirs").mkdir()
    theirs = certificate(tmp_path / "theirs", "localhost" if other == "of nobody that is trusted" else "mail.example")
    if other == "of another name":
        monkeypatch.setenv("SSL_CERT_FILE", str(theirs))
    with closing(speaking(theirs)) as server:
        with pytest.raises(Unavailable):
            send(at(server))
        assert server.offered == [] and b"AUTH" not in server.overheard


def test_a_server_elsewhere_that_offers_no_tls_is_told_no_address_and_no_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where somebody between takes the offer away; on this machine itself it may be in the clear."""
    with closing(MailServer()) as server:
        send(server.address)  # the control
        server.begin_anew()
        monkeypatch.setattr(mailing, "ON_THIS_MACHINE", ())
        with pytest.raises(Unavailable):
            send(at(server))
        assert server.offered == [] and b"AUTH" not in server.overheard


def test_a_follower_of_a_real_server_is_asked_over_tls(known: Path, tmp_path: Path) -> None:
    with (
        closing(speaking(known)) as box,
        sending_by(box, tmp_path / "data", "--trusted-proxy", "127.0.0.1", address=at(box)) as served,
    ):
        assert ask(served).status_code == 303
        assert "/reports/follow/" in text_of(box.wait_for(1)[0])
        assert box.to == [THEIRS] and THEIRS.encode() not in box.overheard
