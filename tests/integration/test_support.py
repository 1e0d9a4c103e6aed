"""The support bundle: whole, and without a single secret of the site."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from satellite.actions.support import make_bundle, write_bundle
from satellite.actions.tasks import run_next_task
from satellite.app import make_app
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR
from serverkit.log import get_logger, keep_log
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS
from tests.console import Browser
from tests.unit.satellite.factories import person
from tests.world import World

PASSWORD, MAIL, BACKUP, PROXY = "a long enough secret", "mail-hidden-word", "backup-hidden-words", "proxy-hidden-word"


def text_of(path: Path) -> str:
    """Everything that a bundle holds, unpacked."""
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        return "\n".join(f"{name}\n{bundle.read(name).decode()}" for name in bundle.namelist())


@pytest.mark.row("S3.5")
def test_a_bundle_holds_what_helps_and_no_secret_of_the_site(site: World) -> None:
    """Every secret that the site has, in every form in which it is stored, is looked for in the whole bundle."""
    home, secrets = site.folder / "satellite", {PASSWORD, MAIL, BACKUP, PROXY}
    ensure_pair(home / TLS, datetime.now(UTC))
    site.satellite("user", "add", "anna", "--role", "administrator", "--password-file", site.file("password", PASSWORD))
    site.satellite("backup", "passphrase", "--passphrase-file", site.file("backup", BACKUP))
    mail = ("--host", "127.0.0.1", "--user", "u", "--password-file", site.file("mail", MAIL), "--to", "a@b.example")
    site.satellite("mail", "set", *mail)
    site.satellite("sync", "settings", "--url", "https://central.example", "--proxy", f"http://u:{PROXY}@proxy:3128")
    secrets.add(site.token())
    secrets.add(site.satellite("api-token", "create", "--name", "x", "--role", "operator", "--days", "9")["token"])
    server = open_satellite(home)
    browser = Browser(make_app(server))
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    secrets.update(cookie.value for cookie in browser.client._cookies.values() if len(cookie.value) > 20)
    page = browser.post("/me/two-step").get_data(as_text=True)
    secrets.add(re.findall(r'id="secret-totp"[^>]*value="([^"]+)"', page)[0])
    keep_log(home)
    get_logger().warning("proxy_tried", proxy=f"http://u:{PROXY}@proxy:3128")
    for path in (*(home / "keys").glob("*.[!j]*"), home / TLS / "server.key"):
        lines = path.read_text("ascii", "replace").splitlines()
        secrets.update(line for line in lines if len(line) > 30 and "-----" not in line)

    task = browser.post("/health/bundle").headers["Location"]
    run_next_task(server)
    sent = browser.get(f"{task}/download").get_data()
    (site.folder / "sent.zip").write_bytes(sent)
    write_bundle(server, OPERATOR, site.folder / "written.zip", lambda _stage: None)
    server.database.dispose()
    for name in ("sent.zip", "written.zip"):
        text = text_of(site.folder / name)
        assert [one for one in secrets if one in text] == []
        for part in (
            "proxy_tried",
            '"program": "satellite',
            '"check": "database"',
            '"password_set": true',
            "keys/secrets.key",
        ):
            assert part in text, part
    assert len(secrets) > 10
    with pytest.raises(NotPermittedError):
        make_bundle(server, person(Role.OPERATOR), lambda _stage: None)
