"""Mail to a satellite's contact: written with the change, sent after it, through a real mail server."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE, KEY
from tests.mailbox import Box, free_port
from tests.world import ACCOUNT, World


def add_satellite(world: World, email: str) -> None:
    """A satellite that asks for its authorization, with a contact."""
    world.satellite("init", "--name", "North", "--root", world.file("root.json"), "--lab")
    world.satellite("registration", "export", "--output", world.file("registration"))
    words = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--email", email)
    world.central(*words, "--registration", world.file("registration"))


def states(world: World) -> list[tuple[str, str]]:
    """Recipient and state of each mail in the outbox."""
    return [(item["to"], item["state"]) for item in world.central("mail", "list")["items"]]


@pytest.mark.row("C11.1", "C11.2")
def test_the_contact_is_told_when_a_file_is_ready(vendor: World, mail_server: Controller, box: Box) -> None:
    """One mail when the authorization file can be fetched, one for each synchronization file that was processed."""
    add_satellite(vendor, "ops@site.example")
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("authorization"))
    vendor.satellite("registration", "import", vendor.file("authorization"))
    vendor.synchronize("1")
    vendor.central("sync", "import", vendor.file("request-1"), "--output", vendor.file("again"))
    vendor.central("jobs", "run", "outbox")
    vendor.central("jobs", "run", "outbox")

    assert [mail["To"] for mail in box.mails] == ["ops@site.example"] * 2
    assert "Authorization file of satellite North" in str(box.mails[0]["Subject"])
    assert "file 1 of satellite North was processed" in str(box.mails[1]["Subject"])
    assert states(vendor) == [("ops@site.example", "sent")] * 2


@pytest.mark.row("C11.1")
def test_under_approval_the_mail_waits_for_the_approval(vendor: World, mail_server: Controller, box: Box) -> None:
    """What no one approved yet is not announced."""
    vendor.central("policy", "set", "satellite_authorization", "approval")
    add_satellite(vendor, "ops@site.example")
    vendor.central("jobs", "run", "outbox")
    before = len(box.mails)
    vendor.central("satellite", "approve", ACCOUNT, "North")
    vendor.central("jobs", "run", "outbox")

    assert (before, len(box.mails)) == (0, 1)


@pytest.mark.row("C11.1")
def test_a_refused_addition_sends_nothing(vendor: World, mail_server: Controller) -> None:
    """A mail is part of the change: where that is refused, none is written."""
    add_satellite(vendor, "ops@site.example")
    words = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Spare", "--email", "b@site.example")
    vendor.central(*words, "--registration", vendor.file("registration"), code=1)

    assert states(vendor) == [("ops@site.example", "waiting")]


@pytest.mark.both_databases
@pytest.mark.row("C11.1")
def test_what_cannot_be_sent_is_tried_again_and_says_why(vendor: World, mail_server: Controller, box: Box) -> None:
    """A refused mail keeps its cause, is not tried before its time, and then tried again."""
    add_satellite(vendor, "nobody@refused.example")
    vendor.central("jobs", "run", "outbox")
    vendor.central("jobs", "run", "outbox")
    first = vendor.central("mail", "list")["items"][0]
    vendor.central("clock", "advance", "2m")
    vendor.central("jobs", "run", "outbox")
    second = vendor.central("mail", "list")["items"][0]

    assert first["state"] == "waiting"
    assert "refused the recipient" in first["last_error"]
    assert (first["attempts"], second["attempts"]) == (1, 2)
    assert box.mails == []


@pytest.mark.row("C11.1")
def test_the_server_that_is_not_there_is_named(vendor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mail test` says at which stage it failed, or that no server is set."""
    off = vendor.central("mail", "test", "--to", "ops@site.example", code=1)["error"]
    monkeypatch.setenv("CENTRAL_MAIL__HOST", "127.0.0.1")
    monkeypatch.setenv("CENTRAL_MAIL__PORT", str(free_port()))
    error = vendor.central("mail", "test", "--to", "ops@site.example", code=1)["error"]

    assert off["code"] == "mail_off"
    assert error["code"] == "mail_failed"
    assert error["message"].startswith("connection: nothing listens on 127.0.0.1:")


@pytest.mark.row("C11.1")
def test_an_untrusted_mail_server_gets_nothing(
    vendor: World, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With STARTTLS the server's certificate is checked; with its authority given, the mail goes."""
    from serverkit.clock import SystemClock

    ensure_pair(tmp_path / "mail-tls", SystemClock().now())
    certificate, key = tmp_path / "mail-tls" / CERTIFICATE, tmp_path / "mail-tls" / KEY
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Controller(box, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True)
    server.start()
    try:
        for name, value in (("HOST", "localhost"), ("PORT", str(server.port))):
            monkeypatch.setenv(f"CENTRAL_MAIL__{name}", value)
        refused = vendor.central("mail", "test", "--to", "ops@site.example", code=1)["error"]
        monkeypatch.setenv("CENTRAL_MAIL__CA_FILE", str(certificate))
        sent = vendor.central("mail", "test", "--to", "ops@site.example")
    finally:
        server.stop()

    assert refused["message"].startswith("encryption: the certificate of localhost:")
    assert sent["sent"] is True
    assert len(box.mails) == 1


@pytest.mark.row("C11.1")
def test_what_is_no_address_is_refused(vendor: World) -> None:
    """A contact that no mail can reach is refused with the satellite."""
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    for address in ("", "nobody", "a@b\nBcc: c@d", "a@", "@b", "x" * 300 + "@b.example"):
        words = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--email", address)
        error = vendor.central(*words, "--registration", vendor.file("registration"), code=1)["error"]

        assert error["code"] == "invalid_input", address
    assert states(vendor) == []
