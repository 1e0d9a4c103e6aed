"""The TLS certificate is watched: its end, the names that devices use, and files that cannot be used (both servers)."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from central.app import make_app as central_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from serverkit.devices.asgi_front import AsgiFront
from tests.certificates import issue
from tests.world import World

SERVERS = ("central", "satellite")
KINDS = {"tls_pair_unusable", "tls_certificate_ending", "tls_names_missing"}


def _now(world: World) -> datetime:
    return datetime.fromisoformat(world.central("clock", "show")["now"]).astimezone(UTC)


def _look(world: World, program: str) -> set[str]:
    run = world.central if program == "central" else world.satellite
    run("jobs", "run", "tls")
    return world.alerts(program) & KINDS


@pytest.mark.row("S3.2", "C10.2")
@pytest.mark.parametrize("program", SERVERS)
def test_the_end_of_a_dropped_in_certificate_is_told_and_clears_with_the_next(site: World, program: str) -> None:
    """Nothing at first; an alert from 30 days before the end and after it; none once a new one is there."""
    home = site.folder / program
    issue(_now(site), "licences.example", days=40).put(home)
    assert _look(site, program) == set()
    site.advance("11d")
    assert _look(site, program) == {"tls_certificate_ending"}
    site.advance("30d")
    assert _look(site, program) == {"tls_certificate_ending"}
    issue(_now(site), "licences.example", days=90).put(home)
    assert _look(site, program) == set()


@pytest.mark.row("S3.2", "C10.2")
@pytest.mark.parametrize("program", SERVERS)
def test_files_that_cannot_be_used_are_an_alert_until_they_can(site: World, program: str) -> None:
    """A key of another certificate is an alert; the right one clears it."""
    home = site.folder / program
    one, other = issue(_now(site), "one.example"), issue(_now(site), "other.example")
    one.put(home)
    (home / "tls" / "server.key").write_bytes(other.key)
    assert _look(site, program) == {"tls_pair_unusable"}
    one.put(home)
    assert _look(site, program) == set()


@pytest.mark.row("S3.2", "C10.2")
@pytest.mark.parametrize("program", SERVERS)
def test_a_name_that_devices_use_and_the_certificate_lacks_is_an_alert(site: World, program: str) -> None:
    """A device's taken message tells the name; a certificate with that name clears the alert; strangers tell nothing."""
    home = site.folder / program
    issue(_now(site), "one.example").put(home)
    taken: list[tuple[str, bytes]] = []
    wire = site.wire(program)
    sent = wire.post

    def kept(path: str, body: bytes) -> Any:
        taken.append((path, body))
        return sent(path, body)

    wire.post = kept  # type: ignore[method-assign]
    site.device("A1", program, token=site.token(program, pool="Spare" if program == "central" else "Site"))
    path, message = taken[-1]

    assert _post(site, program, path, b"{}", "stranger.example") == 400
    assert _look(site, program) == set()
    assert _post(site, program, path, message, "Two.example:8443") == 200
    assert _post(site, program, path, message, "[2001:db8::7]:8443") == 200
    assert _look(site, program) == {"tls_names_missing"}
    issue(_now(site), "*.example", "2001:db8::7").put(home)
    assert _look(site, program) == set()


def _post(world: World, program: str, path: str, body: bytes, host: str) -> int:
    """One message of a device over the front of a server."""
    made: Any = open_central(world.folder / program) if program == "central" else open_satellite(world.folder / program)
    app = central_app(made) if program == "central" else satellite_app(made)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(b"host", host.encode())],
            "client": ("192.0.2.1", 1),
        }
        await AsgiFront(app, threads=1, behind_proxy=False)(scope, receive, send)
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(run())
    made.database.dispose()
    status: int = sent[0]["status"]
    return status


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("program", SERVERS)
def test_a_key_that_waits_for_its_certificate_is_never_overwritten(site: World, program: str) -> None:
    """Neither the job nor a refused start touches it; the certificate that comes for it is used."""
    home = site.folder / program
    run = site.central if program == "central" else site.satellite
    waiting = issue(_now(site), "one.example")
    waiting.put(home)
    (home / "tls" / "server.crt").unlink()
    assert _look(site, program) == {"tls_pair_unusable"}
    run("serve", "--bind", "127.0.0.1:0", "--no-jobs", code=1)
    assert (home / "tls" / "server.key").read_bytes() == waiting.key
    (home / "tls" / "server.crt").write_bytes(waiting.certificate)
    assert _look(site, program) == set()
    assert (home / "tls" / "server.key").read_bytes() == waiting.key


@pytest.mark.row("S3.2")
def test_configured_names_are_in_the_own_certificate_and_asked_of_another(site: World) -> None:
    """`server.names` holds host names and addresses; what is neither stops every command."""
    from serverkit.tls.own import ensure_pair

    home = site.folder / "central"
    settings = home / "config.toml"
    settings.write_text('[server]\nnames = ["Licences.Example", "192.0.2.7", "2001:DB8::7"]\n', encoding="utf-8")
    ensure_pair(home / "tls", _now(site))
    assert site.central("jobs", "run", "tls")["detail"] == "renewed"
    own = x509.load_pem_x509_certificate((home / "tls" / "server.crt").read_bytes())
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "licences.example" in names.get_values_for_type(x509.DNSName)
    assert {"192.0.2.7", "2001:db8::7"} <= {str(one) for one in names.get_values_for_type(x509.IPAddress)}

    issue(_now(site), "licences.example").put(home)
    assert _look(site, "central") == {"tls_names_missing"}
    lacking = next(
        row for row in site.central("alerts", "customer.example")["items"] if row["kind"] == "tls_names_missing"
    )
    assert sorted(lacking["subject"]["names"]) == ["192.0.2.7", "2001:db8::7"]
    settings.write_text('[server]\nnames = ["https://x"]\n', encoding="utf-8")
    assert "server.names" in json.dumps(site.central("alerts", "customer.example", code=1))
