"""A vendor, a customer, a site and its devices in one process: the same commands and bytes, without the waiting."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from sqlalchemy import text

import central.cli
import satellite.cli
from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import ServerUnreachableError
from agent.joining import RegistrationRequest
from agent.transport import Reply, Server
from central.device_api.app import make_app as central_app
from central.runtime import open_central
from exchange.identity import Udi
from satellite.device_api.app import make_app as satellite_app
from satellite.runtime import open_satellite
from serverkit.actor import SYSTEM
from serverkit.devices.asgi_front import Application, AsgiFront
from serverkit.devices.messages import DeviceHttp
from tests.front import ask, front_of, whole_front

ACCOUNT = "customer.example"
CATALOGUE = """kind,tag,name,restricted
entitlement,ADVANTAGE,Advantage,
entitlement,ESSENTIALS,Essentials,
entitlement,STRONG,Strong encryption,yes
"""
ORDERS = """virtual_account,tag,quantity,order_number,order_line
Site,ADVANTAGE,3,O-1,1
Site,STRONG,2,O-1,2
Spare,ADVANTAGE,10,O-1,3
"""
App = AsgiFront | Application | Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class Wire:
    """Carries messages to an application in this process; `cut` loses requests, `deaf` loses answers."""

    app: AsgiFront
    cut: bool = False
    deaf: bool = False

    def post(self, path: str, body: bytes) -> Reply:
        """Hand a message over and return what the application says."""
        if self.cut:
            raise ServerUnreachableError("the wire is cut")
        status, headers, data = call(self.app, "POST", path, body)
        if self.deaf:
            raise ServerUnreachableError("the answer was lost")
        wait = headers.get("retry-after")
        return Reply(status, data, int(wait) if wait else None)


def call(
    app: App, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Call a server through its front, or a WSGI application; returns status, headers (lower case) and body."""
    if isinstance(app, (Application, AsgiFront)):
        return ask(app if isinstance(app, AsgiFront) else whole_front(app), method, path, body, headers)
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": f"{path}?{query}",
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    seen: dict[str, Any] = {}

    def start(status: str, found: list[tuple[str, str]], _error: Any = None) -> None:
        seen.update(status=int(status.split(maxsplit=1)[0]), headers={name.lower(): value for name, value in found})

    data = b"".join(app(environ, start))
    return seen["status"], seen["headers"], data


@dataclass
class World:
    """Homes of central, satellite and devices in one folder; `central` and `satellite` run commands."""

    folder: Path
    new_database: Callable[..., str] | None = None
    _apps: dict[str, Wire] = field(default_factory=dict)

    def run(self, main: Callable[[list[str]], None], home: str, *words: str, code: int = 0) -> dict[str, Any]:
        """Run a command in this process; the exit code is part of the claim."""
        if words[:1] == ("init",) and self.new_database is not None:
            self._give_database(home, "central" if main is central.cli.main else "satellite")
        out = io.StringIO()
        ended: int | str | None = None
        with redirect_stdout(out):
            try:
                main(["--home", str(self.folder / home), "--json", "--no-input", *words])
            except SystemExit as error:
                ended = error.code
        assert ended == code, f"{home} {' '.join(words)}: exit {ended}: {out.getvalue()}"
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

    def _give_database(self, home: str, program: str) -> None:
        """Have a new home keep its data in a PostgreSQL database of its own."""
        settings = self.folder / home / "config.toml"
        if self.new_database is None or settings.exists():
            return
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(f'[database]\nurl = "{self.new_database(program)}"\n', encoding="utf-8")

    def sql(self, home: str, statement: str) -> None:
        """Change a server's database behind its back."""
        made = open_central(self.folder / home) if home == "central" else open_satellite(self.folder / home)
        with made.database.write(SYSTEM) as unit:
            unit.session.execute(text(statement))
        made.database.dispose()

    def central(self, *words: str, code: int = 0) -> dict[str, Any]:
        """A command of central; the job that looks at alerts every day is run where the clock was moved."""
        found = self.run(central.cli.main, "central", *words, code=code)
        if words[:2] in {("clock", "advance"), ("clock", "set")} and code == 0:
            self.run(central.cli.main, "central", "jobs", "run", "alerts")
        return found

    def satellite(self, *words: str, code: int = 0, home: str = "satellite") -> dict[str, Any]:
        """A command of the satellite; the job that time would run before alerts are listed is run here."""
        if words[:1] == ("alerts",) and code == 0:
            self.run(satellite.cli.main, home, "jobs", "run", "alerts")
        return self.run(satellite.cli.main, home, *words, code=code)

    def file(self, name: str, text: str | bytes | None = None) -> str:
        """Where a file of this world is; writes it when a content is given."""
        path = self.folder / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        elif text is not None:
            path.write_text(text, encoding="utf-8")
        return str(path)

    def found_central(self, *, export_allowed: bool = True, orders: str = ORDERS) -> None:
        """Set central up with catalogue, account and orders."""
        self.central("init", "--vendor", "Example Vendor", "--root-keys", self.file("root-keys"), "--lab")
        self.central("root", "export", "--output", self.file("root.json"))
        allowed = ("--export-allowed",) if export_allowed else ()
        self.central("account", "create", ACCOUNT, "--name", "Customer", *allowed)
        self.central("agreement", "accept", ACCOUNT)
        for name in ("Site", "Spare"):
            self.central("virtual-account", "create", ACCOUNT, name)
        self.central("catalogue", "import", self.file("catalogue.csv", CATALOGUE))
        self.central("order", "import", ACCOUNT, self.file("orders.csv", orders))

    def found_satellite(self, name: str = "North", home: str = "satellite", pool: str = "Site") -> None:
        """Set a satellite up and have it authorized by files."""
        self.satellite("init", "--name", name, "--root", self.file("root.json"), "--lab", home=home)
        self.satellite("registration", "export", "--output", self.file("registration"), home=home)
        add = ("satellite", "add", ACCOUNT, "--name", name, "--virtual-account", pool)
        self.central(*add, "--registration", self.file("registration"))
        self.central("satellite", "authorize", ACCOUNT, name, "--output", self.file("authorization"))
        self.satellite("registration", "import", self.file("authorization"), home=home)
        self.satellite("setup", "finish", "--mode", "manual", home=home)

    def synchronize(self, mark: str = "sync", *words: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """One round trip by file."""
        request, response = self.file(f"request-{mark}"), self.file(f"response-{mark}")
        made = self.satellite("sync", "export", "--output", request, *words)
        answered = self.central("sync", "import", request, "--output", response)
        return made, answered, self.satellite("sync", "import", response)

    def wire(self, server: str = "satellite") -> Wire:
        """The way to a server's device protocol."""
        if server not in self._apps:
            home = self.folder / server
            app: DeviceHttp[Any]
            app = central_app(open_central(home)) if server == "central" else satellite_app(open_satellite(home))
            self._apps[server] = Wire(front_of(app))
        return self._apps[server]

    def token(self, server: str = "satellite", *, export: bool = True, pool: str = "Site") -> str:
        """A token for devices of a server."""
        words = ["--virtual-account", pool, "--days", "300", *(["--export-controlled"] if export else [])]
        made = (
            self.central("token", "create", ACCOUNT, *words)
            if server == "central"
            else self.satellite("token", "create", *words, home=server)
        )
        return str(made["token"])

    def device(self, serial: str, server: str = "satellite", token: str | None = None, **more: Any) -> Device:
        """A device that registered."""
        device = self.unregistered(serial, server)
        registration_request = RegistrationRequest(
            token=token or self.token(server), udi=Udi(pid="SW-48", serial=serial), **more
        )
        device.register(
            registration_request, (self.folder / "root.json").read_bytes(), Server("https://in.process", None, None)
        )
        return device

    def unregistered(self, serial: str, server: str = "satellite") -> Device:
        """A device that knows nothing yet."""
        folder = self.folder / "devices" / serial
        folder.mkdir(parents=True, exist_ok=True)
        return Device(folder, clock=DeviceClock(folder), transport=lambda _server: self.wire(server))

    def advance(self, duration: str, *devices: Device) -> None:
        """Move every clock on."""
        self.central("clock", "advance", duration)
        for home in self.folder.glob("satellite*"):
            if home.is_dir():
                self.satellite("clock", "advance", duration, home=home.name)
        from agent.clock import parse_duration

        for device in devices:
            device.clock.advance(parse_duration(duration))

    def alerts(self, side: str = "central") -> set[str]:
        """The kinds of the open alerts of a side."""
        found = self.central("alerts", ACCOUNT) if side == "central" else self.satellite("alerts", home=side)
        return {alert["kind"] for alert in found["items"]}

    def licence(self, tag: str, side: str = "central", pool: str = "Site") -> dict[str, Any]:
        """One row of the licences of a side."""
        found = self.central("licences", ACCOUNT) if side == "central" else self.satellite("licences", home=side)
        row: dict[str, Any] = next(x for x in found["items"] if (x["tag"], x["virtual_account"]) == (tag, pool))
        return row

    def close(self) -> None:
        """Let go of what the applications hold."""
        self._apps.clear()
