"""A backup that is restored in the browser: the server comes back by itself as the satellite of the backup."""

from __future__ import annotations

import re
import socket
import warnings
from pathlib import Path

import pytest
import requests

from tests.faults.harness import ask, start
from tests.world import World

PASSPHRASE = "the passphrase of the backup"


@pytest.mark.row("S1.1", "S2.6")
def test_after_a_restore_in_the_browser_the_server_starts_again_by_itself(vendor: World) -> None:
    """The same process and address, with all its children new; it says that it is ready again, and ends when told to."""
    vendor.found_satellite("South", "satellite-south")
    vendor.satellite(
        "backup", "create", "--output", vendor.file("backup"),
        "--passphrase-file", vendor.file("passphrase", PASSPHRASE), home="satellite-south",
    )  # fmt: skip
    made = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
    server = start(vendor.folder / "satellite", "--setup-bind", "127.0.0.1:0", port=port)
    try:
        before = set(server.children)
        with requests.Session() as browser, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            browser.verify, browser.trust_env = False, False
            browser.headers.update({"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
            base = f"https://127.0.0.1:{port}/setup/restore"
            browser.post(f"{base}/code", {"code": made["setup_code"], "csrf_token": _token(browser.get(base).text)})
            fields = {"passphrase": PASSPHRASE, "csrf_token": _token(browser.get(base).text)}
            backup = Path(vendor.file("backup")).read_bytes()
            restored = browser.post(base, fields, files={"file": ("backup.pgb", backup)})
            assert 'data-page="setup-restored"' in restored.text
            assert "restarts automatically" in restored.text

        assert server.process.stdout is not None
        assert f'"https://127.0.0.1:{port}"' in server.process.stdout.readline()
        assert vendor.satellite("status")["name"] == "South"
        assert ask(port, "GET", "/healthz")[0] == 200
        assert not before & set(server.children)
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()


def _token(text: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found
    return found[1]
