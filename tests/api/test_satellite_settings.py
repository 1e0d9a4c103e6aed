"""The settings in the browser: certificate, backups, mail, log server, banner, network."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from satellite.app import make_app
from satellite.runtime import Satellite, open_satellite
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from tests.certificates import issue, sign
from tests.console import Browser
from tests.world import World

pytestmark = pytest.mark.one_database("pages ask actions, which the tests of each action prove on both")
PASSWORD = "a long enough secret"


@pytest.fixture
def server(site: World) -> Iterator[Satellite]:
    """A satellite with an administrator."""
    site.satellite("user", "add", "anna", "--role", "administrator", "--password-file", site.file("password", PASSWORD))
    made = open_satellite(site.folder / "satellite")
    yield made
    made.database.dispose()


@pytest.fixture
def admin(server: Satellite) -> Browser:
    """A browser in which the administrator is signed in."""
    browser = Browser(make_app(server))
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    return browser


def text_of(found: Any) -> str:
    """The text of an answer."""
    return unescape(str(found.get_data(as_text=True)))


@pytest.mark.row("S3.4")
def test_a_certificate_is_requested_checked_and_taken_in_the_browser(server: Satellite, admin: Browser) -> None:
    """Request, download, a refused file, the rehearsal, and the certificate is in use; nothing changes before that."""
    folder = server.home / TLS
    ensure_pair(folder, datetime.now(UTC))
    own = read_pair(folder).fingerprint
    wrong = admin.post("/settings/tls/request", {"names": "north.site.example\nno name", "organization": "x" * 65})
    made = admin.post("/settings/tls/request", {"names": "north.site.example\n10.4.0.9", "organization": "Site"})
    request = admin.get("/settings/tls/request.csr").get_data()
    foreign = issue(datetime.now(UTC), "north.site.example")
    refused = admin.post("/settings/tls/check", {"file": (io.BytesIO(foreign.certificate), "x.crt"), "certificate": ""})
    nothing = admin.post("/settings/tls/check", {"certificate": ""})
    key = admin.post("/settings/tls/check", {"certificate": (foreign.key + sign(request, datetime.now(UTC))).decode()})
    sound = admin.post(
        "/settings/tls/check", {"file": (io.BytesIO(sign(request, datetime.now(UTC))), "x.crt"), "certificate": ""}
    )
    kept = read_pair(folder).fingerprint
    chain = re.findall(r'name="certificate" value="([^"]+)"', sound.get_data(as_text=True))
    taken = admin.post("/settings/tls/import", {"certificate": chain[0]})

    assert (wrong.status_code, made.status_code) == (422, 303)
    assert "At most 64 characters fit." in text_of(wrong)
    assert "no name" in text_of(wrong)
    assert refused.status_code == 422
    assert "no private key on this machine belongs to it" in text_of(refused)
    assert nothing.status_code == 422
    assert foreign.key.decode()[40:80] not in text_of(key)
    assert "TLSv1.3" in text_of(sound)
    assert kept == own
    assert taken.headers["Location"] == "/settings/tls"
    assert read_pair(folder).leaf.subject.rfc4514_string() == "CN=north.site.example,O=Site"
    assert "brought by an administrator" in text_of(admin.get("/settings/tls"))
