"""A readable report and an offline check of any file: container, root file, single statement or code (rows E4, B10).

`valid` is true only when nothing found is wrong **and** the signature was checked. Whatever could not be checked with
what was given is in `contents.unchecked`; a signature among it is also named `signature_not_checked` in
`problems`, because a file that anyone may have written is not called valid.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import BinaryIO

from exchange.carried import reading
from exchange.container import SealedFile, split_container
from exchange.envelope import signer_ids
from exchange.errors import (
    ExchangeError,
    TruncatedError,
    WrongSatelliteError,
)
from exchange.files.authorization import check_created
from exchange.inspect_codes import MOST_CHARS, read_code
from exchange.inspect_files import READERS
from exchange.inspect_objects import inspect_object
from exchange.inspect_report import SIGNATURE_NOT_CHECKED, Look, Report, report_on
from exchange.trust import Trust
from exchange.vocabulary import FileKind


def inspect(
    data: bytes | BinaryIO,
    *,
    trust: Trust | None,
    now: datetime,
    satellite: str | None = None,
    authorization: bytes | BinaryIO | None = None,
) -> Report:
    """Describe a file and check all that can be checked.

    `trust` is the reader's root; `satellite` the one for which the file has to be; `authorization` an authorization
    file, whose certificate vouches for the identity key of a request. Raises an ExchangeError for what is not a file at
    all; what is wrong inside a file is in the report.
    """
    stream: BinaryIO = io.BytesIO(data) if isinstance(data, bytes | bytearray) else data
    stream.seek(0)
    first = stream.read(1)
    if not first:
        raise TruncatedError("the file is empty")
    look = Look(trust, now, authorization)
    report = reading(stream, lambda: _inspected(look, stream, first))
    if satellite is None or (report.kind == "root" and report.satellite is None) or report.satellite == satellite:
        return report
    wrong = WrongSatelliteError(
        "the file is for satellite {satellite}, not for {wanted}",
        satellite=report.satellite,
        wanted=satellite,
    )
    return Report(
        report.kind,
        report.issuer,
        report.satellite,
        report.epoch,
        report.sequence,
        report.created,
        valid=False,
        problems=(*(code for code in report.problems if code != wrong.code), wrong.code),
        contents=report.contents,
        refusal=report.refusal or wrong,
        roots=report.roots,
    )


def _inspected(look: Look, stream: BinaryIO, first: bytes) -> Report:
    report = _inspect_code(look, stream) if first != b"{" else inspect_object(look, stream)
    return report or _inspect_container(look, stream)


def _inspect_code(look: Look, stream: BinaryIO) -> Report | None:
    """A code that people carry; None where it is none."""
    stream.seek(0)
    found = read_code(stream.read(4 * MOST_CHARS + 1), look.trust, look.findings)
    stream.seek(0)
    if found is None:
        return None
    look.contents.update(found.contents)
    look.unchecked.extend(found.unchecked)
    if "signature" in found.unchecked:
        look.findings.note(SIGNATURE_NOT_CHECKED)
    return report_on(look, found.kind, issuer=found.issuer, created=found.created)


def _inspect_container(look: Look, stream: BinaryIO) -> Report:
    sealed = split_container(stream, None)
    header = sealed.header
    roots = _newer_roots(look, sealed)
    look.findings.check(lambda: READERS[header.kind](look, stream, sealed))
    if look.findings.codes in ([], [SIGNATURE_NOT_CHECKED]):
        look.findings.check(lambda: check_created(header.created, look.now))
    if header.kind in {FileKind.REGISTRATION, FileKind.SYNC_REQUEST}:
        issuer = f"satellite {header.satellite}"
    else:
        issuer = look.issuer(f"key {', '.join(signer_ids(sealed.envelope)) or 'none'}")
    return report_on(
        look,
        header.kind.value,
        issuer=issuer,
        satellite=header.satellite,
        epoch=header.epoch,
        sequence=header.number,
        created=header.created,
        roots=roots,
    )


def _newer_roots(look: Look, sealed: SealedFile) -> tuple[bytes, ...]:
    if look.trust is None:
        return sealed.root_documents
    try:
        return sealed.walk_roots(look.trust).newer_than(look.trust.root.version)
    except ExchangeError as error:
        look.findings.add(error)
        return ()
