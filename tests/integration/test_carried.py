"""Files that mail, archives, editors or gateways changed on their way are recognised and named wherever they are read."""

from __future__ import annotations

import base64
import contextlib
import email.message
import errno
import gzip
import io
import json
import os
import quopri
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import exchange.__main__
from tests.world import ACCOUNT, World


def zipped(data: bytes) -> bytes:
    """The file in an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("file", data)
    return out.getvalue()


def mailed(data: bytes) -> bytes:
    """The file as an attachment, the message saved whole."""
    message = email.message.EmailMessage()
    message["From"], message["Subject"] = "anna@site.example", "the file"
    message.set_content("Here it is.")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename="file")
    return message.as_bytes()


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "byte order mark": (lambda data: b"\xef\xbb\xbf" + data, "byte order mark"),
    "line ends": (lambda data: data.replace(b"\n", b"\r\n"), "line ends"),
    "base64": (base64.encodebytes, "Base64"),
    "base64 in one line": (base64.b64encode, "Base64"),
    "armoured": (lambda data: b"-----BEGIN FILE-----\n" + base64.encodebytes(data) + b"-----END FILE-----\n", "Base64"),
    "quoted-printable": (quopri.encodestring, "quoted-printable"),
    "zip": (zipped, "ZIP"),
    "gzip": (gzip.compress, "gzip"),
    "web page": (lambda _: b"<!DOCTYPE html>\n<html><body>Please sign in.</body></html>", "web page"),
    "web page in capitals": (lambda _: b"\r\n <HTML><HEAD></HEAD></HTML>", "web page"),
    "utf-16": (lambda data: data.decode("latin-1").encode("utf-16"), "UTF-16"),
    "utf-16 without mark": (lambda data: data.decode("latin-1").encode("utf-16-le"), "UTF-16"),
    "e-mail": (mailed, "e-mail"),
    "leading lines": (lambda data: b"\n\n" + data, "blanks or line breaks"),
    "quoted": (lambda data: b"> " + data, "quoted"),
}


def told(*words: str) -> dict[str, Any]:
    """What `exchange` says of a file, refused or not."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        exchange.__main__.main(["--json", *words])
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def check(error: dict[str, Any], name: str, where: str) -> None:
    """The refusal names what was found and asks for the file again; it blames no one else."""
    assert name in error["message"] + error.get("detail", ""), (where, error)
    assert "arry the original file again" in error["remedy"], (where, error)
    assert "make it again" not in error["remedy"], where


@pytest.mark.row("E4", "S1.2", "S2.1", "S2.2")
def test_what_happened_to_a_file_in_transit_is_named_at_import_inspect_and_by_the_doctor(vendor: World) -> None:
    """Registration, authorization, request, response, root file: each change by name, everywhere, and nothing applied."""
    root = vendor.file("root.json")
    original = (vendor.folder / "root.json").read_bytes()
    for name, (change, said) in CHANGES.items():
        changed = vendor.file("changed", change(original))
        init = ("init", "--name", "North", "--root", changed, "--lab")
        if name == "e-mail" or change(original) != original:
            check(vendor.satellite(*init, code=1)["error"], said, f"{name} of the root file")
            check(told("inspect", changed)["error"], said, f"{name} of the root file")
    vendor.satellite("init", "--name", "North", "--root", root, "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    add = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--registration")
    _try(vendor, "registration", lambda file: vendor.central(*add, file, code=1))
    vendor.central(*add, vendor.file("registration"))
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("authorization"))
    _try(vendor, "authorization", lambda file: vendor.satellite("registration", "import", file, code=1))
    vendor.satellite("registration", "import", vendor.file("authorization"))
    vendor.satellite("setup", "finish", "--mode", "manual")
    vendor.satellite("sync", "export", "--output", vendor.file("request"))
    answer = ("--output", vendor.file("response"))
    _try(vendor, "request", lambda file: vendor.central("sync", "import", file, *answer, code=1))
    vendor.central("sync", "import", vendor.file("request"), *answer)
    _try(vendor, "response", lambda file: vendor.satellite("sync", "import", file, code=1), doctor=True)
    assert vendor.satellite("sync", "import", vendor.file("response"))["outcome"] == "applied"


def _try(world: World, name: str, take: Callable[[str], dict[str, Any]], *, doctor: bool = False) -> None:
    original = (world.folder / name).read_bytes()
    for kind, (change, said) in CHANGES.items():
        changed = world.file("changed", change(original))
        where = f"{kind} of the {name}"
        check(take(changed)["error"], said, where)
        check(told("inspect", changed)["error"], said, where)
        check(told("verify", changed, "--root", world.file("root.json"))["error"], said, where)
        if doctor:
            cause = world.satellite("sync", "doctor", changed, code=1)["cause"]
            assert cause["code"] == "file_changed", (where, cause)
            check(cause, said, where)
    for cut, code in ((original[:-7], "truncated"), (original + b"\r\n", "altered"), (original[:90], "truncated")):
        error = take(world.file("changed", cut))["error"]
        assert error["code"] == code, (name, error)
        assert "the original" in error["remedy"], (name, error)


@pytest.mark.row("B8")
def test_a_backup_that_was_changed_on_its_way_is_named(vendor: World) -> None:
    """At the check and at the restore; the original still restores."""
    secret = ("--passphrase-file", vendor.file("passphrase", "a long passphrase"))
    vendor.central("backup", "create", "--output", vendor.file("backup"), *secret)
    original = (vendor.folder / "backup").read_bytes()
    for kind, (change, said) in CHANGES.items():
        changed = vendor.file("changed", change(original))
        check(vendor.central("backup", "verify", changed, *secret, code=1)["error"], said, kind)
    assert vendor.central("backup", "verify", vendor.file("backup"), *secret)["sound"]


@pytest.mark.row("E4")
def test_codes_and_root_files_that_were_changed_are_named_by_inspect(vendor: World) -> None:
    """An authorization code, and a root file that was cut, reformatted or added to."""
    root = (vendor.folder / "root.json").read_bytes()
    for data, said in (
        (root[: len(root) // 2], "cut short"),
        (json.dumps(json.loads(root), indent=1).encode(), "rewritten"),
        (root + b"{}\n", "followed by other bytes"),
        (root.replace(b"\n", b"\r\n"), "line ends"),
    ):
        check(told("inspect", vendor.file("changed", data))["error"], said, said)
    code = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<reservation format="1" number="1">\n'
        + b"  <row/>\n" * 9
        + b"</reservation>\n"
    )
    for kind in ("base64", "zip", "gzip", "utf-16", "web page", "e-mail"):
        change, said = CHANGES[kind]
        check(told("inspect", vendor.file("changed", change(code)))["error"], said, f"{kind} of a code")


@pytest.mark.row("S2.2", "S2.5")
def test_an_older_response_is_named_as_older(site: World) -> None:
    """Of an earlier synchronization, and of an earlier epoch: the satellite is in order, and the file is only old."""
    site.device("SN1").use("ADVANTAGE", 1)
    site.synchronize("first")
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "30")
    site.synchronize("second")
    newest = site.satellite("sync", "doctor", site.file("response-second"))
    codes = [site.satellite("sync", "doctor", site.file("response-first"), code=1)["cause"]["code"]]
    site.satellite("registration", "export", "--output", site.file("again"))
    site.central("satellite", "resync", ACCOUNT, "North", "--registration", site.file("again"))
    site.central("satellite", "authorize", ACCOUNT, "North", "--output", site.file("authorization-again"))
    site.satellite("registration", "import", site.file("authorization-again"))
    codes.append(site.satellite("sync", "doctor", site.file("response-second"), code=1)["cause"]["code"])

    assert newest["healthy"]
    assert codes == ["response_older", "response_older"]


@pytest.mark.row("S2.2")
def test_a_file_that_cannot_be_read_is_not_taken_for_another_file(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick that fails says nothing about what the file is."""
    site.synchronize("first")
    path = Path(site.file("response-first"))
    usual = Path.open

    def fails(self: Path, *words: Any, **more: Any) -> Any:
        if self == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return usual(self, *words, **more)

    monkeypatch.setattr(Path, "open", fails)
    error = site.satellite("sync", "doctor", str(path), code=1)["error"]

    assert error["code"] == "file_unreadable"
