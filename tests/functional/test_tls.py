"""TLS fails closed: without a pair that can be used nothing is served, and no state of the files brings plain HTTP."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

import serverkit.devices.serve as serve_module
from agent.device import Device
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.identity import Udi
from tests.certificates import DER, Issued, issue, locked
from tests.faults.harness import DONE_SECONDS, Serving, serving
from tests.world import World

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ONE, OTHER = issue(NOW, "one.example"), issue(NOW, "other.example")
SERVERS = ("central", "satellite")
Breaking = Callable[[Path, Path], object]


def _utf16(path: Path) -> None:
    path.write_bytes(path.read_text("ascii").encode("utf-16"))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


BROKEN: dict[str, Breaking] = {
    "mismatch": lambda crt, key: key.write_bytes(OTHER.key),
    "passphrase": lambda crt, key: key.write_bytes(locked(ONE)),
    "damaged key": lambda crt, key: key.write_bytes(ONE.key.replace(b"A", b"B")),
    "damaged certificate": lambda crt, key: crt.write_bytes(ONE.certificate.replace(b"M", b"N")),
    "cut certificate": lambda crt, key: crt.write_bytes(ONE.certificate[:200]),
    "cut key": lambda crt, key: key.write_bytes(ONE.key[:100]),
    "binary certificate": lambda crt, key: crt.write_bytes(
        x509.load_pem_x509_certificate(ONE.certificate).public_bytes(DER)
    ),
    "UTF-16": lambda crt, key: _utf16(key),
    "byte order mark": lambda crt, key: crt.write_bytes(b"\xef\xbb\xbf" + ONE.certificate),
    "empty key": lambda crt, key: key.write_bytes(b""),
    "empty certificate": lambda crt, key: crt.write_bytes(b"\n"),
    "no key": lambda crt, key: key.unlink(),
    "no certificate": lambda crt, key: crt.unlink(),
    "exchanged": lambda crt, key: (crt.write_bytes(ONE.key), key.write_bytes(ONE.certificate)),
    "folder": lambda crt, key: _folder(key),
    "pipe": lambda crt, key: _pipe(crt),
    "link to nothing": lambda crt, key: (key.unlink(), key.symlink_to("secrets/not-mounted"), crt.unlink()),
    "request": lambda crt, key: crt.write_bytes(ONE.certificate.replace(b"CERTIFICATE", b"CERTIFICATE REQUEST")),
}


@pytest.mark.row("S2.2")
@pytest.mark.parametrize("program", SERVERS)
def test_a_pair_that_cannot_be_used_stops_the_start(site: World, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way in which a pair is unusable refuses the start with one code, a cause and a remedy; no file changes."""

    def no_service(_self: object) -> None:
        raise AssertionError("the server would have started")

    monkeypatch.setattr(serve_module._Server, "run", no_service)
    run = site.central if program == "central" else site.satellite
    folder = site.folder / program / "tls"
    said = set()
    for name, breaking in BROKEN.items():
        shutil.rmtree(folder, ignore_errors=True)
        ONE.put(site.folder / program)
        breaking(folder / "server.crt", folder / "server.key")
        before = _files(folder)
        refused = run("serve", "--bind", "127.0.0.1:0", "--no-jobs", code=1)["error"]
        assert refused["code"] == "tls_pair_unusable", name
        assert "server." in refused["message"], name
        assert refused["remedy"], name
        assert _files(folder) == before, name
        said.add(refused["message"])
    assert len(said) > len(BROKEN) - 4  # each cause is named, not only that something is wrong


def _files(folder: Path) -> dict[str, object]:
    return {
        path.name: path.read_bytes() if path.is_file() else path.is_symlink()
        for path in folder.iterdir()
        if path.name != ".lock"
    }


def _shown(port: int, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, ciphers: str = "") -> bytes:
    """The certificate that a server shows, in DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line, context.wrap_socket(line) as secure:
        return secure.getpeercert(binary_form=True) or b""


def _plain(port: int) -> bytes:
    """What a server says to a request without TLS."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return line.recv(4096)
        except ConnectionError:
            return b""


def _der(issued: Issued) -> bytes:
    return x509.load_pem_x509_certificate(issued.certificate).public_bytes(DER)


def _workers(server: Serving) -> set[int]:
    return set(server.children)


@pytest.mark.row("S2.2")
@pytest.mark.parametrize("program", SERVERS)
def test_a_running_server_keeps_its_pair_until_a_better_one_is_there(site: World, program: str) -> None:
    """Files that break change nothing through SIGHUP and a killed worker, but raise an alert; good ones are taken up."""
    home = site.folder / program
    run = site.central if program == "central" else site.satellite
    ONE.put(home)
    with serving(home, program=program) as server:
        (home / "tls" / "server.key").write_bytes(locked(ONE))
        old = _workers(server)
        os.kill(server.process.pid, signal.SIGHUP)
        _wait(lambda: "tls_pair_unusable" in site.alerts(program))
        _wait(lambda: not old & _workers(server))
        for worker in _workers(server):
            os.kill(worker, signal.SIGKILL)
        _wait(lambda: _answers(server.port))
        assert _shown(server.port) == _der(ONE)
        assert _plain(server.port) == b""

        OTHER.put(home)
        _wait(lambda: {_shown(server.port) for _ in range(8)} == {_der(OTHER)})
        run("jobs", "run", "tls")
        assert "tls_pair_unusable" not in site.alerts(program)
        with pytest.raises(ssl.SSLError):
            _shown(server.port, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256")  # CBC
        assert _shown(server.port, ssl.TLSVersion.TLSv1_2) == _der(OTHER)


def _wait(holds: Callable[[], bool]) -> None:
    """Wait until something that other processes do is done."""
    late = time.monotonic() + DONE_SECONDS
    while not holds():
        assert time.monotonic() < late
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        return bool(_shown(port))
    except OSError:
        return False


@pytest.mark.row("S2.2")
@pytest.mark.parametrize("program", SERVERS)
def test_the_own_certificate_is_renewed_and_pinned_devices_follow(site: World, program: str, tmp_path: Path) -> None:
    """It lives 397 days, is renewed at two thirds, running workers take it up, and a device that knew the old one goes on."""
    home = site.folder / program
    run = site.central if program == "central" else site.satellite
    with serving(home, program=program) as server:
        first = _shown(server.port)
        device = Device(tmp_path / "device-home")
        registration_request = RegistrationRequest(
            token=site.token(program, pool="Spare" if program == "central" else "Site"),
            udi=Udi(pid="SW-48", serial="A1"),
        )
        where = Server(f"https://127.0.0.1:{server.port}", None, hashlib.sha256(first).hexdigest())
        device.register(registration_request, (site.folder / "root.json").read_bytes(), where)
        site.advance("260d", device)
        run("jobs", "run", "tls")
        assert _shown(server.port) == first
        site.advance("5d", device)
        assert run("jobs", "run", "tls")["detail"] == "renewed"
        _wait(lambda: first not in {_shown(server.port) for _ in range(8)})
        device.renew_authorization()

    old, new = (
        x509.load_der_x509_certificate(first),
        x509.load_pem_x509_certificate((home / "tls" / "server.crt").read_bytes()),
    )
    assert (old.not_valid_after_utc - old.not_valid_before_utc).days == 397
    assert old.public_key() == new.public_key()
    names = new.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert {"127.0.0.1", "::1"} <= addresses
    assert socket.gethostname().lower() in names.get_values_for_type(x509.DNSName)
