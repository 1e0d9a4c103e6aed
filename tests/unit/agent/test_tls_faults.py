"""What the agent says about a TLS certificate that it does not take: the cause, each with a code of its own."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.errors import TlsRefusedError
from agent.transport import HttpTransport, Server

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def self_signed(folder: Path, name: str, start: datetime, end: datetime) -> tuple[Path, str]:
    """A certificate with its key in one file, and its fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


Start = Callable[[Path | None], int]


@pytest.fixture
def listen() -> Iterator[Start]:
    """Start a server on this machine that shakes hands with a certificate, or speaks no TLS at all; its port."""
    sockets = []

    def start(pem: Path | None) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if pem is not None:
            context.load_cert_chain(pem)

        def serve() -> None:
            try:
                plain, _ = listener.accept()
                if pem is None:
                    plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    plain.close()
                else:
                    context.wrap_socket(plain, server_side=True).close()
            except OSError:
                return  # the other side has seen enough

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for each in sockets:
        each.close()


def refused(server: Server) -> TlsRefusedError:
    """Why a message does not go out."""
    with pytest.raises(TlsRefusedError) as found:
        HttpTransport(server, timeout=20).post("/device/v1/register", b"{}")
    return found.value


@pytest.mark.row("D3")
@pytest.mark.parametrize(
    ("name", "start", "end", "trusted", "code"),
    [
        ("localhost", -DAY, DAY, False, "tls_not_trusted"),
        ("other.example", -DAY, DAY, True, "tls_certificate_name"),
        ("localhost", -3 * DAY, -DAY, True, "tls_certificate_expired"),
        ("localhost", DAY, 3 * DAY, True, "tls_certificate_not_yet_valid"),
    ],
)
def test_each_fault_of_a_certificate_has_its_own_code(
    tmp_path: Path, listen: Start, name: str, start: timedelta, end: timedelta, trusted: bool, code: str
) -> None:
    """Authority, name and term are told apart, so that the right thing is fixed."""
    pem, _ = self_signed(tmp_path, name, NOW + start, NOW + end)
    ca = str(pem) if trusted else None
    error = refused(Server(f"https://localhost:{listen(pem)}", ca=ca))

    assert error.reason == code
    assert "localhost" in error.message


@pytest.mark.row("D3")
def test_another_fingerprint_names_both(tmp_path: Path, listen: Start) -> None:
    """What is shown and what was given stand side by side."""
    pem, shown = self_signed(tmp_path, "localhost", NOW - DAY, NOW + DAY)
    error = refused(Server(f"https://localhost:{listen(pem)}", fingerprint="ab" * 32))

    assert error.reason == "tls_fingerprint_differs"
    assert shown in error.message
    assert "ab" * 32 in error.message


@pytest.mark.row("D3")
def test_a_port_without_tls_and_a_file_without_certificate_are_named(tmp_path: Path, listen: Start) -> None:
    """Neither is called a certificate that is not trusted."""
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing\n", encoding="utf-8")

    assert refused(Server(f"https://localhost:{listen(None)}")).reason == "tls_not_spoken"
    assert refused(Server("https://localhost:1", ca=str(empty))).reason == "tls_trust_unusable"
