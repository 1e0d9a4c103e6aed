"""Synchronization over HTTPS: real sockets, real TLS, and every fault that is in the catalogue injected once."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3 import exceptions as failures

from central.app import make_app
from central.runtime import open_central
from satellite.core.site.causes import CAUSES
from serverkit.http.client import name_failure
from serverkit.http.stages import CallFailedError
from tests.world import ACCOUNT, World, call

DAY = timedelta(days=1)


@dataclass
class Certificate:
    """A certificate with its key, in files."""

    file: Path
    pem: str


def certificate(
    folder: Path,
    *,
    name: str = "localhost",
    start: datetime | None = None,
    end: datetime | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Certificate:
    """A certificate that vouches for itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or now - DAY)
        .not_valid_after(end or now + DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{name}-{made.serial_number % 10**8}.pem"
    file.write_bytes(pem.encode() + private)
    return Certificate(file, pem)


Twist = Callable[[int, bytes], tuple[int, bytes]]


@dataclass
class AsgiFront:
    """A TLS server before central, which can be bent."""

    url: str
    twist: Twist | None = None
    request: Callable[[bytes], bytes] | None = None


@contextmanager
def served(
    world: World, cert: Certificate | None, bend: Callable[[ssl.SSLContext], None] = lambda _: None
) -> Iterator[AsgiFront]:
    """Central behind a socket of the loopback; without a certificate it speaks plain HTTP."""
    app = make_app(open_central(world.folder / "central"))
    front = AsgiFront("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer("POST", front.request(body) if front.request else body)

        def do_GET(self) -> None:
            self._answer("GET", b"")

        def _answer(self, method: str, body: bytes) -> None:
            status, headers, data = call(app, method, self.path, body)
            if front.twist is not None and (method == "POST" or self.path != "/healthz"):
                status, data = front.twist(status, data)
            self.send_response(status)
            for name, value in headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that breaks off is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    scheme = "http"
    if cert is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert.file)
        bend(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    front.url = f"{scheme}://127.0.0.1:{server.server_port}"
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def cert(tmp_path: Path) -> Certificate:
    """A good certificate."""
    return certificate(tmp_path)


@pytest.fixture
def front(site: World, cert: Certificate) -> Iterator[AsgiFront]:
    """Central on a socket, and the satellite set to it."""
    with served(site, cert) as made:
        settle(site, made.url, cert)
        yield made


def settle(world: World, url: str, cert: Certificate | None = None, **more: str) -> None:
    """Set the satellite's address of central."""
    words = ["--url", url]
    if cert is not None:
        words += ["--ca", world.file("ca.pem", cert.pem)]
    for name, value in more.items():
        words += [f"--{name}", value]
    world.satellite("sync", "settings", *words)
    world.satellite("setup", "finish", "--mode", "network")


def cause(world: World) -> str:
    """The code with which `sync now` fails; the history and the doctor name the same."""
    code: str = world.satellite("sync", "now", code=1)["error"]["code"]
    newest = world.satellite("sync", "history")["items"]
    step = next(row for row in newest if row["step"] == "network")
    doctor = world.satellite("sync", "doctor", code=1)["cause"]
    assert step["detail"].split(":")[0] == code
    assert doctor["code"] == code
    assert doctor["remedy"]
    assert "satellite_sync_failed" in world.alerts("satellite")
    return code


@pytest.mark.both_databases
@pytest.mark.row("S2.2", "C11.2")
def test_a_site_synchronizes_over_tls_and_by_file_in_any_mixture(site: World, front: AsgiFront) -> None:
    """What went over the network and what was carried by hand follow each other without a gap."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    first = site.satellite("sync", "now")
    device.use("ADVANTAGE", 2)
    site.synchronize("by-hand")
    device.use("ADVANTAGE", 3)
    third = site.satellite("sync", "now")

    assert (first["outcome"], third["outcome"]) == ("applied", "applied")
    assert site.licence("ADVANTAGE")["in_use"] == 3
    assert site.satellite("sync", "doctor")["healthy"]
    assert "satellite_sync_failed" not in site.alerts("satellite")


@pytest.mark.row("S2.2")
def test_an_answer_that_was_lost_is_fetched_by_trying_again(site: World, front: AsgiFront) -> None:
    """The request is the same, so the answer is; nothing is applied twice."""
    site.device("SN1").use("ADVANTAGE", 1)
    front.twist = lambda _status, data: (200, data[: len(data) // 2])
    code = cause(site)
    front.twist = None
    again = site.satellite("sync", "now")

    assert code == "response_truncated"
    assert again["outcome"] == "applied"
    assert site.licence("ADVANTAGE")["in_use"] == 1


def flip(data: bytes) -> bytes:
    """One bit near the end: a letter or digit becomes another, so that the form stays even where the body is empty."""
    at = next(
        at
        for at in range(len(data) - 60, 0, -1)
        if chr(data[at]).isalnum() and chr(data[at] ^ 1).isalnum() and data[at] < 128
    )
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


CONTENT: dict[str, tuple[str, Any]] = {
    "response_altered": ("twist", lambda status, data: (status, flip(data))),
    "response_truncated": ("twist", lambda status, data: (status, data[:-40])),
    "central_busy": ("twist", lambda *_: (503, b'{"code":"busy"}')),
    "gateway_failed": ("twist", lambda *_: (502, b"<html>502 Bad Gateway</html>")),
    "request_malformed": ("twist", lambda *_: (400, b'{"code":"malformed"}')),
    "central_failed": ("twist", lambda *_: (500, b'{"code":"internal_error","detail":"reference 1"}')),
    "rate_limited": ("twist", lambda *_: (429, b"{}")),
    "not_central": ("twist", lambda *_: (404, b"<html>captive</html>")),
    "old_format": ("twist", lambda *_: (400, b'{"code":"unsupported_version"}')),
    "agreement_pending": ("twist", lambda *_: (409, b'{"code":"agreement_pending"}')),
    "refused_by_central": ("twist", lambda *_: (400, b'{"code":"something_new"}')),
    "request_altered": ("request", flip),
    "request_truncated": ("request", lambda data: data[:-40]),
    "request_too_large": ("twist", lambda *_: (413, b'{"code":"too_large"}')),
}


@pytest.mark.row("S2.2", "S2.5")
def test_what_is_wrong_with_the_content_is_named(site: World, front: AsgiFront) -> None:
    """Each fault on the way or at central has its own cause, and the next good attempt works."""
    for code, (where, bend) in CONTENT.items():
        setattr(front, where, bend)
        seen = cause(site)
        front.twist = front.request = None

        assert seen == code
        assert site.satellite("sync", "now")["outcome"] in {"applied", "already_applied"}, code


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A socket that answers with some bytes and closes; None for one that never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        ended = threading.Event()

        def work() -> None:
            while not ended.is_set():
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    if answer is None:
                        ended.wait(5)
                        continue
                    peer.recv(65536)
                    peer.sendall(answer)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            server.close()


def free_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.row("S2.2", "S1.4")
def test_names_and_ports_that_nobody_answers_are_named(site: World) -> None:
    """An unknown name, a port where nothing listens, and the same for the proxy."""
    seen = []
    settle(site, "https://central.invalid")
    seen.append(cause(site))
    settle(site, f"https://127.0.0.1:{free_port()}")
    seen.append(cause(site))
    settle(site, "https://127.0.0.1:443", proxy=f"http://127.0.0.1:{free_port()}")
    seen.append(cause(site))
    settle(site, "https://127.0.0.1:443", proxy="http://proxy.invalid:3128")
    seen.append(cause(site))

    assert seen == ["name_unknown", "refused", "proxy_refused", "proxy_name_unknown"]


@pytest.mark.row("S2.2", "S1.4")
def test_what_answers_in_place_of_central_or_the_proxy_is_named(site: World) -> None:
    """Something without TLS, something without HTTP, a proxy that wants a login, one that forbids."""
    seen = []
    with listening(b"220 mail ready\r\n") as port:
        settle(site, f"https://127.0.0.1:{port}")
        seen.append(cause(site))
        settle(site, f"http://127.0.0.1:{port}")
        seen.append(cause(site))
    for status in (b"407 Proxy Authentication Required", b"403 Forbidden", b"503 Service Unavailable"):
        with listening(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n") as port:
            settle(site, "https://127.0.0.1:443", proxy=f"http://127.0.0.1:{port}")
            seen.append(cause(site))

    assert seen == ["tls_not_spoken", "not_http", "proxy_login", "proxy_denied", "proxy_failed"]


@pytest.mark.row("S2.2", "S1.4")
def test_a_handshake_that_fails_is_not_taken_for_another_protocol(site: World, cert: Certificate) -> None:
    """A server that speaks only an old TLS speaks TLS: the two do not agree."""
    with served(site, cert, _only_old_tls) as front:
        settle(site, front.url, cert)

        assert cause(site) == "tls_failed"


@pytest.mark.row("S2.2")
def test_an_alert_after_the_handshake_is_one_of_tls() -> None:
    """Such as that of a server that wants a certificate of the client, which TLS 1.3 says late."""
    alert = ssl.SSLError(1, "tlsv13 alert certificate required")
    for error in (requests.ConnectionError(alert), requests.exceptions.SSLError(failures.SSLError(alert))):
        with pytest.raises(CallFailedError) as told:
            name_failure(error, 1.0)
        assert told.value.cause == "tls_failed"


def _only_old_tls(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


@pytest.mark.row("S2.2", "S1.4")
def test_every_fault_of_the_certificate_is_named(site: World, tmp_path: Path) -> None:
    """Expired, not valid yet, of another name, of an unknown authority, another than the pinned one."""
    now = datetime.now(UTC)
    bad = {
        "certificate_expired": certificate(tmp_path, start=now - 9 * DAY, end=now - DAY),
        "certificate_not_yet_valid": certificate(tmp_path, start=now + DAY, end=now + 9 * DAY),
        "certificate_name": certificate(tmp_path, name="other.example"),
        "certificate_not_trusted": certificate(tmp_path),
    }
    seen = []
    for code, shown in bad.items():
        with served(site, shown) as front:
            settle(site, front.url, certificate(tmp_path) if code == "certificate_not_trusted" else shown)
            seen.append(cause(site))
    with served(site, bad["certificate_not_trusted"]) as front:
        settle(site, front.url, fingerprint="ab" * 32)
        seen.append(cause(site))

    assert seen == [*bad, "fingerprint_differs"]


@pytest.mark.row("S2.2", "S1.4")
def test_a_pin_follows_a_renewed_certificate_and_no_other_key(site: World, tmp_path: Path) -> None:
    """Central pinned by its certificate is known by its key after the first contact; another key stays refused."""
    key = ec.generate_private_key(ec.SECP256R1())
    first, renewed, foreign = certificate(tmp_path, key=key), certificate(tmp_path, key=key), certificate(tmp_path)
    pin = x509.load_pem_x509_certificate(first.pem.encode()).fingerprint(hashes.SHA256()).hex()
    with served(site, renewed) as front:
        settle(site, front.url, fingerprint=pin)
        assert cause(site) == "fingerprint_differs"  # before the first contact nothing vouches for the key
    with served(site, first) as front:
        settle(site, front.url)
        assert site.satellite("sync", "now")["outcome"] == "applied"
    with served(site, renewed) as front:
        settle(site, front.url)
        assert site.satellite("sync", "now")["outcome"] == "applied"
    with served(site, foreign) as front:
        settle(site, front.url)
        assert cause(site) == "fingerprint_differs"


@pytest.mark.row("S2.2")
def test_central_is_reached_through_a_proxy(site: World, cert: Certificate) -> None:
    """The tunnel carries the same TLS; the proxy sees nothing of it."""
    with served(site, cert) as front, tunnelling() as (port, seen):
        settle(site, front.url, cert, proxy=f"http://user:pass@127.0.0.1:{port}")
        done = site.satellite("sync", "now")
        shown = site.satellite("sync", "settings")

    assert done["outcome"] == "applied"
    assert seen
    assert all(b"CONNECT" in line for line in seen)
    assert "pass" not in str(shown)


@contextmanager
def tunnelling() -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that lets everything through."""
    seen: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(peer: socket.socket) -> None:
        with peer:
            head = peer.recv(65536)
            seen.append(head.split(b"\r\n")[0])
            host, _, port = head.split(b" ")[1].rpartition(b":")
            with socket.create_connection((host.decode(), int(port))) as up:
                peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=pump, args=(up, peer), daemon=True)
                back.start()
                pump(peer, up)
                back.join(10)

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def work() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(peer,), daemon=True).start()

        threading.Thread(target=work, daemon=True).start()
        yield server.getsockname()[1], seen


@pytest.mark.row("S2.2", "S2.6")
def test_what_central_knows_of_a_satellite_is_named(site: World, front: AsgiFront) -> None:
    """Removed, copied, put behind: each its own cause."""
    seen = []
    site.satellite("sync", "now")
    shutil.copytree(site.folder / "satellite", site.folder / "satellite-copy")
    site.device("SN1").use("ADVANTAGE", 1)
    site.satellite("sync", "now")
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "2", home="satellite-copy")
    seen.append(site.satellite("sync", "now", code=1, home="satellite-copy")["error"]["code"])
    site.central("satellite", "remove", ACCOUNT, "North")
    site.device("SN2").use("ADVANTAGE", 1)
    seen.append(site.satellite("sync", "now", code=1)["error"]["code"])

    assert seen == ["duplicate_satellite", "revoked"]


@pytest.mark.row("S2.2", "S2.6")
def test_what_is_wrong_on_this_machine_is_named_without_a_network(site: World) -> None:
    """Nothing configured, restored, a missing key, a clock behind, a root that ended; the doctor needs no network."""
    world, seen = site, []
    world.satellite("init", "--name", "New", "--root", world.file("root.json"), "--lab", home="satellite-new")
    seen.append(world.satellite("sync", "doctor", code=1, home="satellite-new")["cause"]["code"])
    world.sql("satellite", "UPDATE site SET setup_mode = NULL, setup_finished_at = NULL")
    seen.append(world.satellite("sync", "now", code=1)["error"]["code"])
    anchor = next((world.folder / "satellite").rglob("anchor.json"))
    kept = anchor.read_text()
    anchor.write_text(kept.replace('"seq": 0', '"seq": 99'))
    seen.append(world.satellite("sync", "doctor", code=1)["cause"]["code"])
    anchor.write_text("{")
    seen.append(world.satellite("sync", "doctor", code=1)["cause"]["code"])
    anchor.write_text(kept)
    world.satellite("clock", "set", "2020-01-01T00:00:00Z")
    seen.append(world.satellite("sync", "doctor", code=1)["cause"]["code"])
    world.satellite("clock", "set", "2040-01-01T00:00:00Z")
    seen.append(world.satellite("sync", "doctor", code=1)["cause"]["code"])

    assert seen == [
        "not_authorized",
        "not_configured",
        "site_restored",
        "anchor_damaged",
        "clock_behind",
        "root_expired",
    ]


@pytest.mark.row("S2.5", "S2.2")
def test_the_doctor_judges_a_response_file(site: World) -> None:
    """Good, altered, cut, of another kind, of another site: said without applying anything."""
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.found_satellite("South", home="satellite-2", pool="South")
    for home, mark in (("satellite", "a"), ("satellite-2", "b")):
        site.satellite("sync", "export", "--output", site.file(f"q-{mark}"), home=home)
        site.central("sync", "import", site.file(f"q-{mark}"), "--output", site.file(f"r-{mark}"))
    good = (site.folder / "r-a").read_bytes()
    files = {
        "response_altered": flip(good),
        "response_truncated": good[:-20],
        "wrong_file": (site.folder / "q-a").read_bytes(),
        "wrong_site": (site.folder / "r-b").read_bytes(),
    }
    healthy = site.satellite("sync", "doctor", site.file("r-a"))["healthy"]
    seen = {c: site.satellite("sync", "doctor", site.file(c, d), code=1)["cause"]["code"] for c, d in files.items()}

    assert healthy
    assert seen == {code: code for code in files}
    assert site.satellite("status")["applied_response"] == 0


@pytest.mark.row("S2.2")
def test_the_schedule_synchronizes_by_itself_and_backs_off_after_failures(site: World, front: AsgiFront) -> None:
    """At its hour it runs; after a failure it tries again sooner, and the history shows each attempt."""
    site.satellite("sync", "settings", "--every", "daily", "--at", "03:00", "--zone", "UTC")
    site.advance("1d")
    ran = site.satellite("jobs", "run", "synchronize")["detail"]
    idle = site.satellite("jobs", "run", "synchronize")["detail"]
    front.twist = lambda *_: (503, b'{"code":"busy"}')
    site.advance("1d")
    failed = site.satellite("jobs", "run", "synchronize")["detail"]
    early = site.satellite("jobs", "run", "synchronize")["detail"]
    front.twist = None
    site.advance("6m")
    healed = site.satellite("jobs", "run", "synchronize")["detail"]

    assert (ran, failed, healed) == ("applied", "failed: central_busy", "applied")
    assert idle.startswith("next at")
    assert early.startswith("next at")


@pytest.mark.row("S1.4")
def test_settings_that_cannot_be_are_refused(site: World) -> None:
    """Each with the name of the setting; the old ones stay."""
    before = site.satellite("sync", "settings")
    for option, value in (
        ("--url", "central"), ("--url", "ftp://x"), ("--url", "https://u@x"), ("--url", "https://x:99999"),
        ("--fingerprint", "12"), ("--at", "25:00"), ("--zone", "Mars/Base"), ("--proxy", "socks://x"),
    ):  # fmt: skip
        refused = site.satellite("sync", "settings", option, value, code=1)["error"]

        assert refused["code"] == "invalid_sync_setting", value
        assert refused["message"].startswith(option[2:]), value
    assert site.satellite("sync", "settings") == before


@pytest.mark.row("S1.4")
@pytest.mark.parametrize(("every", "day", "other"), [("weekly", "tuesday", "3"), ("monthly", "3", "tuesday")])
def test_a_day_of_the_week_has_a_name_and_one_of_the_month_a_number(
    site: World, every: str, day: str, other: str
) -> None:
    """A number is never taken for a weekday, nor a weekday for a number; the day that was set stays."""
    site.satellite("sync", "settings", "--every", every, "--day", day)
    refused = site.satellite("sync", "settings", "--day", other, code=2)["error"]

    assert refused["code"] == "usage"
    assert str(site.satellite("sync", "settings")["day"]) == day


@pytest.mark.row("S2.2")
def test_the_catalogue_names_more_than_twenty_five_causes_each_with_a_remedy() -> None:
    """No two share a code, and none lacks a place, a meaning or a remedy."""
    assert len(CAUSES) >= 25
    assert all(cause.stage and cause.meaning and cause.remedy for cause in CAUSES.values())
