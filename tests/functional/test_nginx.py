"""The shipped configuration of nginx: Debian's nginx takes it, and devices go on while hundreds of clients dawdle."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.devices import BenchDevice
from tests.bench.devices import http as request_of
from tests.bench.servers import Server, send, serving
from tests.certificates import issue
from tests.console import NOW
from tests.world import World

PACKAGING = Path(__file__).resolve().parents[2] / "packaging" / "nginx"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
SLOW = 500
pytestmark = [pytest.mark.system, pytest.mark.skipif(NGINX is None, reason="Debian's nginx is not installed")]


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def configured(name: str, folder: Path, server: str, ports: tuple[int, int]) -> Path:
    """The shipped configuration with places of a test, and around it what Debian's nginx.conf has."""
    pair = issue(NOW, "localhost")
    (folder / "server.crt").write_bytes(pair.certificate)
    (folder / "server.key").write_bytes(pair.key)
    text = (PACKAGING / f"perigee-{name}.conf").read_text("utf-8")
    plain = 8080 if name == "satellite" else 80
    for old, new in (
        (f"unix:/run/perigee-{name}/http.sock", server),
        (f"/var/lib/perigee-{name}/tls", str(folder)),
        (f"/var/lib/nginx/perigee-{name}", str(folder / "cache")),
        ("listen 443 ", f"listen 127.0.0.1:{ports[0]} "),
        (f"listen {plain} ", f"listen 127.0.0.1:{ports[1]} "),
    ):
        assert old in text, old
        text = text.replace(old, new)
    lines = [line for line in text.splitlines() if "listen [::]" not in line]
    whole = folder / "nginx.conf"
    temporary = "\n".join(
        f"{one}_temp_path {folder}/{one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole.write_text(
        f"worker_processes 2;\ndaemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        "events { worker_connections 4096; }\n"
        f"http {{\naccess_log off;\n{temporary}\n" + "\n".join(lines) + "\n}\n"
    )
    return whole


@contextmanager
def running(configuration: Path, port: int) -> Iterator[None]:
    """Nginx with a configuration, ended when the block ends."""
    assert NGINX is not None
    process = subprocess.Popen([NGINX, "-c", str(configuration), "-p", str(configuration.parent)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def dawdle(stack: ExitStack, port: int, count: int) -> list[ssl.SSLSocket]:
    """Clients that send the half of a head, every fifth the half of a body, and then nothing."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    slow = []
    for number in range(count):
        raw = socket.create_connection(
            ("127.0.0.1", port), timeout=30, source_address=(f"127.0.1.{1 + number % 100}", 0)
        )
        one = stack.enter_context(context.wrap_socket(raw))
        head = b"POST /device/v1/authorize HTTP/1.1\r\nHost: x\r\n"
        one.sendall(head if number % 5 else head + b"Content-Length: 100\r\n\r\n{")
        slow.append(one)
    return slow


@pytest.mark.row("B16", "S4.1")
def test_devices_go_on_behind_nginx_while_500_clients_dawdle(site: World) -> None:
    """TLS 1.1 is refused, port 8080 leads on, large bodies are refused early, and every device is answered."""
    folder = site.folder / "nginx"
    folder.mkdir()
    ports = free_port(), free_port()
    token = site.token()
    with ExitStack() as stack:
        server = stack.enter_context(serving("satellite", site.folder / "satellite", tls=False))
        configuration = configured("satellite", folder, f"127.0.0.1:{server.port}", ports)
        assert NGINX is not None
        subprocess.run([NGINX, "-t", "-q", "-c", str(configuration), "-p", str(folder)], check=True, timeout=30)
        stack.enter_context(running(configuration, ports[0]))
        slow = dawdle(stack, ports[0], SLOW)
        front: Server = replace(server, port=ports[0], tls=True)
        devices = [BenchDevice(number) for number in range(100)]
        lanes = [[request_of("register", one.register(token)) for one in devices[at::10]] for at in range(10)]
        outcome = send(site.folder, front, lanes)
        assert outcome.statuses == {200: 100}
        assert outcome.broken == 0
        assert all(one.fileno() >= 0 for one in slow)

        plain = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=10)
        plain.request("GET", "/any", headers={"Host": "site.example:8080"})
        way = plain.getresponse()
        assert (way.status, way.getheader("Location")) == (308, "https://site.example/")
        assert "/" not in (way.getheader("Server") or "")  # no version
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        secure = http.client.HTTPSConnection("127.0.0.1", ports[0], timeout=30, context=context)
        secure.request("POST", "/device/v1/authorize", headers={"Content-Length": str(5 * 1024**2)})
        assert secure.getresponse().status == 413
        secure.close()
        secure.request("GET", "/healthz", headers={"X-Forwarded-For": "192.0.2.1"})
        answer = secure.getresponse()
        assert (answer.status, len(answer.headers.get_all("Strict-Transport-Security") or [])) == (200, 1)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLS"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", ports[0]), timeout=10) as raw:
            old.wrap_socket(raw)


@pytest.mark.row("B16", "C1.1")
def test_debians_nginx_takes_the_configuration_of_central(tmp_path: Path) -> None:
    """`nginx -t` finds no fault in it."""
    assert NGINX is not None
    configuration = configured("central", tmp_path, "127.0.0.1:1", (free_port(), free_port()))
    subprocess.run([NGINX, "-t", "-q", "-c", str(configuration), "-p", str(tmp_path)], check=True, timeout=30)
