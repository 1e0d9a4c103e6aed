"""The `exchange` command: show what a file contains and check it offline."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from exchange import limits
from exchange.canonical import JsonObject, is_hex, parse_time
from exchange.errors import ExchangeError, TooLargeError
from exchange.inspect import inspect
from exchange.inspect_report import SIGNATURE_NOT_CHECKED, Report
from exchange.places import refuse_state
from exchange.terminal import printed, printed_json
from exchange.trust import Trust, load_root

DONE, REFUSED, USAGE = 0, 1, 2


class Usage(Exception):  # noqa: N818 - the command's own way out
    """The command line is wrong."""


class UnreadableError(Exception):
    """A file cannot be read or written."""

    code = "file_unreadable"
    remedy = "Check the path and its permissions; a regular file is needed."


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes end with exit code 2, as JSON where asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """No option may be shortened: what is meant must be plain to anyone who reads the script."""
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving, so that one place answers."""
        raise Usage(message)


def build_parser() -> argparse.ArgumentParser:
    """Both commands with their options."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--json", action="store_true", help="print JSON")
    shared.add_argument("--no-input", action="store_true", help="never ask a question (none is asked)")
    parser = Parser(
        prog="exchange",
        description="Show what a file contains and check it offline.",
        epilog="Exit code: 0 valid, 1 not valid or refused, 2 wrong usage. `inspect` without --root also ends with 0 "
        "when nothing but the signature is left unchecked.",
        parents=[shared],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    look = commands.add_parser("inspect", help="Describe a file.", description="Describe a file.", parents=[shared])
    look.add_argument("file", metavar="FILE")
    look.add_argument("--root", metavar="FILE", help="the vendor's root file, to check signatures with")
    look.add_argument("--write-roots", metavar="FILE", help="write the newer root documents in the file")
    check = commands.add_parser(
        "verify", help="Check a file against a root.", description="Check a file against a root.", parents=[shared]
    )
    check.add_argument("file", metavar="FILE")
    check.add_argument("--root", metavar="FILE", required=True, help="the vendor's root file")
    check.add_argument("--for", metavar="SATELLITE", dest="satellite", help="id of the satellite it has to be for")
    for command in (look, check):
        command.add_argument("--at", metavar="TIME", help="check as of this time; by default now")
        command.add_argument(
            "--authorization",
            metavar="FILE",
            help="authorization file of the satellite; its certificate vouches for a sync request's key",
        )
    return parser


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command; exit 0 valid, 1 not valid or refused, 2 wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        if any("\ud800" <= letter <= "\udfff" for argument in arguments for letter in argument):
            raise Usage("an argument is not UTF-8")
        options = build_parser().parse_args(arguments)
        report = _perform(options)
    except Usage as error:
        _fail(as_json, _problem("usage", str(error), "Run the command with --help."))
        sys.exit(USAGE)
    except (ExchangeError, UnreadableError) as error:
        _fail(as_json, _problem(error.code, str(error), error.remedy))
        sys.exit(REFUSED)
    try:
        _show(report, as_json=as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_writing()
        sys.exit(REFUSED)
    except OSError as error:
        _stop_writing()
        _fail(
            as_json=False, problem=_problem("file_unreadable", f"the result cannot be written: {error.strerror}", _ROOM)
        )
        sys.exit(REFUSED)
    tolerated = options.command == "inspect" and set(report.problems) <= {SIGNATURE_NOT_CHECKED}
    sys.exit(DONE if report.valid or tolerated else REFUSED)


_ROOM = "Make room where the result goes, and ask again."


def _stop_writing() -> None:
    # Nothing more may be written when the program ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _perform(options: argparse.Namespace) -> Report:
    now = _time(options.at) if options.at else datetime.now(UTC).replace(microsecond=0)
    satellite = getattr(options, "satellite", None)
    if satellite is not None and not is_hex(satellite, 32):
        raise Usage("--for takes the id of a satellite: 32 hexadecimal digits")
    trust = _read_trust(options.root) if options.root is not None else None
    target = getattr(options, "write_roots", None)
    if target is not None:
        _refuse_target(Path(target))
    with _open(options.file) as file:
        if options.authorization is None:
            report = inspect(file, trust=trust, now=now, satellite=satellite)
        else:
            with _open(options.authorization) as authorization:
                report = inspect(file, trust=trust, now=now, satellite=satellite, authorization=authorization)
    if target is not None:
        _write_roots(Path(target), report)
    return report


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ExchangeError as error:
        raise Usage("--at takes a time such as 2026-11-24T12:00:00Z") from error


def _open(name: str) -> BinaryIO:
    path = Path(name)
    try:
        if not name:
            raise UnreadableError("no file is named")
        if path.exists() and not path.is_file():
            raise UnreadableError(f"{name[-120:]} is not a regular file")
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot read {name[-120:]}") from error


def _read_trust(name: str) -> Trust:
    """A root file; further lines are newer roots, as `--write-roots` leaves them."""
    with _open(name) as file:
        data = file.read(limits.ROOT_LINE_BYTES + 1)
    if len(data) > limits.ROOT_LINE_BYTES:
        raise TooLargeError("a root file is small")
    first, *newer = data.removesuffix(b"\n").split(b"\n")
    return load_root(first).advance(newer)


def _refuse_target(path: Path) -> None:
    """Only a regular file is replaced, and none that a home keeps."""
    shown = str(path)[-120:]
    try:
        if not path.name or path.is_symlink() or (path.exists() and not path.is_file()):
            raise UnreadableError(f"cannot write {shown}: it is there and no regular file")
        if not path.parent.is_dir():
            raise UnreadableError(f"cannot write {shown}: there is no folder {str(path.parent)[-120:]}")
        refuse_state(path)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot write {shown}") from error


def _write_roots(path: Path, report: Report) -> None:
    """One signed root document a line, oldest first; an existing file stays when there are none."""
    report.contents["roots_written"] = len(report.roots)
    if not report.roots:
        return
    try:
        _write(path, b"".join(document + b"\n" for document in report.roots))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot write {str(path)[-120:]}") from error


def _write(path: Path, data: bytes) -> None:
    """Replace a file whole: the old one stands until the new one does."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with temporary.open("xb") as file:
            if os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _problem(code: str, message: str, remedy: str) -> JsonObject:
    return {"code": code, "message": message, "remedy": remedy}


def _fail(as_json: bool, problem: JsonObject) -> None:
    if as_json:
        print(printed_json({"error": problem}))
    else:
        print(printed(f"error ({problem['code']}): {problem['message']}\n  {problem['remedy']}"), file=sys.stderr)


def _show(report: Report, *, as_json: bool) -> None:
    found = report.to_dict()
    refusal = report.refusal
    if as_json:
        if refusal is not None:
            found["error"] = _problem(refusal.code, refusal.message, refusal.remedy)
        print(printed_json(found))
        return
    for name in ("kind", "issuer", "satellite", "epoch", "sequence", "created", "valid"):
        print(f"{name + ':':<12}{_clean(found[name])}")
    print(f"{'problems:':<12}{', '.join(report.problems) or '-'}")
    for name, value in found["contents"].items():
        print(f"  {name.replace('_', ' ')}: {_clean(value)}")
    if refusal is not None:
        print(printed(f"refused: {refusal.message}\n  {refusal.remedy}"))
    elif SIGNATURE_NOT_CHECKED in report.problems:
        print(f"not checked: {_HINTS.get(report.kind, _HINT)}")


_HINT = "who signed it; give the vendor's root file with --root"
_TYPED = "whose it is: a typed code bears no signature, and central compares it with the reservation"
_HINTS = {
    "sync-request": "who signed it; give the root file with --root, and the satellite's authorization file with --authorization",
    **dict.fromkeys(("request-code", "confirmation-code", "return-code"), _TYPED),
}


def _clean(value: object) -> str:
    # What a file says must not move the cursor of the person who reads it.
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else "?" for letter in text)


if __name__ == "__main__":
    main()
