"""The `agent` command: one device, or a fleet of emulated ones (rows D3, D4)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.clock import parse_duration
from agent.device import Device
from agent.errors import AgentError, FileUnreadableError, InvalidInputError
from agent.files import read_file, require_owner
from agent.joining import RegistrationRequest
from agent.options import Usage, build_parser
from agent.report import conversion_item, export_item, licence_item, reported_use, status_of, usage_of
from agent.store import STATE_FILE
from agent.typed import (
    classic_lines,
    days_of,
    described,
    folder_of,
    identity,
    quantity,
    server_of,
    text_of,
    time_of,
    token_of,
    unit_of,
)
from exchange.errors import ExchangeError
from exchange.places import is_server_state
from exchange.terminal import printed, printed_json

ROOT_BYTES = 256 * 1024
MOST_SHOWN = 3000
FILES_REMEDY = "Check the path and its permissions."
AGAIN = (
    "Make room where the result goes, and ask again: `agent status`, `agent reserve confirm` or `agent reserve return`."
)
CODE_BYTES = 128 * 1024


def home_of(options: argparse.Namespace) -> Path:
    """The state folder; WrongOwnerError where it is another user's, InvalidInputError where it can be no device's."""
    given = getattr(options, "home", None)
    if given is not None and not given:
        raise Usage("--home is empty: name a folder")
    named = given or os.environ.get("AGENT_HOME")
    if named and "://" in named:
        raise Usage("--home is the path of a folder, not an address")
    try:
        home = Path(named) if named else Path.home() / ".local" / "share" / "perigee" / "agent"
    except RuntimeError as error:
        raise Usage("this user has no folder of its own: name one with --home") from error
    try:
        require_owner(home)
        if home.exists() and not home.is_dir():
            raise FileUnreadableError("--home {text} is not a folder", text=str(home)[-120:])
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else "no path has such a name"
        raise FileUnreadableError("cannot use --home {text}: {cause}", text=str(home)[-120:], cause=cause) from error
    if (home / "keys" / "trust.json").exists() or is_server_state(home / STATE_FILE):
        raise InvalidInputError("the state folder is a server's", remedy="Give the device a --home of its own.")
    return home


def _register(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    registration_request = RegistrationRequest(
        token=token_of(options.token, options.token_file),
        udi=identity(options.pid, options.serial, options.uuid),
        product_tag=described("--product", options.product),
        hostname=described("--hostname", options.hostname),
        software_version=described("--sw-version", options.sw_version),
        standbys=tuple(unit_of(text) for text in options.standby),
    )
    root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
    device.register(registration_request, root, server_of(options.url, options.ca, options.fingerprint))
    return {"id": device.state.instance, **status_of(device)}


def _use(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    count = quantity(options.count)
    right = device.use(options.tag, count)
    if right is None:
        return {"tag": options.tag, "count": count, "state": device.authorization().value, "valid_until": None}
    return licence_item(right, count)


def _release(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    device.release(options.tag)
    return {"tag": options.tag, "count": 0, "state": "released"}


def _request_export(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    return export_item(options.tag, device.request_export(options.tag, quantity(options.count)))


def _return_export(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    return export_item(options.tag, device.return_export(options.tag))


def _convert(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    lines = classic_lines(options.licences) if options.licences else None
    device.convert(lines)
    return conversion_item(device.state.conversion) or {}


def _renew(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.what == "due":
        return {"renewed": list(device.renew_due()), **status_of(device)}
    if options.what == "id":
        device.renew_identity()
    else:
        device.renew_authorization()
    return status_of(device)


def _detach(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    device.detach(days_of(options.days))
    return status_of(device)


def _reattach(device: Device, _options: argparse.Namespace) -> dict[str, Any]:
    device.reattach()
    return status_of(device)


def _deregister(device: Device, _options: argparse.Namespace) -> dict[str, Any]:
    reply = device.deregister()
    return {"state": "not_registered", "server_told": reply, **status_of(device)}


def _transfer_active(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    active = unit_of(options.unit) if options.unit is not None else None
    chosen = device.transfer_active(active)
    return {"active": chosen.to_dict(), **status_of(device)}


def _reserve(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.action == "request":
        root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
        return {"request_code": device.reserve_request(identity(options.pid, options.serial), root)}
    if options.action == "install":
        text = text_of(read_file(Path(options.file), most_bytes=CODE_BYTES), "the file of the code")
        rights = device.reserve_install(text)
        licences = [licence_item(right) for _, right in sorted(rights.items())]
        return {"licences": licences, "confirmation_code": device.reserve_confirmation()}
    if options.action == "confirm":
        return {"confirmation_code": device.reserve_confirmation()}
    if options.action == "codes":
        return {"return_codes": device.reserve_codes()}
    if options.action == "forget":
        return {"forgotten": device.reserve_forget(options.code)}
    return {"return_code": device.reserve_return()}


def _usage(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.action is None:
        return usage_of(device)
    result = device.report_usage()
    return {"unknown": list(result.unknown) if result is not None else [], **reported_use(device)}


def _clock(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.action == "set":
        moved = device.clock.set(time_of(options.value))
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
    "convert": _convert,
    "status": lambda device, _options: status_of(device),
    "usage": _usage,
    "renew": _renew,
    "transfer-active": _transfer_active,
    "detach": _detach,
    "reattach": _reattach,
    "deregister": _deregister,
    "reserve": _reserve,
    "clock": _clock,
}


def perform(options: argparse.Namespace) -> dict[str, Any]:
    """Do what the command says."""
    if options.command == "fleet":
        from agent.fleet import fleet_inventory, fleet_run
        from agent.inventory.fleet import NAMES

        if options.action == "inventory":
            return fleet_inventory(folder_of(options.folder), Path(options.output), options.catalogue)
        home, token = home_of(options), token_of(None, options.token_file)
        root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
        server = server_of(options.url, options.ca, options.fingerprint)
        names = described("--names", options.names) or NAMES
        return fleet_run(home, Path(options.inventory), server, token, root, options.count, options.parallel, names)
    return _DEVICE_COMMANDS[options.command](Device(home_of(options)), options)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; exit 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        if any("\ud800" <= letter <= "\udfff" for argument in arguments for letter in argument):
            raise Usage("an argument is not UTF-8")
        found = perform(build_parser().parse_args(arguments))
    except Usage as error:
        _fail(as_json, "usage", str(error), "Run the command with --help.")
        sys.exit(2)
    except AgentError as error:
        _fail(as_json, error.reason, error.message, error.remedy)
        sys.exit(1)
    except ExchangeError as error:
        _fail(as_json, error.code, error.message, error.remedy)
        sys.exit(1)
    except OSError as error:
        name = Path(os.fsdecode(error.filename)).name if isinstance(error.filename, str | bytes) else "a file or folder"
        _fail(as_json, "file_unreadable", f"cannot use {name[:120]}: {error.strerror}", FILES_REMEDY)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        _say(printed_json(found) if as_json else printed(_render(found)))
    except BrokenPipeError:
        _stop_writing()
        sys.exit(1)
    except OSError as error:
        _stop_writing()
        _fail(
            as_json=False,
            code="file_unreadable",
            message=f"the command is done; its result cannot be written: {error.strerror}",
            remedy=AGAIN,
        )
        sys.exit(1)
    sys.exit(1 if found.get("failed") else 0)


def _stop_writing() -> None:
    # Nothing more may be written when the program ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str, *, error: bool = False) -> None:
    """Print; what the terminal's encoding lacks is escaped in a way that JSON reads too."""
    stream = sys.stderr if error else sys.stdout
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(text)[1:-1].replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
    print(text, file=stream, flush=True)


def _fail(as_json: bool, code: str, message: str, remedy: str) -> None:
    message = message if len(message) <= MOST_SHOWN else message[:MOST_SHOWN] + "…"
    if as_json:
        _say(printed_json({"error": {"code": code, "message": message, "remedy": remedy}}))
    else:
        _say(printed(f"error ({code}): {message}\n  {remedy}"), error=True)


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
