"""Certificates that the TLS files may hold after damage, or that use what the library does not know."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from serverkit.endpoints import EndpointError, read_url
from serverkit.errors import InvalidInputError
from serverkit.outward import client_context
from serverkit.tls import serving
from serverkit.tls.errors import TlsPairError
from serverkit.tls.imports import examine_certificate
from serverkit.tls.names import AskedNames, asked_names, plain_name
from serverkit.tls.own import KEPT, RENEWED, ensure_pair
from serverkit.tls.pair import CERTIFICATE, Pair, read_pair
from serverkit.tls.requests import WAITING_REQUEST, describe_request, request_certificate
from serverkit.tls.serving import ServingPair
from serverkit.tls.watch import UNUSABLE, wanted_alerts

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EC_KEY, OTHER_KEY = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0263")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pair that can be used."""
    ensure_pair(tmp_path, NOW, ["site.example"])
    return tmp_path


def _der(folder: Path) -> bytes:
    found = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
    return found.public_bytes(serialization.Encoding.DER)


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def _damaged(folder: Path, what: str) -> bytes:
    der = _der(folder)
    key = read_pair(folder).leaf.public_key()
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    old, new = {
        "key": (point, point[:-1] + bytes([point[-1] ^ 1])),
        "kind of key": (EC_KEY, OTHER_KEY),
        "version": (bytes.fromhex("a003020102"), bytes.fromhex("a003020103")),
    }[what]
    assert der.count(old) >= 1
    return _pem(der.replace(old, new))


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("what", ["key", "kind of key", "version"])
def test_a_damaged_certificate_is_named_and_the_running_pair_stays(folder: Path, what: str) -> None:
    """A certificate with a damaged key, kind of key or version is refused at the start; a running server keeps its pair."""
    running = ServingPair(folder)
    before, data = running.pair.fingerprint, _damaged(folder, what)
    (folder / CERTIFICATE).write_bytes(data)
    with pytest.raises(TlsPairError, match="damaged"):
        read_pair(folder)
    assert not running.refresh()
    assert running.pair.fingerprint == before
    assert [one.kind for one in wanted_alerts(folder, NOW, [], "site")] == [UNUSABLE]
    checks = examine_certificate(folder, data, NOW, []).checks
    assert (checks[0].name, checks[0].outcome.value) == ("form", "fail")


@pytest.mark.row("S3.4")
def test_an_authority_with_an_unknown_kind_of_key_is_no_obstacle(folder: Path) -> None:
    """Only the server's own key has to be known here: devices judge the authorities above it."""
    (folder / CERTIFICATE).write_bytes((folder / CERTIFICATE).read_bytes() + _damaged(folder, "kind of key"))
    assert len(read_pair(folder).chain) == 2


@pytest.mark.row("S3.4")
def test_an_extension_that_stands_twice_is_said_at_import(folder: Path) -> None:
    """A certificate with a doubled extension is examined to the end, and not taken."""
    usage, subject_key = bytes.fromhex("0603551d0f"), bytes.fromhex("0603551d0e")
    data = _pem(_der(folder).replace(subject_key, usage))
    found = examine_certificate(folder, data, NOW, ["site.example"])
    assert not found.usable
    assert "cannot be read" in next(one.detail for one in found.checks if one.name == "purpose")


@pytest.mark.row("S3.4")
def test_a_pair_that_could_not_be_read_for_a_moment_is_taken_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process without a free descriptor at the wrong moment takes the new pair the next time, though no file changes."""
    running = ServingPair(folder)
    before = running.pair.fingerprint
    for path in folder.iterdir():
        path.unlink()
    ensure_pair(folder, NOW, ["other.example"])

    def no_descriptor(_folder: Path) -> Pair:
        raise TlsPairError("server.crt cannot be read: Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(serving, "read_pair", no_descriptor)
        assert not running.refresh()
    assert running.refresh()
    assert running.pair.fingerprint != before


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("what", ["version", "subject"])
def test_a_damaged_request_is_shown_as_one_without_names(tmp_path: Path, what: str) -> None:
    """The page of the certificate is shown all the same: a request can be made once more for the key that waits."""
    der = x509.load_pem_x509_csr(request_certificate(tmp_path, ["site.example"], "Site")).public_bytes(
        serialization.Encoding.DER
    )
    at = {"version": der.index(b"\x02\x01\x00") + 2, "subject": der.index(b"\x0c\x04Site")}[what]
    damaged = der[:at] + bytes([der[at] ^ 1]) + der[at + 1 :]
    text = base64.encodebytes(damaged)
    (tmp_path / WAITING_REQUEST).write_bytes(
        b"-----BEGIN CERTIFICATE REQUEST-----\n" + text + b"-----END CERTIFICATE REQUEST-----\n"
    )
    found = describe_request(tmp_path)
    assert found is not None
    assert found["organization"] in {"", "Site"}


@pytest.mark.row("S3.4")
def test_authorities_may_have_comments_in_any_language(folder: Path) -> None:
    """What stands between the certificates is passed over; a text without any is refused in words."""
    text = f"# Zertifikat für die Prüfstelle\n{(folder / CERTIFICATE).read_text('ascii')}"
    assert client_context(text).cert_store_stats()["x509"] == 1
    with pytest.raises(InvalidInputError):
        client_context("für die Prüfstelle")


@pytest.mark.row("S3.4")
def test_a_link_local_address_with_its_interface_is_covered_once(folder: Path) -> None:
    """A device that names an interface in the address (`%eth0`) does not have the certificate renewed by every run of the job."""
    asked = AskedNames(folder, lambda: NOW)
    for header in ("[fe80::1%eth0]:8443", "[fe80::2%" + "x" * 3000 + "]"):
        asked.note(header)
    names = asked_names(folder, NOW)

    assert names == ["fe80::1", "fe80::2"]
    assert [ensure_pair(folder, NOW, [*names, "fe80::3"]) for _ in range(2)] == [RENEWED, KEPT]
    assert [one.kind for one in wanted_alerts(folder, NOW, names, "site")] == []


NAMES = {
    "[2001:db8::1]": "2001:db8::1", "b\u00fccher.example": "xn--bcher-kva.example", "Site.Example.": "site.example",
    "[2001:db8::1": None, "2001:db8::1]": None, "256.1.1.1": None, "1.2.3": None, "fa\u00df.example": None, "a b": None,
}  # fmt: skip


@pytest.mark.row("S3.4")
def test_a_name_of_the_server_is_a_name_or_an_address_and_never_another_one() -> None:
    """Numbers that are no address, single brackets, and letters that would make another name are none."""
    assert {text: plain_name(text) for text in NAMES} == NAMES


@pytest.mark.row("S1.4")
def test_the_interface_of_an_address_is_a_name_and_nothing_else() -> None:
    """No line end or other sign gets into a request by way of an IPv6 zone; the form of RFC 6874 is read."""
    ports = {"https": 443}
    for zone in ("a\r\nHost: b", "a b", "<b>", "x" * 65):
        with pytest.raises(EndpointError, match="name of an interface"):
            read_url(f"https://[fe80::1%{zone}]", ports)
    assert {read_url(f"https://[fe80::1{mark}eth0]", ports).host for mark in ("%", "%25")} == {"fe80::1%eth0"}


@pytest.mark.row("S3.4")
def test_a_bundle_of_another_form_is_named(folder: Path) -> None:
    """What an authority sends as `.p7b` is told from a damaged file."""
    bundle = pkcs7.serialize_certificates(list(read_pair(folder).chain), serialization.Encoding.PEM)
    (check, *_) = examine_certificate(folder, bundle, NOW, []).checks
    assert "PKCS #7" in check.detail


@pytest.mark.row("S3.4")
def test_a_chain_that_is_cut_is_no_shorter_chain(folder: Path) -> None:
    """A copy that stopped within the second certificate is refused at import and start, and a running server keeps its pair."""
    running, whole = ServingPair(folder), (folder / CERTIFICATE).read_bytes()
    before, cut = running.pair.fingerprint, whole + whole[: len(whole) // 2]
    (folder / CERTIFICATE).write_bytes(cut)

    assert not running.refresh()
    assert running.pair.fingerprint == before
    with pytest.raises(TlsPairError, match="is cut"):
        read_pair(folder)
    (check, *_) = examine_certificate(folder, cut, NOW, []).checks
    assert (check.name, check.outcome.value, "is cut" in check.detail) == ("form", "fail", True)


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    ("names", "authority", "said"),
    [(["a.example"], True, "of an authority"), ([], False, "names no host"), (["a.example"], False, "")],
)
def test_a_certificate_that_many_clients_refuse_is_a_warning(
    tmp_path: Path, names: list[str], authority: bool, said: str
) -> None:
    """That of an authority in a server's place, and one that names no host, are taken by few."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=90))
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    found = {one.name: one for one in examine_certificate(tmp_path, pem, NOW, [], key).checks}["purpose"]

    assert (found.outcome.value, said in found.detail) == ("warn" if said else "pass", True)
