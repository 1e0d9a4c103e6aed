"""What people type and paste at a device: tokens, identities, codes, the fail-over of a set."""

from __future__ import annotations

import base64
import codecs
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from typing import Any

import pytest

import agent.cli
from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import CodeRefusedError
from exchange.codes.confirming import make_confirmation_code, read_confirmation_code
from exchange.codes.request import make_request_code, read_request_code
from exchange.codes.returning import make_return_code, read_return_code
from exchange.errors import ExchangeError
from exchange.identity import Udi
from tests.world import ACCOUNT, World

SECRET = bytes(range(24))
WHERE = ("--url", "https://in.process", "--root")


def run(world: World, monkeypatch: pytest.MonkeyPatch, home: str, *words: str, code: int = 0) -> dict[str, Any]:
    """A command of the agent in this process, its messages carried to the satellite of the world."""

    def opened(folder: Any) -> Device:
        folder.mkdir(parents=True, exist_ok=True)
        return Device(folder, clock=DeviceClock(folder), transport=lambda _server: world.wire())

    monkeypatch.setattr(agent.cli, "Device", partial(opened))
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as ended:
        agent.cli.main(["--json", "--home", str(world.folder / "devices" / home), *words])
    assert ended.value.code == code, out.getvalue()
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def written(token: str) -> dict[str, bytes]:
    """A token as editors, shells and mail programs write it."""
    return {
        "plain": f"{token}\n".encode(),
        "blanks": f"  {token} \r\n".encode(),
        "mark": codecs.BOM_UTF8 + f"{token}\n".encode(),
        "utf16": codecs.BOM_UTF16_LE + f"{token}\r\n".encode("utf-16-le"),
        "utf16-be": codecs.BOM_UTF16_BE + token.encode("utf-16-be"),
    }


@pytest.mark.row("D3", "S4.1")
@pytest.mark.parametrize("option", ["--token-file", "--token"])
def test_a_token_is_read_however_it_was_copied(site: World, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """Blanks, line ends, byte order mark and UTF-16 around a token register a device as the bare one does."""
    for form, data in written(site.token()).items():
        value = site.file(f"token-{form}.txt", data)
        if option == "--token":
            value = data.decode("utf-16" if form.startswith("utf16") else "utf-8")
        words = ("register", *WHERE, site.file("root.json"), option, value, "--pid", " SW-48", "--serial", f"{form} ")
        done = run(site, monkeypatch, form, *words)

        assert done["registration"] == "complete", form
        assert (done["udi"]["pid"], done["udi"]["serial"]) == ("SW-48", form)


@pytest.mark.row("D3", "S4.1")
def test_what_is_typed_wrong_is_refused_by_name(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option is named, and no message leaves the device."""
    for option, value, named in (
        ("--serial", "FOC 2222", "--serial"),
        ("--serial", "  ", "--serial"),
        ("--pid", "  ", "--pid"),
        ("--standby", "SW-48:FOC 2222", "PID:SN"),
        ("--token", "one two", "token"),
        ("--token", "  ", "token"),
    ):
        given = {"--pid": "SW-48", "--serial": "SN1", "--token": "token", option: value}
        words = [word for pair in given.items() for word in pair]
        done = run(site, monkeypatch, "one", "register", *WHERE, site.file("root.json"), *words, code=1)

        assert named in done["error"]["message"], (option, value)
        assert site.satellite("instances")["items"] == []


@pytest.mark.row("C7.6", "S4.3", "D3")
def test_the_fail_over_is_one_command(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the new active unit, without a word more; and from the former one, by naming the other."""
    root, token = site.file("root.json"), site.token()
    ask = ("register", *WHERE, root, "--token", token, "--pid", "SW-48")
    run(site, monkeypatch, "a", *ask, "--serial", "SN1", "--standby", "SW-48:SN2")
    run(site, monkeypatch, "b", *ask, "--serial", "SN2", "--standby", "SW-48:SN1")
    over = run(site, monkeypatch, "b", "transfer-active")
    shown = site.satellite("instances")["items"]
    run(site, monkeypatch, "b", "transfer-active", "SW-48:SN1")
    back = site.satellite("instances")["items"]
    wrong = run(site, monkeypatch, "a", "transfer-active", "SW-48:SN9", code=1)

    assert over["active"] == {"pid": "SW-48", "serial": "SN2"}
    assert [(row["serial"], len(row["standbys"])) for row in shown] == [("SN2", 1)]
    assert [(row["serial"], len(row["standbys"])) for row in back] == [("SN1", 1)]
    assert wrong["error"]["code"] == "unknown_member"


@pytest.mark.row("S4.5", "C6.1")
@pytest.mark.parametrize("spoil", ["{0}", " {0}\r\n", "\ufeff{0}", "{1}", "{2}", "{3}"])
def test_codes_are_read_as_they_come_out_of_mails(spoil: str) -> None:
    """Line breaks, typographic hyphens, a byte order mark and small letters in front change nothing."""
    for code, read in (
        (make_request_code(Udi(pid="SW-48", serial="SN1"), SECRET), read_request_code),
        (make_confirmation_code(SECRET, 0), read_confirmation_code),
        (make_return_code(SECRET), read_return_code),
    ):
        small = code[:2].lower() + code[2:].replace("-Z", "-z", 1)
        broken = code[:9] + "\r\n " + code[9:]
        text = spoil.format(code, small, broken, code.replace("-", "\u2011"))
        assert read(text) == read(code)


@pytest.mark.row("S4.5", "C6.1")
def test_a_code_that_lost_its_capitals_is_told_so() -> None:
    """Among the digits case counts: nothing is guessed, the fault is named."""
    for code, read in (
        (make_confirmation_code(SECRET, 0), read_confirmation_code),
        (make_return_code(SECRET), read_return_code),
    ):
        with pytest.raises(ExchangeError, match="capitals and small letters count"):
            read(code.lower())


TRAVELLED: dict[str, Callable[[str], str]] = {
    "Base64": lambda code: base64.b64encode(code.encode() + b"\n").decode(),
    "quoted-printable": lambda code: f"{code[:12]}=\r\n{code[12:]}",
    "percent-encoding": lambda code: code.replace("-", "%2D"),
    "web page (such as": lambda code: code.replace("-", "&#45;"),
    "web page (HTML)": lambda code: f"<!DOCTYPE html><html><body>{code}</body></html>",
    "quoted, as in": lambda code: f"> {code}",
    "quotation marks": lambda code: f"\u201e{code}\u201c",
    "among other words": lambda code: f"The code: {code}",
}


@pytest.mark.row("S4.5", "C6.1")
def test_a_code_that_was_changed_on_its_way_is_named_where_it_is_entered(vendor: World) -> None:
    """At central and at the device, by what mails, pages and addresses do to it; so is a code of another kind."""
    device = vendor.unregistered("SN1")
    request = device.reserve_request(Udi(pid="SW-48", serial="SN1"), (vendor.folder / "root.json").read_bytes())
    words = (
        "--virtual-account",
        "Spare",
        "--licence",
        "ADVANTAGE=1",
        "--output",
        vendor.file("code"),
        "--request-code",
    )
    made = vendor.central("reservation", "create", ACCOUNT, *words, request)
    file = (vendor.folder / "code").read_text(encoding="utf-8")
    other = {"request": make_return_code(SECRET), "confirmation": request, "return": request}
    codes = {"request": request, "confirmation": make_confirmation_code(SECRET, 0), "return": make_return_code(SECRET)}

    def enter(kind: str, text: str) -> str:
        """What central says to a code that is entered."""
        command: tuple[str, ...] = ("reservation", "create", ACCOUNT, *words, text)
        if kind != "request":
            command = (
                "reservation",
                {"return": "return", "confirmation": "confirm"}[kind],
                ACCOUNT,
                made["id"],
                "--code",
                text,
            )
        found = vendor.central(*command, code=1)["error"]
        assert found["code"] == "invalid_code"
        return str(found["message"])

    for kind, code in codes.items():
        for named, spoil in TRAVELLED.items():
            assert named in enter(kind, spoil(code)), (kind, named)
        assert f"a {kind} code is needed" in enter(kind, other[kind])
        assert f"this is an authorization code, and a {kind} code is needed" in enter(kind, file)
    with pytest.raises(CodeRefusedError, match="this is a request code, and an authorization code is needed"):
        device.reserve_install(request)
    device.reserve_install(file)
