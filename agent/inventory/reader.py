"""Reading one file: bytes in, a result out, whatever the bytes are.

Order: size, text, data (JSON or XML), then the sections of a textual output; what the sections say is compared, and a
file that speaks of several devices at once is refused rather than guessed at.
"""

from __future__ import annotations

import hashlib
import re

from agent.inventory import text as sections
from agent.inventory.model import Command, Draft, FileResult, Identity, Note, Reason
from agent.inventory.structured import read_structured

MOST_BYTES = 16 * 1024 * 1024
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")
_MORE = re.compile(r"[ \t]*--+ ?More ?--+[ \t\x08]*", re.IGNORECASE)
_ERROR = re.compile(
    r"^\s*(% ?(Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Permission|Authorization)|ERROR: %|Error: |-bash: |syntax error)",
    re.IGNORECASE | re.MULTILINE,
)
_LICENCE_WORDS = re.compile(r"licen[sc]|smart agent|entitlement|regid\.", re.IGNORECASE)
_COMMANDS = (
    (Command.TECH_SUPPORT, re.compile(r"tech[- ]?support", re.IGNORECASE)),
    (Command.ALL, re.compile(r"licen[sc]e all", re.IGNORECASE)),
    (Command.SUMMARY, re.compile(r"licen[sc]e summ", re.IGNORECASE)),
    (Command.USAGE, re.compile(r"licen[sc]e usag", re.IGNORECASE)),
    (Command.STATUS, re.compile(r"licen[sc]e (smart )?stat", re.IGNORECASE)),
    (Command.UDI, re.compile(r"licen[sc]e udi", re.IGNORECASE)),
    (Command.RUM, re.compile(r"licen[sc]e rum", re.IGNORECASE)),
    (Command.EVENT_LOG, re.compile(r"licen[sc]e event", re.IGNORECASE)),
)


def read_output(name: str, data: bytes) -> FileResult:
    """Read one file; never raises, whatever the bytes are."""
    digest = hashlib.sha256(data[: MOST_BYTES + 1]).hexdigest()
    if len(data) > MOST_BYTES:
        return _refused(name, digest, Reason.TOO_LARGE, f"more than {MOST_BYTES} bytes")
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return _refused(name, digest, Reason.EMPTY, "the file holds nothing")
    draft = Draft()
    plain = _decode(data, draft)
    if plain is None:
        return _refused(name, digest, Reason.NOT_TEXT, "the file is not text")
    _read(plain, draft)
    if draft.reason is not None:
        return _refused(name, digest, draft.reason, _DETAILS[draft.reason])
    if not draft.holds_something:
        reason = _why_nothing(plain)
        return _refused(name, digest, reason, _DETAILS[reason])
    return _finished(name, digest, draft)


_DETAILS = {
    Reason.COMMAND_ERROR: "the device answered with an error",
    Reason.NO_LICENCE_DATA: "the output names no device, licence or state",
    Reason.NOT_A_LICENCE_OUTPUT: "the file is no licensing output",
    Reason.SEVERAL_DEVICES: "the file holds outputs of several devices; give each its own file",
}


def _decode(data: bytes, draft: Draft) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            return None
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
            draft.note(Note.DECODED_AS_LATIN_1)
    text = _MORE.sub("", _ANSI.sub("", text)).replace("\r\n", "\n").replace("\r", "\n").replace("\x08", "")
    strange = sum(1 for letter in text if (ord(letter) < 32 and letter not in "\n\t\f") or "\x7f" <= letter <= "\x9f")
    return None if "\x00" in text or strange * 50 > len(text) else text


def _read(text: str, draft: Draft) -> None:
    if read_structured(text, draft):
        return
    lines = text.split("\n")
    command = sections.read_prompt(lines, draft)
    sections.read_identities(lines, draft)
    sections.read_states(lines, draft)
    sections.read_licences(lines, draft)
    sections.read_generation(text, draft)
    draft.command = _command(command, text, draft)
    _judge_identity(draft)


def _command(shown: str | None, text: str, draft: Draft) -> Command:
    if shown is not None:
        for command, pattern in _COMMANDS:
            if pattern.search(shown):
                return command
    if "Tech Support info" in text or re.search(r"^Handle: \d", text, re.MULTILINE):
        return Command.TECH_SUPPORT
    signs: tuple[tuple[Command, str], ...] = (
        (Command.RUM, r"^Smart Licensing Usage Report|^\d{9,11}\s+(OPEN|CLOSED|ACK|DELETED)\s"),
        (Command.EVENT_LOG, r"\*+ .*Event Log|SAEVT_"),
        (Command.FEATURES, r"^Index \d+ Feature:|^Feature name\s+Enforcement"),
        (Command.SUMMARY, r"License\s+Entitlement tag\s+Count"),
        (Command.USAGE, r"^Feature\s+Ins\s+Lic"),
    )
    for command, sign in signs:
        if re.search(sign, text, re.MULTILINE | re.IGNORECASE):
            return command
    if draft.registration is not None or re.search(r"Smart Licensing Status|Smart Licensing is ", text):
        return (
            Command.ALL
            if re.search(r"^(Product Information|Agent Version|License Usage)", text, re.MULTILINE)
            else Command.STATUS
        )
    if draft.licences:
        return Command.USAGE
    return Command.UDI if draft.udis else Command.OTHER


def _judge_identity(draft: Draft) -> None:
    if len(draft.udis) > 1:
        keys = {member.udi.key for member in draft.members}
        if not all(udi.key in keys for udi in draft.udis):
            draft.reason = Reason.SEVERAL_DEVICES
            return
        draft.note(Note.CONFLICTING_IDENTITY)
    if not draft.udis:
        active = [member.udi for member in draft.members if member.role == "active"]
        if active:
            draft.udis.append(active[0])


def _why_nothing(text: str) -> Reason:
    if _ERROR.search(text):
        return Reason.COMMAND_ERROR
    return Reason.NO_LICENCE_DATA if _LICENCE_WORDS.search(text) else Reason.NOT_A_LICENCE_OUTPUT


def _finished(name: str, digest: str, draft: Draft) -> FileResult:
    if not draft.udis:
        draft.note(Note.NO_IDENTITY)
    return FileResult(
        file=name,
        sha256=digest,
        status="read",
        command=draft.command,
        generation=draft.generation,
        registration=draft.registration,
        authorization=draft.authorization,
        hostname=draft.hostname,
        agent_version=draft.agent_version,
        product_tag=draft.product_tag,
        udis=_unique(draft.udis),
        members=tuple(draft.members),
        licences=tuple(draft.licences),
        notes=tuple(sorted(draft.notes)),
    )


def _unique(udis: list[Identity]) -> tuple[Identity, ...]:
    return tuple({udi.key: udi for udi in udis}.values())


def _refused(name: str, digest: str, reason: Reason, detail: str) -> FileResult:
    return FileResult(file=name, sha256=digest, status="refused", reason=reason, detail=detail)
