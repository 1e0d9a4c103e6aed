"""Settings are read strictly: what cannot be is refused with a code that names it, never guessed and never a traceback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.errors import InvalidInputError
from agent.transport import Server
from central.app import make_app as make_central
from central.runtime import open_central
from satellite.app import make_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, central_token, satellite_token
from tests.world import World

GOOD_TIMES = ("00:00", "03:30", "23:59")
BAD_TIMES = (
    "3:30",
    "03.30",
    "03:30+09:00",
    "24:00",
    "",
    "0330",
    "03",
    "T03:30",
    "03:60",
    "٠٣:٣٠",
    " 03:30",
    "03:30:00",
)
GOOD_ZONES = ("Europe/Vienna", "UTC", "America/Argentina/Buenos_Aires")
BAD_ZONES = ("", "CET+1", "Mars/Base", "Europe", "europe/vienna", "../UTC", "/etc/localtime", "localtime", "+02:00")
GOOD_URLS = (
    "https://[::1]:8443", "https://central.example", "https://192.0.2.1:443/base", "https://xn--zrich-kva.example:8443",
    "HTTPS://central.example:1",
)  # fmt: skip
BAD_URLS = (
    "https://[::1", "https://::1]", "https://[::1]x:1", "https://[::1]]:1", "https://[1::2::3]", "https://", "central",
    "https://:8443", "https://x:", "https://x:0", "https://x:99999", "https://x:" + "9" * 5000, "https://x:٣",
    "https://u@x", "https://x?a=b", "https://x#a", "https://x y", "https://-x", "https://1.2.3", "https://300.1.1.1",
    "https://zürich.example", "ftp://x", "//x", "https:/x", "https:///x", "https://x\\y", "https://::1:8443",
)  # fmt: skip
GOOD_PROXIES = (
    "http://proxy:3128",
    "http://user:p%40ss@proxy:3128",
    "http://user@proxy",
    "http://%C3%BCser:p%C3%A4@proxy",
    "http://[::1]:3128/",
    "http://u:@p",
)
ENCODED = (
    "http://user:p@ss@proxy:3128", "http://user:p#ss@proxy:3128", "http://user:p/ss@proxy:3128",
    "http://user:p:ss@proxy:3128", "http://user:p%zz@proxy:3128", "http://us er:x@proxy:3128", "http://u:p?@proxy:3128",
    "http://user:pä@proxy:3128", "http://üser:p@proxy:3128",
)  # fmt: skip
BAD_PROXIES = (
    *ENCODED,
    "socks5://proxy:1080",
    "https://proxy:3128",
    "proxy:3128",
    "http://[::1",
    "http://proxy/path",
    "http://",
    "http://user:p%E4@proxy:3128",
    "http://@proxy:3128",
    "http://:secret@proxy:3128",
    "http://us%3Aer:p@proxy:3128",
    "http://user:p%0D%0Aq@proxy:3128",
    "http://user:p%00@proxy:3128",
)


@pytest.mark.row("S1.4", "S1.3")
def test_times_zones_and_addresses_are_taken_in_one_form_by_command_and_rest_alike(site: World) -> None:
    """What is right is kept as it was given; all else is refused with the setting named, and nothing changes."""
    api = Api(make_app(open_satellite(site.folder / "satellite")), satellite_token(site))
    tables = {
        "at": (GOOD_TIMES, BAD_TIMES),
        "zone": (GOOD_ZONES, BAD_ZONES),
        "url": (GOOD_URLS, BAD_URLS),
        "proxy": (GOOD_PROXIES, BAD_PROXIES),
    }
    for name, (good, bad) in tables.items():
        for value in good:
            site.satellite("sync", "settings", f"--{name}", value)
            status, shown = api.ask("PATCH", "/sync/settings", {name: value})
            assert status == 200, (name, value)
            assert name == "proxy" or shown[name] == value
        kept = site.satellite("sync", "settings")
        for value in bad:
            error = site.satellite("sync", "settings", f"--{name}", value, code=1)["error"]
            assert error["code"] == "invalid_sync_setting", (name, value)
            assert error["message"].startswith(f"{name}: "), (name, value)
            assert "ss@" not in error["message"]
            status, problem = api.ask("PATCH", "/sync/settings", {name: value})
            assert (status, bool(problem["code"])) == (422, True), (name, value)
        assert site.satellite("sync", "settings") == kept
    assert "03:30" in site.satellite("sync", "settings", "--at", "03.30", code=1)["error"]["message"]
    assert "Europe/Vienna" in site.satellite("sync", "settings", "--zone", "europe/vienna", code=1)["error"]["message"]
    for value in ENCODED:
        assert "%40" in site.satellite("sync", "settings", "--proxy", value, code=1)["error"]["message"], value


@pytest.mark.row("S1.3")
def test_zone_and_time_servers_are_read_strictly_at_both_servers(site: World) -> None:
    """By command and by REST, at central and at the satellite, the same are refused."""
    site.central("user", "add", "root", "--role", "vendor_administrator")
    key = central_token(site, "write")
    servers: tuple[tuple[Any, Api], ...] = (
        (site.satellite, Api(make_app(open_satellite(site.folder / "satellite")), satellite_token(site))),
        (site.central, Api(make_central(open_central(site.folder / "central")), key)),
    )
    for run, api in servers:
        run("time", "settings", "--zone", "Europe/Vienna", "--server", "[2001:db8::1]:123", "--server", "2001:db8::2")
        for zone in BAD_ZONES:
            assert run("time", "settings", "--zone", zone, code=1)["error"]["code"] == "invalid_time_setting", zone
            assert api.ask("PATCH", "/time/settings", {"zone": zone})[0] == 422, zone
        for server in ("[::1", "::1]", "x:", "x:0", "x:" + "9" * 5000, "a b", "x:١٢٣", "[x]:1", "1.2.3"):
            assert run("time", "settings", "--server", server, code=1)["error"]["code"] == "invalid_time_setting", (
                server
            )
            assert api.ask("PATCH", "/time/settings", {"servers": [server]})[0] == 422, server


@pytest.mark.row("S1.4")
def test_a_site_outside_a_laboratory_is_never_synchronized_without_tls(empty_world: World) -> None:
    """`http://` is refused there, by name; a laboratory may use it."""
    world = empty_world
    world.central("init", "--vendor", "Real", "--root-keys", world.file("root-keys"))
    world.central("root", "export", "--output", world.file("root.json"))
    world.satellite("init", "--name", "North", "--root", world.file("root.json"))
    error = world.satellite("sync", "settings", "--url", "http://central.example:8080", code=1)["error"]
    assert error["code"] == "invalid_sync_setting"
    assert error["message"] == "url: http:// is for laboratories only; https:// is needed"
    world.satellite("sync", "settings", "--url", "https://central.example:8080")


@contextmanager
def proxy(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """What gives every caller the same answer, and keeps what it asked."""
    seen: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def work() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    seen.append(peer.recv(65536))
                    peer.sendall(answer)

        threading.Thread(target=work, daemon=True).start()
        yield server.getsockname()[1], seen


@pytest.mark.row("S2.2", "S1.4")
def test_a_refused_login_at_the_proxy_is_told_from_a_missing_one(site: World) -> None:
    """407 means something else where a login is set; CONNECT names an IPv6 central in brackets, the login decoded."""
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as (port, seen):
        causes = []
        for login in ("", "user:p%40ss@"):
            words = ("--url", "https://[2001:db8::1]:8443", "--proxy", f"http://{login}127.0.0.1:{port}")
            site.satellite("sync", "settings", *words)
            causes.append(site.satellite("sync", "doctor", code=1)["cause"])
    assert [cause["code"] for cause in causes] == ["proxy_login", "proxy_login_refused"]
    assert "percent-encoded" in causes[1]["remedy"]
    assert seen[0].startswith(b"CONNECT [2001:db8::1]:8443 HTTP/1.")
    assert b"Basic dXNlcjpwQHNz" in seen[-1]  # user:p@ss
    assert "p@ss" not in json.dumps(causes)
    assert "p%40ss" not in json.dumps(causes)


@pytest.mark.row("D1")
def test_a_device_reads_its_servers_address_strictly() -> None:
    """What is not an address is refused before a message is made."""
    for value in (*GOOD_URLS, "http://127.0.0.1:8443"):
        Server(value)
    for value in BAD_URLS:
        with pytest.raises(InvalidInputError, match="is not an address"):
            Server(value)


FILES = {
    '[server]\nbnid = "127.0.0.1:1"': ("server.bnid", "server.bind", 2),
    'bind = "127.0.0.1:1"': ("bind", "server.bind", 1),
    '[sever]\nbind = "127.0.0.1:1"': ("sever", "server", 1),
    '\n\n[log]\nlevels = "info"': ("log.levels", "log.level", 4),
    '[log]\nbind = "127.0.0.1:1"': ("log.bind", "server.bind", 2),
    '[server]\nbind = "[::1"': ("server.bind", "brackets", 2),
    '[server]\nbind = "8443"': ("server.bind", "HOST:PORT", 2),
    "[server]\nbind = 8443": ("server.bind", "string", 2),
    '[server]\nworkers = "2"': ("server.workers", "integer", 2),
    "[server]\nworkers = 0": ("server.workers", "greater", 2),
    "[database]\nbusy_seconds = nan": ("database.busy_seconds", "600", 2),
    '[log]\nlevel = "loud"': ("log.level", "debug", 2),
    '[anchor]\nfolder = "here"': ("anchor.folder", "absolute", 2),
    "server = 1": ("server", "section", 1),
}
DATABASES = (
    "postgresql://[::1",
    "postgresql://h:port/x",
    "http://x",
    "x",
    "sqlite://",
    "sqlite:///a?b=c",
    "sqlite:///:memory:",
)


@pytest.mark.row("S1.5")
def test_a_wrong_setting_in_the_file_is_named_with_its_line_and_the_nearest_right_name(site: World) -> None:
    """Both servers' commands end with `invalid_setting`, and none begins with half of its settings."""
    homes = {
        "central": lambda: site.central("account", "list", code=1),
        "satellite": lambda: site.satellite("status", code=1),
    }
    extra = {
        "central": {
            '[mail]\npasswort_file = "/x"': ("mail.passwort_file", "mail.password_file", 2),
            '[mail]\nhost = "a b"': ("mail.host", "host", 2),
            '[mail]\nhost = "mail:25"': ("mail.host", "mail.port", 2),
            '[mail]\nsender = "nobody"': ("mail.sender", "mail address", 2),
            f'[mail]\nsender = "{"x" * 250}@site.example"': ("mail.sender", "255", 2),
            '[mail]\nca_file = "ca.pem"': ("mail.ca_file", "absolute path", 2),
            '[mail]\npassword_file = "https://h/password"': ("mail.password_file", "absolute path", 2),
            '[mail]\nuser = "a\\nb"': ("mail.user", "control characters", 2),
            '[portal]\naddress = "https://[::1"': ("portal.address", "brackets", 2),
            '[portal]\naddress = "https://central.example:99999"': ("portal.address", "65535", 2),
            '[portal]\naddress = "https://anna:word@central.example"': ("portal.address", "no user name", 2),
            '[portal]\naddress = "https://central.example/?a=b"': ("portal.address", "without query", 2),
            '[portal]\nexport_page = "https://vendor.example:x/a?b=c"': ("portal.export_page", "port", 2),
            '[portal]\ncontracts_page = "https://vendor.example/a?b c"': (
                "portal.contracts_page",
                "percent-encoded",
                2,
            ),
            "[mail]\nport = 70000": ("mail.port", "65535", 2),
        },
        "satellite": {},
    }
    for program, run in homes.items():
        file = site.folder / program / "config.toml"
        for text, (key, near, line) in {**FILES, **extra[program]}.items():
            file.write_text(text, encoding="utf-8")
            error = run()["error"]
            assert error["code"] == "invalid_setting", text
            assert error["message"].startswith(f"{key}: "), (text, error)
            assert near in error["message"], (text, error)
            assert error["message"].endswith(f"(config.toml, line {line})"), (text, error)
        for address in DATABASES:
            file.write_text(f'[database]\nurl = "{address}"', encoding="utf-8")
            error = run()["error"]
            assert error["code"] == "invalid_setting", (address, error)
        for raw in (b"\xff\xfe[\x00l\x00o\x00g\x00]\x00", b"[log", b'[log]\nlevel = "info"\nlevel = "info"'):
            file.write_bytes(raw)
            assert run()["error"]["code"] == "invalid_setting", raw
        if program == "central":
            pages = "export_page = 'https://v.example/a?b=c&d=%20#e'\ncontracts_page = 'https://[::1]:8443/#x'"
            file.write_text(f"[portal]\naddress = 'https://c.example:8443/x'\n{pages}", encoding="utf-8")
            site.central("account", "list")
        file.write_bytes(b'\xef\xbb\xbf[log]\r\nlevel = "info"\r\n')
        (site.central if program == "central" else site.satellite)("jobs", "list")  # a byte order mark does no harm


@pytest.mark.row("C10.4")
def test_every_setting_of_the_page_can_stand_in_the_file(site: World, tmp_path: Path) -> None:
    """Paths too: a file says them as texts."""
    (tmp_path / "password").write_text("secret word")
    text = f'[mail]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\npassword_file = "{tmp_path}/password"\nca_file = "{tmp_path}/ca"'
    (site.folder / "central" / "config.toml").write_text(text)
    assert site.central("mail", "list")["items"] == []
