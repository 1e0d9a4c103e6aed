"""The `agent` command: one device, or a fleet of emulated ones (rows D3, D4)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from agent.clock import parse_duration, parse_time
from agent.device import Device, standbys
from agent.errors import AgentError, InvalidInputError, InvalidQuantityError
from agent.files import read_file
from agent.joining import Wish
from agent.report import export_item, licence_item, status_of, usage_of
from agent.transport import Server
from exchange.errors import ExchangeError
from exchange.identity import Udi

ROOT_BYTES = 256 * 1024
TOKEN_BYTES = 4096
CODE_BYTES = 128 * 1024


class Usage(Exception):  # noqa: N818 - the command's own way out
    """The command line is wrong."""


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes end with exit code 2, as JSON where asked for."""

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
    trust.add_argument("--fingerprint", metavar="F", help="SHA-256 of the server's certificate")


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
    for name, text in (("release", "Stop using a licence."), ("return-export", "Give a restricted licence back.")):
        add(name, text).add_argument("tag", metavar="TAG")
    add("status", "Show registration, authorization, licences.")
    add("usage", "Show what is in use.")
    add("renew", "Renew identity, authorization, or what the timers ask for.").add_argument(
        "what", choices=["id", "auth", "due"]
    )
    add("deregister", "Leave the server.")
    reserve = add("reserve", "Licences by code, without any network.").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    asking = add("request", "Show the code to carry to central.", reserve)
    asking.add_argument("--root", required=True, metavar="FILE", help="the vendor's root file")
    for name in ("pid", "serial"):
        asking.add_argument(f"--{name}", required=True)
    add("install", "Install the authorization code from central.", reserve).add_argument("file", metavar="FILE")
    add("return", "Give everything back; shows the code that proves it.", reserve)
    clock = add("clock", "The clock of a laboratory.").add_subparsers(dest="action", required=True, metavar="ACTION")
    add("set", "Set the clock.", clock).add_argument("value", metavar="TIME")
    add("advance", "Let time pass.", clock).add_argument("value", metavar="DURATION")
    jump = add("jump", "Make the clock wrong: it leaps, and no time passes.", clock)
    jump.add_argument("value", metavar="DURATION")
    jump.add_argument("--back", action="store_true", help="leap back instead of forward")
    jump.add_argument("--reboot", action="store_true", help="leap while the device is off")
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
    run.add_argument("--count", type=int, metavar="N", help="how many devices; by default the real ones")
    run.add_argument("--parallel", type=int, default=4, metavar="N", help="how many at a time")
    return parser


def home_of(options: argparse.Namespace) -> Path:
    """The state folder."""
    named = getattr(options, "home", None) or os.environ.get("AGENT_HOME")
    return Path(named) if named else Path.home() / ".local" / "share" / "perigee" / "agent"


def _register(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    text = options.token if options.token is not None else _token(options.token_file)
    wish = Wish(
        token=text,
        udi=Udi(pid=options.pid, serial=options.serial, uuid=options.uuid),
        product_tag=options.product,
        hostname=options.hostname,
        software_version=options.sw_version,
        standbys=standbys(options.standby),
    )
    root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
    server = Server(options.url, str(Path(options.ca).resolve()) if options.ca else None, options.fingerprint)
    device.register(wish, root, server)
    return {"id": device.state.instance, **status_of(device)}


def _token(path: str) -> str:
    try:
        return read_file(Path(path), most_bytes=TOKEN_BYTES).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise InvalidInputError("the token file holds no token") from error


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InvalidQuantityError(f"{text[:40]!r} is not a quantity")
    return int(text)


def _use(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    count = _count(options.count)
    right = device.use(options.tag, count)
    if right is None:
        return {"tag": options.tag, "count": count, "state": device.authorization().value, "valid_until": None}
    return licence_item(right, count)


def _release(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    device.release(options.tag)
    return {"tag": options.tag, "count": 0, "state": "released"}


def _request_export(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    return export_item(options.tag, device.request_export(options.tag, _count(options.count)))


def _return_export(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    return export_item(options.tag, device.return_export(options.tag))


def _renew(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.what == "due":
        return {"renewed": list(device.renew_due()), **status_of(device)}
    if options.what == "id":
        device.renew_identity()
    else:
        device.renew_authorization()
    return status_of(device)


def _deregister(device: Device, _options: argparse.Namespace) -> dict[str, Any]:
    told = device.deregister()
    return {"state": "not_registered", "server_told": told, **status_of(device)}


def _reserve(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.action == "request":
        root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
        return {"request_code": device.reserve_request(Udi(pid=options.pid, serial=options.serial), root)}
    if options.action == "install":
        text = read_file(Path(options.file), most_bytes=CODE_BYTES).decode("utf-8", "replace")
        rights = device.reserve_install(text)
        return {"licences": [licence_item(right) for _, right in sorted(rights.items())]}
    return {"return_code": device.reserve_return()}


def _clock(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.action == "set":
        moved = device.clock.set(parse_time(options.value))
    elif options.action == "jump":
        by = parse_duration(options.value)
        moved = device.clock.jump(-by if options.back else by, reboot=options.reboot)
    else:
        moved = device.clock.advance(parse_duration(options.value))
    return {"now": moved.strftime("%Y-%m-%dT%H:%M:%SZ"), "lab": True}


_DEVICE_COMMANDS = {
    "register": _register,
    "use": _use,
    "release": _release,
    "request-export": _request_export,
    "return-export": _return_export,
    "status": lambda device, _options: status_of(device),
    "usage": lambda device, _options: usage_of(device),
    "renew": _renew,
    "deregister": _deregister,
    "reserve": _reserve,
    "clock": _clock,
}


def perform(options: argparse.Namespace) -> dict[str, Any]:
    """Do what the command says."""
    if options.command == "fleet":
        from agent.fleet import fleet_inventory, fleet_run

        if options.action == "inventory":
            return fleet_inventory(Path(options.folder), Path(options.output), options.catalogue)
        token, root = _token(options.token_file), read_file(Path(options.root), most_bytes=ROOT_BYTES)
        server = Server(options.url, str(Path(options.ca).resolve()) if options.ca else None, options.fingerprint)
        return fleet_run(
            home_of(options), Path(options.inventory), server, token, root, options.count, options.parallel
        )
    return _DEVICE_COMMANDS[options.command](Device(home_of(options)), options)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; exit 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        found = perform(build_parser().parse_args(arguments))
    except Usage as error:
        _fail(as_json, "usage", str(error), "Run the command with --help to see what it takes.")
        sys.exit(2)
    except AgentError as error:
        _fail(as_json, error.reason, error.message, error.remedy)
        sys.exit(1)
    except ExchangeError as error:
        _fail(as_json, error.code, error.message, error.remedy)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        print(json.dumps(found, ensure_ascii=False, sort_keys=True) if as_json else _render(found), flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough; nothing more may be written when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(1 if found.get("failed") else 0)


def _fail(as_json: bool, code: str, message: str, remedy: str) -> None:
    if as_json:
        print(json.dumps({"error": {"code": code, "message": message, "remedy": remedy}}, ensure_ascii=False))
    else:
        print(f"error ({code}): {message}\n  {remedy}", file=sys.stderr)


def _render(value: dict[str, Any], indent: str = "") -> str:
    lines = []
    for name, entry in value.items():
        if isinstance(entry, list) and entry and isinstance(entry[0], dict):
            lines.append(f"{indent}{name}:")
            lines += [_render(item, indent + "  ") for item in entry]
        else:
            shown = "-" if entry is None else "".join(c if c.isprintable() else "?" for c in str(entry))
            lines.append(f"{indent}{name.replace('_', ' ')}: {shown}")
    return "\n".join(lines)
