"""Reading one file: bytes in, a result out, whatever the bytes are.

Order: size, text, data (JSON or XML), then the answers in a captured session and the sections of each; what the
sections say is compared, and a file that speaks of several devices at once is refused rather than guessed at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

from agent.inventory import entries, keyed, tables
from agent.inventory.capture import Answer, answers, command_of
from agent.inventory.codes import Basis, Command, Note, Reason
from agent.inventory.commands import command_by_signs
from agent.inventory.decode import MOST_CHARS, MOST_LINES, as_seen, to_lines, to_text, too_long
from agent.inventory.identities import read_identities
from agent.inventory.model import Draft, FileResult, Licence
from agent.inventory.states import read_generation, read_states
from agent.inventory.structured import read_structured

MOST_BYTES = 16 * 1024 * 1024
_ERROR = re.compile(
    r"^ {0,40}(?:% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Permission|Authorization|Bad|Error)|ERROR: %|Error: "
    r"|-bash: |syntax error|Command authorization failed|Cmd exec error|.{0,80}command not found)",
    re.IGNORECASE | re.MULTILINE,
)
_LICENCE_WORDS = re.compile(
    r"licen[sc]|\bUDI\b|smart agent|entitlement|regid\.|SAEVT_|EventLog|Import TRUST CODE|authorization code",
    re.IGNORECASE,
)
_CUT = re.compile(r"--\s{0,4}More\s{0,4}--\s{0,8}\Z", re.IGNORECASE)
_LAYOUTS: tuple[Callable[[list[str], Draft], Iterator[Licence]], ...] = (
    # The layouts that say the most come first; the first one that finds something is the one that counts.
    entries.handles,
    entries.blocks,
    entries.entitlements,
    tables.summary_rows,
    tables.platform_rows,
    tables.feature_table,
    keyed.indexed_features,
    keyed.right_to_use,
    keyed.licence_files,
    tables.feature_names,
    tables.report_details,
    tables.report_rows,
)
_DETAILS = {
    Reason.EMPTY: "the file holds nothing",
    Reason.NOT_TEXT: "the file is not text",
    Reason.TOO_LARGE: f"more than {MOST_BYTES} bytes of data, {MOST_CHARS} characters or {MOST_LINES} lines of text",
    Reason.COMMAND_ERROR: "the device answered with an error",
    Reason.NO_LICENCE_DATA: "the output names no device, licence or state",
    Reason.NOT_A_LICENCE_OUTPUT: "the file is no licensing output",
    Reason.SEVERAL_DEVICES: "the file holds outputs of several devices; give each its own file",
}


def read_output(name: str, data: bytes) -> FileResult:
    """Read one file; never raises, whatever the bytes are."""
    digest = hashlib.sha256(data[: MOST_BYTES + 1]).hexdigest()
    draft = Draft()
    draft.reason = _read(data, draft)
    if draft.reason is not None:
        return _refused(name, digest, draft)
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
        software_version=draft.software_version,
        product_tag=draft.product_tag,
        udis=tuple(draft.udis),
        members=tuple(draft.members),
        peers=tuple(draft.peers),
        licences=tuple(draft.licences),
        notes=tuple(sorted(draft.notes)),
    )


def _refused(name: str, digest: str, draft: Draft) -> FileResult:
    return FileResult(
        file=name,
        sha256=digest,
        status="refused",
        reason=draft.reason,
        detail=_DETAILS[draft.reason] if draft.reason else "",
        command=None if draft.command is Command.OTHER else draft.command,
        hostname=draft.hostname,
        udis=tuple(draft.udis) if draft.reason is Reason.SEVERAL_DEVICES else (),
        notes=tuple(sorted(draft.notes)),
    )


def _read(data: bytes, draft: Draft) -> Reason | None:
    if len(data) > MOST_BYTES:
        return Reason.TOO_LARGE
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        return Reason.EMPTY
    text = to_text(data, draft)
    if text is None:
        return Reason.NOT_TEXT
    if not text.strip():
        return Reason.EMPTY
    if not read_structured(text, draft):
        if too_long(text):
            return Reason.TOO_LARGE
        text = as_seen(text)
        _read_lines(to_lines(text, draft), draft)
        if _CUT.search(data[-80:].decode("latin-1")):
            draft.note(Note.TRUNCATED_OUTPUT)
    reason = _judged(draft)
    return reason or (None if draft.holds_something else _why_nothing(text))


def _read_lines(lines: list[str], draft: Draft) -> None:
    given, idle = answers(lines)
    heard = [line for answer in given for line in ("", *answer.lines)]
    hosts = {answer.host.lower(): answer.host for answer in given if answer.host}
    draft.hostname = next(iter(hosts.values()), idle)
    if len(hosts) > 1:
        draft.reason = Reason.SEVERAL_DEVICES
    data = ["\n".join(answer.lines).strip() for answer in given]
    if any(text.startswith(("{", "[", "<")) and read_structured(text, draft) for text in data):
        draft.command = command_of(given[0].command) or draft.command
        return
    read_identities(heard, draft)
    read_states(heard, draft)
    told = _read_licences(given, draft)
    text = "\n".join(line.strip() for line in heard)
    read_generation(text, draft)
    draft.command = _command(told, given, text, draft)


def _read_licences(given: list[Answer], draft: Draft) -> Answer | None:
    """The entries of the answer whose layout says the most; the same layout twice is the device at two times."""
    best: tuple[int, Draft] | None = None
    told = None
    for answer in given:
        rank, found = _entries(answer.lines, draft)
        if not found.licences or (best is not None and rank > best[0]):
            continue
        if best is not None and rank == best[0] and found.licences != best[1].licences:
            draft.note(Note.CONFLICTING_COUNT)
        best, told = (rank, found), answer
    if best is not None:
        draft.licences += sorted(best[1].licences, key=lambda licence: licence.basis is not Basis.USAGE)
        for note in best[1].notes:
            draft.note(note)
    return told


def _entries(lines: list[str], draft: Draft) -> tuple[int, Draft]:
    """The entries by the first layout that finds some, with the notes that belong to them."""
    for rank, layout in enumerate(_LAYOUTS):
        found = Draft(udis=draft.udis)
        found.licences += layout(lines, found)
        if found.licences:
            if layout is entries.handles:
                # Tech support prints what is in use by handles, and the rights that are installed as blocks below.
                found.licences += [entry for entry in entries.blocks(lines, found) if entry.basis is not Basis.USAGE]
            return rank, found
    return len(_LAYOUTS), Draft()


def _command(told: Answer | None, given: list[Answer], text: str, draft: Draft) -> Command:
    """Of several commands the one that told the licences names the file."""
    asked = [command_of(answer.command) for answer in ([told] if told else []) + given]
    return next((command for command in asked if command is not None), None) or command_by_signs(text, draft)


def _judged(draft: Draft) -> Reason | None:
    """Whether what was found speaks of one device."""
    if draft.reason is not None:
        return draft.reason
    if len(draft.udis) > 1:
        keys = {member.udi.key for member in draft.members}
        if not all(udi.key in keys for udi in draft.udis):
            return Reason.SEVERAL_DEVICES
        draft.note(Note.CONFLICTING_IDENTITY)
    return None


def _why_nothing(text: str) -> Reason:
    if _ERROR.search(text):
        return Reason.COMMAND_ERROR
    return Reason.NO_LICENCE_DATA if _LICENCE_WORDS.search(text) else Reason.NOT_A_LICENCE_OUTPUT
