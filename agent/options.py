"""The agent's command line: every command with its options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn


class Usage(Exception):  # noqa: N818 - the command's own way out
    """The command line is wrong."""


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes end with exit code 2, as JSON where asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """No option may be shortened: what is meant must be plain to anyone who reads the script."""
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving, so that one place answers."""
        raise Usage(message)


def _shared() -> Parser:
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--home", metavar="DIR", help="state folder")
    shared.add_argument("--json", action="store_true", help="print JSON")
    shared.add_argument("--no-input", action="store_true", help="never ask a question")
    return shared


def _server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="address of the satellite or of central")
    parser.add_argument("--root", required=True, metavar="FILE", help="the vendor's root file")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--ca", metavar="FILE", help="CA certificate of the server (PEM)")
    trust.add_argument("--fingerprint", metavar="F", help="SHA-256 of the server's certificate or of its key")


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number")
    return int(text)


def _add_clock(add: Callable[..., Parser]) -> None:
    clock = add("clock", "The clock of a laboratory.").add_subparsers(dest="action", required=True, metavar="ACTION")
    add("set", "Set the clock.", clock).add_argument("value", metavar="TIME")
    add("advance", "Advance the clock.", clock).add_argument("value", metavar="DURATION")
    jump = add("jump", "Make the clock jump, as if no time had passed.", clock)
    jump.add_argument("value", metavar="DURATION")
    jump.add_argument("--back", action="store_true", help="jump back instead of forward")
    jump.add_argument("--reboot", action="store_true", help="jump while the device is off")


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    shared = _shared()
    parser = Parser(prog="agent", description="Licensing agent of a product.", parents=[shared])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, into: Any = None) -> Parser:
        made: Parser = (into or commands).add_parser(name, help=text, description=text, parents=[shared])
        return made

    register = add("register", "Register this device with a token.")
    _server_options(register)
    token = register.add_mutually_exclusive_group(required=True)
    token.add_argument("--token", help="the token")
    token.add_argument("--token-file", metavar="F", help="file that holds the token")
    for name in ("pid", "serial"):
        register.add_argument(f"--{name}", required=True)
    for name in ("uuid", "product", "hostname", "sw-version"):
        register.add_argument(f"--{name}")
    register.add_argument("--standby", action="append", default=[], metavar="PID:SN", help="a standby member")
    for name, text in (("use", "Use a licence."), ("request-export", "Ask for a restricted licence.")):
        command = add(name, text)
        command.add_argument("tag", metavar="TAG")
        command.add_argument("count", metavar="COUNT")
    for name, text in (("release", "Stop using a licence."), ("return-export", "Return a restricted licence.")):
        add(name, text).add_argument("tag", metavar="TAG")
    convert = add("convert", "Convert the classic licences of this device, or ask what became of the last request.")
    convert.add_argument("licences", metavar="SKU=QUANTITY", nargs="*", help="all units that the device holds of a SKU")
    add("status", "Show registration, authorization, licences.")
    add("usage", "Show the licences in use, or report measured use to the server.").add_argument(
        "action", choices=["report"], nargs="?", help="sign and send what was used since the last report"
    )
    add("renew", "Renew identity, authorization, or everything that is due.").add_argument(
        "what", choices=["id", "auth", "due"]
    )
    active = add("transfer-active", "Name the active unit of a set; by default this device.")
    active.add_argument("unit", metavar="PID:SN", nargs="?", help="the unit that is active now")
    away = add("detach", "Leave the network for a time: what is in use stays authorized until then.")
    away.add_argument("days", metavar="DAYS", help="for how many days, from 1 to 365; the vendor sets how many at most")
    add("reattach", "Return to the network before the time is over.")
    add("deregister", "Deregister this device.")
    reserve = add("reserve", "Licences by code, without any network.").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    asking = add("request", "Show the request code for central.", reserve)
    asking.add_argument("--root", required=True, metavar="FILE", help="the vendor's root file")
    for name in ("pid", "serial"):
        asking.add_argument(f"--{name}", required=True)
    add("install", "Install the authorization code from central.", reserve).add_argument("file", metavar="FILE")
    for action, text in (
        ("confirm", "Show the confirmation code of the installed authorization again."),
        ("return", "Return all reserved licences and show the return code."),
        ("codes", "Show the return codes that are kept, the newest last."),
    ):
        add(action, text, reserve)
    add("forget", "Forget a return code that was entered at central.", reserve).add_argument("code", metavar="CODE")
    _add_clock(add)
    _fleet_options(add)
    return parser


def _fleet_options(add: Callable[..., Parser]) -> None:
    fleet = add("fleet", "Many devices.").add_subparsers(dest="action", required=True, metavar="ACTION")
    inventory = add("inventory", "Read a folder of device outputs.", fleet)
    inventory.description = (
        "Read every file of a folder: captured outputs of the licensing commands of any generation, usage reports,"
        " reservation codes and answers of programming interfaces. Each file has a result: identities, members,"
        " licences with their counts, states - or a reason code. What is not certain is named in notes, never guessed."
        " Files that are refused are part of the result; the command fails only if it cannot read the folder or write"
        " the file."
    )
    inventory.add_argument("folder", metavar="FOLDER", help="folder of outputs; sub-folders are read, links are not")
    inventory.add_argument("--output", required=True, metavar="FILE", help="where the inventory is written (JSON)")
    inventory.add_argument("--catalogue", metavar="FILE", help="catalogue file that gives names their tags")
    run = add("run", "Run emulated devices made from an inventory.", fleet)
    run.add_argument("--inventory", required=True, metavar="FILE")
    run.add_argument("--token-file", required=True, metavar="F")
    _server_options(run)
    run.add_argument("--count", type=_whole, metavar="N", help="how many devices; by default the real ones")
    run.add_argument("--parallel", type=_whole, default=4, metavar="N", help="how many at a time")
    run.add_argument(
        "--names", metavar="TEXT", help="begins the host names of devices whose output shows none; `device` by default"
    )
