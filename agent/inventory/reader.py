"""Reading one file: bytes in, a result out, whatever the bytes are.

Order: size, text, data (JSON or XML), then the answers in a captured session and the sections of each; what the
sections say is compared, and a file that speaks of several devices at once is refused rather than guessed at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from agent.inventory import entries, keyed, tables
from agent.inventory.capture import Answer, answers, command_of
from agent.inventory.codes import Basis, Command, Note, Reason
from agent.inventory.commands import command_by_signs
from agent.inventory.decode import MOST_CHARS, MOST_LINES, as_seen, other_kind, to_text, too_long
from agent.inventory.identities import read_identities
from agent.inventory.logs import MOST_LINE, to_lines
from agent.inventory.model import Draft, FileResult, Licence
from agent.inventory.parts import Reading, distinct, doubtful, parted
from agent.inventory.states import read_generation, read_states
from agent.inventory.structured import read_structured
from agent.inventory.whole import note_open_end, without_cut_line

MOST_BYTES = 16 * 1024 * 1024
MOST_PARTS = 200  # outputs in one file; no device is asked so often
_ERROR = re.compile(
    r"^ {0,40}(?:% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Permission|Authorization|Bad|Error)|ERROR: %|Error: "
    r"|-bash: |syntax error|Command authorization failed|Cmd exec error|.{0,80}command not found)",
    re.IGNORECASE | re.MULTILINE,
)
_LICENCE_WORDS = re.compile(
    r"licen[sc]|\bUDI\b|smart agent|entitlement|regid\.|SAEVT_|EventLog|Import TRUST CODE|authorization code",
    re.IGNORECASE,
)
# Outputs that are known and hold nothing that an inventory takes.
_SAYS_NOTHING = re.compile(
    r"\*{2,} Event Log|SAEVT_|No EventLog Found|^\s*Message History \(|License Conversion Data|^\s*Conversion (?:Request|Status)"
    r"|License Operation Supported|smart-licensing transport settings|License Certificates|^\s*No (?:[a-z-]{1,20} ){0,4}licen[sc]e"
    r"|^\s*No (?:[a-z-]{1,20} ){0,3}(?:code|reservation)|No Purchase Information|Import TRUST CODE|SUCCESS(?:FULLY)?\b",
    re.IGNORECASE | re.MULTILINE,
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
    Reason.NOT_A_LICENCE_OUTPUT: "the file is not a licensing output",
    Reason.UNKNOWN_LAYOUT: "the file speaks of licensing in a layout that is not known",
    Reason.COMPRESSED: "the file is packed; unpack it and give what is in it",
    Reason.SEVERAL_DEVICES: "the file holds outputs of several devices; give each its own file",
}


def read_output(name: str, data: bytes) -> FileResult:
    """Read one file; never raises, whatever the bytes are."""
    digest = hashlib.sha256(data[: MOST_BYTES + 1]).hexdigest()
    draft = Draft()
    draft.reason = _read(data, draft)
    if draft.reason is not None:
        return _refused(name, digest, draft)
    if not any(udi.serial for udi in draft.udis):
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
        detail=draft.detail or (_DETAILS[draft.reason] if draft.reason else ""),
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
    if (strange := other_kind(data, draft)) is not None:
        return strange
    text = to_text(data, draft)
    if text is None:
        return Reason.NOT_TEXT
    if not text.strip():
        return Reason.EMPTY
    if not read_structured(text, draft):
        if too_long(text):
            return Reason.TOO_LARGE
        text = as_seen(text)
        lines = to_lines(text, draft)
        note_open_end(lines, draft)
        _read_lines(lines if text.endswith("\n") else without_cut_line(lines, draft), draft)
        if _CUT.search(data[-80:].decode("latin-1")):
            draft.note(Note.TRUNCATED_OUTPUT)
    reason = _judged(draft)
    return reason or (None if draft.holds_something else _why_nothing(text, draft))


def _read_lines(lines: list[str], draft: Draft) -> None:
    given, idle = answers(lines)
    hosts = {answer.host.lower(): answer.host for answer in given if answer.host}
    draft.hostname = next(iter(hosts.values()), idle)
    if len(hosts) > 1:
        draft.reason = Reason.SEVERAL_DEVICES
    if _read_data(given, draft):
        return
    for answer in given:
        if any(len(line) > MOST_LINE for line in answer.lines):
            draft.note(Note.OVERLONG_LINE)
            answer.lines = [line if len(line) <= MOST_LINE else "" for line in answer.lines]
    given = _of_one_device([part for answer in given for part in parted(answer)], draft)
    heard = [line for answer in given for line in ("", *answer.lines)]
    read_identities(heard, draft)
    read_states(heard, draft)
    told = _read_licences(given, draft)
    if not draft.licences:
        tables.note_unread_usage(heard, draft)
    text = "\n".join(line.strip() for line in heard)
    read_generation(text, draft)
    draft.command = _command(told, given, text, draft)


def _read_data(given: list[Answer], draft: Draft) -> bool:
    """Answers that are data, among them lines longer than any that is meant for a screen."""
    found = []
    for answer in given:
        start = next((i for i, line in enumerate(answer.lines) if line.lstrip()[:1] in {"{", "[", "<"}), None)
        text = "\n".join(answer.lines[start:]).strip() if start is not None else ""
        found.append(bool(text) and read_structured(text, draft))
    if not any(found):
        return False
    read_identities(
        [line for answer, data in zip(given, found, strict=True) if not data for line in _short(answer)], draft
    )
    draft.command = command_of(given[found.index(True)].command) or draft.command
    return True


def _short(answer: Answer) -> list[str]:
    return ["", *(line for line in answer.lines if len(line) <= MOST_LINE)]


def _of_one_device(given: list[Answer], draft: Draft) -> list[Answer]:
    """The outputs without repetitions; several that no prompt and no identity holds together are refused."""
    if len(given) < 2:
        return given
    if len(given) > MOST_PARTS:
        draft.reason = Reason.SEVERAL_DEVICES
        return given[:1]
    readings = []
    for answer in given:
        own = Draft()
        read_identities(answer.lines, own)
        read_states(answer.lines, own)
        own.licences += _entries(answer.lines, own)[1].licences
        own.command = command_by_signs("\n".join(line.strip() for line in answer.lines), own)
        readings.append(Reading(answer, own))
    kept = distinct(readings)
    if doubtful(kept):
        draft.reason = Reason.SEVERAL_DEVICES
    return [reading.answer for reading in kept]


def _read_licences(given: list[Answer], draft: Draft) -> Answer | None:
    """The entries of the answer whose layout says the most; the same layout twice is the device at two times."""
    best: tuple[int, Draft] | None = None
    told = None
    for answer in given:
        rank, found = _entries(answer.lines, draft)
        if not found.licences and Note.WRAPPED_VALUE in found.notes:
            draft.note(Note.WRAPPED_VALUE)
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
    unread = Draft()
    for rank, layout in enumerate(_LAYOUTS):
        found = Draft(udis=draft.udis)
        found.licences += layout(lines, found)
        if found.licences:
            if layout is entries.handles:
                # Tech support prints what is in use by handles, and the rights that are installed as blocks below.
                found.licences += [entry for entry in entries.blocks(lines, found) if entry.basis is not Basis.USAGE]
            return rank, found
        if Note.WRAPPED_VALUE in found.notes:
            unread.note(Note.WRAPPED_VALUE)
    return len(_LAYOUTS), unread


def _command(told: Answer | None, given: list[Answer], text: str, draft: Draft) -> Command:
    """Of several commands the one that told the licences names the file."""
    asked = [command_of(answer.command) for answer in ([told] if told else []) + given]
    return next((command for command in asked if command is not None), None) or command_by_signs(text, draft)


def _judged(draft: Draft) -> Reason | None:
    """Whether what was found speaks of one device."""
    if draft.reason is not None:
        return draft.reason
    apart = any(not first & second for first, second in pairwise(draft.sets) if first and second)
    keys = {udi.key for udi in draft.udis}
    if apart or (len(keys) > 1 and not any(keys <= members for members in _sets(draft))):
        return Reason.SEVERAL_DEVICES
    if len(keys) > 1:
        draft.note(Note.CONFLICTING_IDENTITY)
    return None


def _sets(draft: Draft) -> list[set[tuple[str, str]]]:
    active = {member.udi.key for member in draft.members if member.role == "active"}
    # Without a list of members, two active units are those of two devices.
    return draft.sets or ([{member.udi.key for member in draft.members}] if len(active) < 2 else [])


def _why_nothing(text: str, draft: Draft) -> Reason:
    if _ERROR.search(text):
        return Reason.COMMAND_ERROR
    if _SAYS_NOTHING.search(text):
        return Reason.NO_LICENCE_DATA
    if {Note.MALFORMED_IDENTITY, Note.MASKED_VALUE, Note.WRAPPED_VALUE, Note.TRUNCATED_OUTPUT} & set(draft.notes):
        return Reason.NO_LICENCE_DATA
    return Reason.UNKNOWN_LAYOUT if _LICENCE_WORDS.search(text) else Reason.NOT_A_LICENCE_OUTPUT
