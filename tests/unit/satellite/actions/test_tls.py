"""The certificate of a satellite: its own, and one that was requested here and issued by an authority."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_csr
from cryptography.x509.oid import ExtendedKeyUsageOID

from satellite.actions.event_log import list_events
from satellite.actions.tls import ACTS
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.errors import AppError
from serverkit.tls import swap
from serverkit.tls.errors import TlsCertificateRefusedError, TlsKeyWaitsError, TlsNotOwnError
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from tests.certificates import issue, sign
from tests.unit.satellite.factories import person, server_of

NOW = datetime.now(UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Satellite]:
    """A satellite with a certificate that it made itself."""
    made = server_of(tmp_path)
    ensure_pair(tmp_path / TLS, NOW)
    yield made
    made.database.dispose()


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    """What became of each check."""
    return {one["check"]: one["outcome"] for one in found["checks"]}


@pytest.mark.row("S1.1")
def test_a_certificate_is_renewed_when_it_is_due_and_only_then(tmp_path: Path) -> None:
    """A home without one gets none by the job: the server makes it when it starts."""
    server = server_of(tmp_path)
    with server.database.write(SYSTEM) as unit:
        assert ACTS.refresh(server, unit) == "no own certificate"
    ensure_pair(tmp_path / TLS, datetime.now(UTC))
    fresh = read_pair(tmp_path / TLS).fingerprint
    ACTS.refresh_at_start(server)
    kept = read_pair(tmp_path / TLS).fingerprint
    end = read_pair(tmp_path / TLS).leaf.not_valid_after_utc
    with server.database.write(SYSTEM) as unit:
        unit.now = end - timedelta(days=1)
        ACTS.refresh(server, unit)
    server.database.dispose()

    assert kept == fresh
    assert read_pair(tmp_path / TLS).fingerprint != fresh


@pytest.mark.row("S3.4")
def test_what_was_issued_for_a_request_takes_the_place_of_the_own_certificate(server: Satellite) -> None:
    """The request keeps its key until the import; before it nothing changes, after it the old pair is kept aside."""
    folder = server.home / TLS
    own = read_pair(folder)
    with server.database.write(OPERATOR) as unit:
        request = ACTS.request(server, unit, ["north.site.example", "10.4.0.9"], "Site")
        again = ACTS.request(server, unit, ["north.site.example"], "")
        issued = sign(request, NOW)
        checked = ACTS.check(server, unit, issued)
        assert read_pair(folder).fingerprint == own.fingerprint
        taken = ACTS.take(server, unit, issued)
        unit.session.flush()
        kinds = [one["kind"] for one in list_events(unit)]
        found = ACTS.show(server, unit)

    assert load_pem_x509_csr(again).public_key() == load_pem_x509_csr(request).public_key()
    assert set(outcomes(checked).values()) == {"pass"}
    assert {one["check"]: one["detail"] for one in checked["checks"]}["handshake"].startswith("TLSv1.3")
    assert taken["fingerprint"] == found["fingerprint"] == read_pair(folder).fingerprint
    assert found["state"] == "foreign"
    assert found["waiting"] is None
    assert found["names"] == ["10.4.0.9", "north.site.example"]
    assert read_pair(folder / swap.PREVIOUS).fingerprint == own.fingerprint
    assert kinds.count("tls:certificate_requested") == 2
    assert kinds.count("tls:certificate_imported") == 1
    with server.database.write(OPERATOR) as unit, pytest.raises(TlsNotOwnError):
        ACTS.renew(server, unit)


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    "case", ["other key", "ended", "early", "client", "order", "damaged", "request", "empty", "key"]
)
def test_a_certificate_that_would_not_work_is_refused_with_its_cause(server: Satellite, case: str) -> None:
    """Each fault fails its own check; the import refuses it, and both the pair and the waiting key stay."""
    folder = server.home / TLS
    with server.database.write(OPERATOR) as unit:
        request = ACTS.request(server, unit, ["north.site.example"])
    good = sign(request, NOW)
    end = b"-----END CERTIFICATE-----\n"
    data, check = {
        "other key": (issue(NOW, "north.site.example").certificate, "key"),
        "ended": (sign(request, NOW, days=-1), "time"),
        "early": (sign(request, NOW + timedelta(days=9)), "time"),
        "client": (sign(request, NOW, use=ExtendedKeyUsageOID.CLIENT_AUTH), "purpose"),
        "order": (b"".join(part + end for part in reversed(good.split(end)[:2])), "chain"),
        "damaged": (good.replace(b"M", b"N"), "form"),
        "request": (request, "form"),
        "empty": (b" ", "form"),
        "key": (issue(NOW, "x.example").key, "form"),
    }[case]
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with server.database.write(OPERATOR) as unit:
        found = ACTS.check(server, unit, data)
        with pytest.raises(TlsCertificateRefusedError) as refused:
            ACTS.take(server, unit, data)

    assert outcomes(found)[check] == "fail"
    assert not found["usable"]
    assert next(one["detail"] for one in found["checks"] if one["outcome"] == "fail") in refused.value.message
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.row("S3.4")
def test_names_that_devices_use_and_a_certificate_that_ends_soon_are_warned_of(server: Satellite) -> None:
    """A warning does not stand against the import."""
    (server.home / TLS / "asked.json").write_text(f'{{"10.4.0.9": "{NOW:%Y-%m-%d}"}}', encoding="ascii")
    with server.database.write(OPERATOR) as unit:
        request = ACTS.request(server, unit, ["north.site.example"])
        found = ACTS.check(server, unit, sign(request, NOW, days=20))

    assert found["usable"]
    assert found["lacking"] == ["10.4.0.9"]
    assert {outcomes(found)[name] for name in ("names", "time")} == {"warn"}


@pytest.mark.row("S3.4")
def test_a_private_key_that_waits_is_never_overwritten(server: Satellite, tmp_path: Path) -> None:
    """A `server.key` without its certificate stays, whatever else is imported; its own certificate is taken."""
    folder, waits, other = server.home / TLS, issue(NOW, "a.example"), issue(NOW, "b.example")
    (folder / "server.crt").unlink()
    (folder / "server.key").write_bytes(waits.key)
    key = tmp_path / "other.key"
    key.write_bytes(other.key)
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(TlsKeyWaitsError):
            ACTS.take(server, unit, other.certificate, key)
        assert (folder / "server.key").read_bytes() == waits.key
        ACTS.take(server, unit, waits.certificate)
    assert read_pair(folder).leaf == load_pem_x509_certificate(waits.certificate)


@pytest.mark.row("S3.5")
def test_a_reset_takes_the_place_of_a_damaged_pair_and_of_an_imported_one(server: Satellite) -> None:
    """The new key is an own one, the pair before it is kept aside, and a key that waits is refused as ever."""
    folder = server.home / TLS
    (folder / "server.crt").write_bytes(b"damaged")
    with server.database.write(OPERATOR) as unit:
        assert ACTS.show(server, unit)["state"] == "unusable"
        first = ACTS.reset(server, unit)
        imported = sign(ACTS.request(server, unit, ["north.site.example"]), NOW)
        ACTS.take(server, unit, imported)
        second = ACTS.reset(server, unit)
        unit.session.flush()
        assert [one["kind"] for one in list_events(unit)].count("tls:certificate_reset") == 2
    assert first["state"] == second["state"] == "own"
    assert first["key_fingerprint"] != second["key_fingerprint"] == read_pair(folder).key_fingerprint
    assert read_pair(folder / swap.PREVIOUS).leaf == load_pem_x509_certificate(imported)
    (folder / "server.crt").unlink()
    (folder / "server.key").write_bytes(issue(NOW, "a.example").key)
    with server.database.write(OPERATOR) as unit, pytest.raises(TlsKeyWaitsError):
        ACTS.reset(server, unit)


@pytest.mark.row("S3.4")
def test_the_own_certificate_is_renewed_on_demand_with_its_key(server: Satellite) -> None:
    """The fingerprint of the key stays, and only administrators do it."""
    before = read_pair(server.home / TLS)
    with server.database.write(OPERATOR) as unit:
        found = ACTS.renew(server, unit)
    assert found["key_fingerprint"] == before.key_fingerprint
    assert found["fingerprint"] != before.fingerprint
    with server.database.write(person(Role.OPERATOR)) as unit:
        for act in (
            lambda: ACTS.renew(server, unit),
            lambda: ACTS.reset(server, unit),
            lambda: ACTS.request(server, unit, ["a.example"]),
            lambda: ACTS.discard_request(server, unit),
            lambda: ACTS.read_request(server, unit),
            lambda: ACTS.check(server, unit, b""),
            lambda: ACTS.take(server, unit, b""),
        ):
            with pytest.raises(NotPermittedError):
                act()


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("names", [[], ["a b"], ["<script>"], ["x" * 300], [f"{n}.example" for n in range(51)]])
def test_a_request_for_what_is_no_name_is_refused(server: Satellite, names: list[str]) -> None:
    """No key is made then."""
    with server.database.write(OPERATOR) as unit, pytest.raises(AppError):
        ACTS.request(server, unit, names)
    assert not (server.home / TLS / "waiting.key").exists()
