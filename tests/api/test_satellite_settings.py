"""The settings in the browser: certificate, backups, mail, log server, banner, network."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satellite.actions.tasks import run_next_task
from satellite.actions.updates import ACTS as UPDATES
from satellite.app import make_app
from satellite.core.operations.models import Webhook
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import SYSTEM
from serverkit.tls.names import names_of
from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from serverkit.updates import acts
from serverkit.updates.bundle import System
from serverkit.web.qr import qr_image
from tests.certificates import issue, sign
from tests.console import Browser, guard
from tests.mailbox import free_port
from tests.unit.serverkit.updating.files import VENDOR, contents, update_file
from tests.world import World

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
    assert "imported by an administrator" in text_of(admin.get("/settings/tls"))


@pytest.mark.row("S3.4")
def test_backups_are_made_verified_downloaded_and_removed_in_the_browser(server: Satellite, admin: Browser) -> None:
    """First the passphrase, shown once; then a task with stages, the file, a damaged one in words, and the schedule."""
    assert "Set a passphrase first" in text_of(admin.get("/settings/backup"))
    assert admin.post("/settings/backup/make").status_code == 409
    assert admin.post("/settings/backup/passphrase", {"passphrase": "short"}).status_code == 422
    made = text_of(admin.post("/settings/backup/passphrase", {"passphrase": ""}))
    passphrase = re.search(r'id="secret-passphrase"[^>]*value="([^"]+)"', made)
    assert passphrase is not None
    task = admin.post("/settings/backup/make").headers["Location"]
    assert "It waits to be begun." in text_of(admin.get(task))
    assert f'href="{task}"' in text_of(admin.get("/tasks?state=waiting"))
    run_next_task(server)
    assert f'href="{task}"' in text_of(admin.get("/tasks?kind=task-backup&by=person&q=anna&state=done"))
    done = text_of(admin.get(task))
    name = re.search(r"/settings/backup/(satellite-[\w-]+\.pgb)/download", done)
    assert name is not None
    assert "Verify it as a restore would" in done
    sent = admin.get(f"/settings/backup/{name[1]}/download")
    assert sent.get_data() == (server.home / "backups" / name[1]).read_bytes()
    page = text_of(admin.get("/settings/backup"))
    assert passphrase[1] not in page
    share = server.home.parent / "share"
    assert admin.post("/settings/backup/target/folder", {"folder": "share", "keep": "3"}).status_code == 422
    assert admin.post("/settings/backup/target/folder", {"folder": str(share), "keep": "3"}).status_code == 303
    assert "Nothing was copied to this target yet." in text_of(admin.get("/settings/backup/target"))
    copying = admin.post("/settings/backup/target/copy").headers["Location"]
    run_next_task(server)
    assert "backup_target_missing" in text_of(admin.get(copying))
    share.mkdir()
    testing = admin.post("/settings/backup/target/test").headers["Location"]
    run_next_task(server)
    assert "The target takes copies" in text_of(admin.get(testing))
    looking = admin.post(f"/settings/backup/{name[1]}/preview").headers["Location"]
    rehearsing = admin.post(f"/settings/backup/{name[1]}/rehearse").headers["Location"]
    run_next_task(server)
    run_next_task(server)
    assert "What would change" in text_of(admin.get(looking))
    assert "A restore would give a server that works." in text_of(admin.get(rehearsing))
    assert "satellite restore FILE" in text_of(admin.get("/settings/backup/kit"))
    assert "Key fingerprint" in admin.post("/settings/backup/kit", {}).get_data(as_text=True)
    assert "Newest verified backup: just now." in page
    wrong = admin.post("/settings/backup/plan", {"every": "daily", "at": "25:00", "zone": "Middle/Earth", "keep": "0"})
    assert wrong.status_code == 422
    assert all(said in text_of(wrong) for said in ("not a time of the day", "not a time zone", "must be 1 or more"))
    right = guard(admin.get("/settings/backup")) | {
        "every": "weekly",
        "weekday": "friday",
        "at": "03:30",
        "zone": "UTC",
        "keep": "3",
    }
    assert admin.post("/settings/backup/plan", right).status_code == 303
    assert 'value="friday" selected' in text_of(admin.get("/settings/backup"))
    (server.home / "backups" / name[1]).write_bytes(b"nothing")
    assert "cannot be read" in text_of(admin.get("/settings/backup"))
    assert admin.post(f"/settings/backup/{name[1]}/remove").status_code == 303
    assert admin.get(f"/settings/backup/{name[1]}/download").status_code == 404


@pytest.mark.row("B16")
def test_an_update_is_checked_backed_up_and_handed_to_the_root_helper(
    server: Satellite, admin: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An altered file is refused and not kept; a good one is shown, and asked for it is handed over after a backup."""
    report: dict[str, Any] = {}
    handed: list[bytes] = []
    monkeypatch.setattr(acts, "release_keys", lambda: [VENDOR.public_key()])
    monkeypatch.setattr(acts, "this_system", lambda: System("bookworm", "amd64"))
    monkeypatch.setattr(acts.order, "last_report", lambda: report or None)

    def take(file: Any, product: str, _tell: Any, *, wait: bool) -> dict[str, str]:
        file.seek(0)
        handed.append(file.read())
        assert (product, wait) == ("satellite", False)
        return {"stage": "accepted"}

    monkeypatch.setattr(acts.order, "order_update", take)
    good = update_file(tmp_path / "good.tar").read_bytes()
    altered = update_file(tmp_path / "altered.tar", {**contents(), "Packages": b"x"}, listed=contents()).read_bytes()
    assert "does not run on this machine" in text_of(admin.get("/settings/update"))
    refused = admin.post("/settings/update/check", {"file": (io.BytesIO(altered), "u.tar")})
    assert refused.status_code == 422
    assert 'name="sha256"' not in text_of(admin.get("/settings/update"))
    assert admin.post("/settings/update/check", {"file": (io.BytesIO(good), "u.tar")}).status_code == 303
    page = text_of(admin.get("/settings/update"))
    assert "Update to version 2.0.0" in page
    fields = dict(re.findall(r'name="(sha256)" value="([0-9a-f]{64})"', page))
    assert admin.post("/settings/update/install", fields).status_code == 409  # no passphrase for the backup
    admin.post("/settings/backup/passphrase", {"passphrase": ""})
    missing = admin.post("/settings/update/install", fields).headers["Location"]
    run_next_task(server)
    assert "journalctl" in text_of(admin.get(missing)) or "systemctl start perigee-update.socket" in text_of(
        admin.get(missing)
    )
    assert not handed
    assert not list((server.home / "backups").glob("*.pgb"))
    monkeypatch.setattr(acts.order, "is_offered", lambda: True)
    task = admin.post("/settings/update/install", fields).headers["Location"]
    run_next_task(server)
    assert "The helper installs the update." in text_of(admin.get(task))
    assert handed == [good]
    assert list((server.home / "backups").glob("*.pgb"))
    report |= {"outcome": "went_back", "from": "0.1.0", "to": "2.0.0", "at": "2026-01-01T12:00:00Z", "reason": "x"}
    assert "The update to version 2.0.0 was not installed" in text_of(admin.get("/settings/update"))
    assert 'data-update="went_back"' in text_of(admin.get("/"))
    with server.database.write(SYSTEM) as unit:
        assert UPDATES.note_outcome(unit) == "update to version 2.0.0 not installed"
        unit.session.flush()
        assert UPDATES.note_outcome(unit) == "known"


@pytest.mark.row("S3.4")
def test_mail_and_log_server_are_set_and_tested_in_the_browser(admin: Browser) -> None:
    """Every wrong field is named at once and what was typed stays; a test says what failed; the password never returns."""
    wrong = admin.post(
        "/settings/mail",
        {"host": "mail:25", "port": "0", "recipients": "nobody\nx@y.example", "sender": "", "password": "hidden-word"},
    )
    assert wrong.status_code == 422
    for said in ("without a port", "must be 1 or more", "is not a mail address"):
        assert said in text_of(wrong)
    assert "nobody" in text_of(wrong)
    assert "hidden-word" not in text_of(wrong)
    port = str(free_port())
    fields = guard(admin.get("/settings/mail")) | {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "p@site.example",
        "user": "u",
    }
    assert (
        admin.post("/settings/mail", {**fields, "password": "hidden-word", "recipients": "a@b.example"}).status_code
        == 303
    )
    page = text_of(admin.get("/settings/mail"))
    assert "A password is set; it is not shown." in page
    assert "hidden-word" not in page
    failed = admin.post("/settings/mail/test")
    assert failed.status_code == 502
    assert f"connection: nothing listens on 127.0.0.1:{port}" in text_of(failed)
    assert 'value="p@site.example"' in text_of(failed)
    wrong = admin.post("/settings/syslog", {"host": "a b", "transport": "pigeon", "port": "x", "facility": "24"})
    assert wrong.status_code == 422
    assert admin.post("/settings/syslog/test").status_code == 409
    kept = guard(admin.get("/settings/syslog")) | {
        "host": "127.0.0.1",
        "transport": "tcp",
        "port": port,
        "facility": "16",
        "authorities": "",
    }
    assert admin.post("/settings/syslog", kept).status_code == 303
    assert f"connection: nothing listens on 127.0.0.1:{port}" in text_of(admin.post("/settings/syslog/test"))


WAY = {"mode": "network", "url": "https://one.example", "every": "daily", "at": "03:00", "zone": "UTC"}
MAIL = {"host": "127.0.0.1", "port": "25", "security": "none", "sender": "p@site.example", "recipients": "a@b.example"}
LOG = {"host": "127.0.0.1", "transport": "tcp", "port": "601", "facility": "16"}
NAMES = {"names": "north.example", "proxy": ""}
PLAN = {"every": "off", "weekday": "monday", "at": "02:00", "zone": "UTC", "keep": "7"}
FORMS = [
    ("/sync/settings", "/sync/settings", WAY, "url", ("https://two.example", "https://three.example"), "at"),
    ("/settings/time", "/settings/time", {"zone": "UTC", "servers": ""}, "servers", ("10.0.0.1", "10.0.0.2"), "zone"),
    ("/settings/mail", "/settings/mail", MAIL, "sender", ("two@site.example", "three@site.example"), "port"),
    ("/settings/syslog", "/settings/syslog", LOG, "port", ("602", "603"), "facility"),
    ("/settings/backup", "/settings/backup/plan", PLAN, "keep", ("8", "9"), "at"),
    ("/settings/network", "/settings/network", NAMES, "proxy", ("http://one:3128", "http://two:3128"), "names"),
]


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(("page", "path", "fields", "name", "words", "other"), FORMS, ids=[one[0] for one in FORMS])
def test_of_two_administrators_the_second_sees_what_the_first_one_changed(
    admin: Browser, page: str, path: str, fields: dict[str, str], name: str, words: tuple[str, str], other: str
) -> None:
    """Three columns, nothing lost, also after a wrong field; a form that is sent again keeps what was typed."""
    theirs, yours = words
    opened = guard(admin.get(page))
    first = admin.post(path, {**opened, **fields, name: theirs})
    wrong = admin.post(path, {**opened, **fields, name: yours, other: "x" * 70})
    second = admin.post(path, {**guard(wrong), **fields, name: yours})
    kept = text_of(admin.get(page))
    third = admin.post(path, {**guard(second), **fields, name: yours})

    assert [one.status_code for one in (first, wrong, second, third)] == [303, 422, 409, 303]
    said = text_of(second)
    assert ('data-verdict="stale_form"' in said, 'data-table="stale"' in said) == (True, True)
    assert all(f"<bdi>{one}</bdi>" in said for one in words)
    assert f'href="{page}">Take theirs' in said
    assert (theirs in kept, yours in text_of(admin.get(page))) == (True, True)


@pytest.mark.row("S3.4")
def test_the_banner_stands_on_the_sign_in_page_as_text(server: Satellite, admin: Browser) -> None:
    """Tags are text, lines stay lines; too long or unprintable is refused; an empty one shows nothing."""
    stranger = Browser(make_app(server))
    assert "sign-in-notice" not in text_of(stranger.get("/sign-in"))
    assert admin.post("/settings/banner", {"text": "x" * 4001}).status_code == 422
    assert admin.post("/settings/banner", {"text": "a\x07b"}).status_code == 422
    text = "Authorized use only.\n<script>alert(1)</script>"
    assert admin.post("/settings/banner", {**guard(admin.get("/settings/banner")), "text": text}).status_code == 303
    shown = stranger.get("/sign-in").get_data(as_text=True)
    assert "Authorized use only.\n&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    opened = guard(admin.get("/settings/banner"))
    assert admin.post("/settings/banner", {**opened, "text": ""}).status_code == 303
    assert admin.post("/settings/banner", {**opened, "text": "from an old form"}).status_code == 409
    assert "sign-in-notice" not in text_of(stranger.get("/sign-in"))


@pytest.mark.row("S3.4")
def test_names_and_proxy_are_changed_and_the_rest_is_the_systems(server: Satellite, admin: Browser) -> None:
    """Names come into the own certificate at once; a login in the proxy is not shown; what is no name is named."""
    ensure_pair(server.home / TLS, datetime.now(UTC))
    wrong = admin.post("/settings/network", {"names": "a b", "proxy": ""})
    assert wrong.status_code == 422
    assert "neither a host name nor an IP address" in text_of(wrong)
    bad = {**guard(admin.get("/settings/network")), "names": "", "proxy": "ftp://x"}
    assert admin.post("/settings/network", bad).status_code == 422
    fields = {"names": "North.Site.example\n10.4.0.9", "proxy": "http://u:hidden-word@proxy:3128"}
    assert admin.post("/settings/network", {**guard(admin.get("/settings/network")), **fields}).status_code == 303
    assert {"north.site.example", "10.4.0.9"} <= names_of(read_pair(server.home / TLS).leaf)
    shown = admin.get("/settings/network")
    page = text_of(shown)
    assert "hidden-word" not in page
    assert "name servers as root" in page
    again = {
        **guard(shown),
        "names": "north.site.example",
        "proxy": re.search(r'name="proxy"[^>]*value="([^"]*)"', page)[1],
    }  # type: ignore[index]
    assert admin.post("/settings/network", again).status_code == 303


@pytest.mark.row("S3.4")
def test_the_secret_of_the_second_step_is_a_picture_and_a_text(admin: Browser) -> None:
    """The picture holds the address that is beside it, within the policy; no other page shows either again."""
    made = admin.post("/me/two-step")
    page = text_of(made)
    uri = re.search(r'id="secret-uri"[^>]*value="([^"]+)"', page)
    assert uri is not None
    assert f'src="{qr_image(uri[1])}"' in page
    assert "img-src 'self' data:" in made.headers["Content-Security-Policy"]
    assert "data:image" not in text_of(admin.get("/me/two-step/confirm"))


@pytest.mark.row("B20")
def test_a_webhook_is_added_tested_and_removed_in_the_browser(server: Satellite, admin: Browser) -> None:
    """The secret is on one page only; a wrong address is a filled form; a receiver inside the site is refused by its test."""
    wrong = admin.post(
        "/settings/webhooks/new",
        {"url": "ftp://x", "name": "<b>R&D</b>", "alerts": "minor", "events": "no:such\nuser:*"},
    )
    made = text_of(
        admin.post(
            "/settings/webhooks/new",
            {"url": "https://127.0.0.1:9/x", "name": "<b>R&D</b>", "alerts": "minor", "events": "user:*\ntoken:*"},
        )
    )
    secrets = re.findall(r"whsec_[A-Za-z0-9+/=]+", made)
    with server.database.read(SYSTEM) as unit:
        row_id, events = unit.session.execute(select(Webhook.id, Webhook.events)).one()
    page = admin.get(f"/settings/webhooks/{row_id}").get_data(as_text=True)
    tested = admin.post(f"/settings/webhooks/{row_id}/test", {})
    asked = admin.get(f"/settings/webhooks/{row_id}/remove")
    removed = admin.post(f"/settings/webhooks/{row_id}/remove", {})

    assert wrong.status_code == 422
    assert "begins with https://" in text_of(wrong)
    assert "ftp://x" in text_of(wrong)
    assert re.search(r'href="#field-url">Address</a>:', text_of(wrong))
    assert len(set(secrets)) == 1
    assert "whsec_" not in page
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in page
    assert events == ["user:*", "token:*"]
    assert tested.status_code == 409
    assert "internal network" in text_of(tested)
    assert asked.status_code == 200
    assert removed.status_code == 303
    assert "No webhooks yet" in text_of(admin.get("/settings/webhooks"))
