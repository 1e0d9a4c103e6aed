"""The `agent` command: one device, or a fleet of emulated ones (rows D3, D4)."""

from __future__ import annotations

import argparse
import codecs
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.clock import parse_duration, parse_time
from agent.device import Device
from agent.errors import AgentError, InvalidInputError, InvalidQuantityError
from agent.files import read_file, require_owner
from agent.joining import RegistrationRequest
from agent.options import Usage, build_parser
from agent.registering import standbys
from agent.report import export_item, licence_item, status_of, usage_of
from agent.transport import Server
from exchange.errors import ExchangeError
from exchange.identity import Udi

ROOT_BYTES = 256 * 1024
TOKEN_BYTES = 4096
MOST_SHOWN = 3000
FILES_REMEDY = "Check the path and its permissions."
CODE_BYTES = 128 * 1024


def home_of(options: argparse.Namespace) -> Path:
    """The state folder; WrongOwnerError where it is another user's."""
    given = getattr(options, "home", None)
    if given is not None and not given:
        raise Usage("--home is empty: name a folder")
    named = given or os.environ.get("AGENT_HOME")
    home = Path(named) if named else Path.home() / ".local" / "share" / "perigee" / "agent"
    require_owner(home)
    return home


def _register(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    text = _plain_token(options.token) if options.token is not None else _token(options.token_file)
    registration_request = RegistrationRequest(
        token=text,
        udi=Udi(pid=_word("--pid", options.pid), serial=_word("--serial", options.serial), uuid=options.uuid),
        product_tag=options.product,
        hostname=options.hostname,
        software_version=options.sw_version,
        standbys=standbys(options.standby),
    )
    root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
    server = Server(options.url, str(Path(options.ca).resolve()) if options.ca else None, options.fingerprint)
    device.register(registration_request, root, server)
    return {"id": device.state.instance, **status_of(device)}


def _token(path: str) -> str:
    return _plain_token(plain_text(read_file(Path(path), most_bytes=TOKEN_BYTES), "the token file"))


def _plain_token(text: str) -> str:
    """A token without what comes along when it is copied: blanks, line ends and a byte order mark around it."""
    plain = text.strip().strip("\ufeff").strip()
    if not plain:
        raise InvalidInputError("there is no token", remedy="Give the token as the server's console shows it.")
    if not plain.isascii() or any(letter.isspace() for letter in plain):
        raise InvalidInputError(
            "a token is one word of letters, digits, - and _",
            remedy="Copy it again, without the text around it and without line breaks inside.",
        )
    return plain


def plain_text(data: bytes, what: str) -> str:
    """The text of a file, with or without byte order mark, in UTF-8 or UTF-16; InvalidInputError names another form."""
    form = "utf-16" if data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
    try:
        text = data.decode(form)
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "{what} is not text in UTF-8 or UTF-16", remedy="Save it as plain text.", what=what
        ) from error
    if "\0" in text:
        raise InvalidInputError(
            "{what} holds binary data, or UTF-16 without its mark", remedy="Save it as UTF-8.", what=what
        )
    return text


def _word(option: str, text: str) -> str:
    """A product id or serial number as it was typed: blanks around it do not count; a product id may have some inside."""
    plain = text.strip()
    if not plain or (option == "--serial" and any(letter.isspace() for letter in plain)):
        raise InvalidInputError("{option}: {text!r} has a blank inside, or nothing else", option=option, text=text[:40])
    return plain


def _folder(text: str) -> Path:
    if not text:
        raise InvalidInputError("no folder is named")
    return Path(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InvalidQuantityError("{text!r} is not a quantity", text=text[:40])
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
    reply = device.deregister()
    return {"state": "not_registered", "server_told": reply, **status_of(device)}


def _transfer_active(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    active = standbys([options.unit])[0] if options.unit is not None else None
    chosen = device.transfer_active(active)
    return {"active": chosen.to_dict(), **status_of(device)}


def _reserve(device: Device, options: argparse.Namespace) -> dict[str, Any]:
    if options.action == "request":
        root = read_file(Path(options.root), most_bytes=ROOT_BYTES)
        udi = Udi(pid=_word("--pid", options.pid), serial=_word("--serial", options.serial))
        return {"request_code": device.reserve_request(udi, root)}
    if options.action == "install":
        text = plain_text(read_file(Path(options.file), most_bytes=CODE_BYTES), "the file of the code")
        rights = device.reserve_install(text)
        licences = [licence_item(right) for _, right in sorted(rights.items())]
        return {"licences": licences, "confirmation_code": device.reserve_confirmation()}
    if options.action == "confirm":
        return {"confirmation_code": device.reserve_confirmation()}
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
    "transfer-active": _transfer_active,
    "deregister": _deregister,
    "reserve": _reserve,
    "clock": _clock,
}


def perform(options: argparse.Namespace) -> dict[str, Any]:
    """Do what the command says."""
    if options.command == "fleet":
        from agent.fleet import fleet_inventory, fleet_run

        if options.action == "inventory":
            return fleet_inventory(_folder(options.folder), Path(options.output), options.catalogue)
        token, root = _token(options.token_file), read_file(Path(options.root), most_bytes=ROOT_BYTES)
        server = Server(options.url, str(Path(options.ca).resolve()) if options.ca else None, options.fingerprint)
        return fleet_run(
            home_of(options), Path(options.inventory), server, token, root, options.count, options.parallel
        )
    home = home_of(options)
    if (home / "keys" / "trust.json").exists():
        raise InvalidInputError("the state folder is a server's", remedy="Give the device a --home of its own.")
    return _DEVICE_COMMANDS[options.command](Device(home), options)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; exit 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        if any("\ud800" <= letter <= "\udfff" for argument in arguments for letter in argument):
            raise Usage("an argument is not UTF-8")
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
    except OSError as error:
        _fail(as_json, "file_unreadable", f"a file or folder cannot be used: {error.strerror}", FILES_REMEDY)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        print(json.dumps(found, ensure_ascii=False, sort_keys=True) if as_json else _render(found), flush=True)
    except BrokenPipeError:
        # Anyone who reads has seen enough; nothing more may be written when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(1 if found.get("failed") else 0)


def _fail(as_json: bool, code: str, message: str, remedy: str) -> None:
    message = message if len(message) <= MOST_SHOWN else message[:MOST_SHOWN] + "…"
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
