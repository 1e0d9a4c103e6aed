"""Variations of real outputs that once lost or mixed something without a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.inventory.codes import Note, Reason
from agent.inventory.model import FileResult
from agent.inventory.reader import read_output

SAMPLES = Path("tests/data/show-license")
SEQUENCE = "000123: Jan 12 10:11:12.123: %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: x]"
SUMMARY = (
    "License Usage:\n  License                 Entitlement Tag               Count Status\n  ---------------------------------------------\n"
    "  network-essentials      (C9300_24P_NW_E)                  3 IN USE\n  dna-essentials          (C9300_24P_DNA_E)                 3 IN USE\n"
)
STACK = (
    "Product Information\n===================\nUDI: PID:C9300-48U,SN:FCW9937L0AA\n\nHA UDI List:\n    Active:PID:C9300-48U,SN:FCW9937L0AA\n"
    "    Standby:PID:C9300-48U,SN:FCW9937L0AB\n    Member:PID:C9300-48U,SN:FCW9937L0AC\n"
)


def _data(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def _read(data: str | bytes) -> FileResult:
    return read_output("x", data.encode() if isinstance(data, str) else data)


def _facts(result: FileResult) -> tuple[object, ...]:
    return result.udis, result.members, result.licences, result.registration, result.agent_version, result.notes


@pytest.mark.parametrize(
    "name", ["asav-show-license-all-5.txt", "c9300-show-license-tech-support-4.txt", "ios-show-license-1.txt"]
)
@pytest.mark.row("D4")
def test_control_letters_shown_as_two_are_undone(name: str) -> None:
    """Line ends, backspaces and pagers that `cat -v` shows as ^M and ^H change nothing."""
    text = _data(name).decode()
    pager = " --More-- " + "^H" * 10 + " " * 10 + "^H" * 10
    paged = "".join(f"{pager}{line}\n" if n % 9 == 8 else f"{line}\n" for n, line in enumerate(text.split("\n")))
    for shown in (text.replace("\n", "^M\n"), paged, paged.replace(pager, "--More--^M        ^M")):
        assert _facts(_read(shown)) == _facts(_read(text))


@pytest.mark.row("D4")
def test_mail_quoted_twice_is_read() -> None:
    """An output that was answered twice in a mail is read as it is."""
    text = _data("asr1000-show-license-udi-1.txt").decode()
    assert _facts(_read(re.sub(r"(?m)^", ">> ", text))) == _facts(_read(text))


@pytest.mark.row("D4")
def test_message_glued_to_a_broken_line_is_named() -> None:
    """Letters right before the number or the time of a message are of a line that it broke off, not a host's name."""
    for start in (
        "Registratio" + SEQUENCE,
        "Registratio1w2d: %LINK-5-CHANGED: x",
        "Registratio00:00:12: %LINK-5-CHANGED: x",
    ):
        result = _read(f"{STACK}\n{start}\nn:\n  Status: REGISTERED\n")
        assert (result.registration, Note.INTERRUPTED_LINE in result.notes) == (None, True), start


@pytest.mark.row("D4")
def test_rest_of_an_interrupted_row_is_no_row() -> None:
    """What follows a message that broke a row is the rest of a name, not a name, and no prompt either."""
    rest = "essentials      (C9300_24P_NW_E)                  3 IN USE"
    broken = SUMMARY.replace(f"network-{rest}", f"network-{SEQUENCE}\n{rest}")
    result = _read(STACK + broken)
    assert [entry.name for entry in result.licences] == ["dna-essentials"]
    assert Note.INTERRUPTED_LINE in result.notes
    result = _read(f"{STACK}\nReports:\n  Last Response: <no{SEQUENCE}\nne>\n{SUMMARY}")
    assert (result.hostname, Note.INTERRUPTED_LINE in result.notes) == (None, True)
    features = "Feature                Ins  Lic   Status Expiry Date Comments\n                            Count\n-----------------------------------\n"
    result = _read(f"{features}LAN_ENTERPRI{SEQUENCE}\nSE_SERVICES_PKG         Yes   -   In use Never         -\n")
    assert (result.licences, Note.INTERRUPTED_LINE in result.notes) == ((), True)


@pytest.mark.parametrize(
    "message",
    [
        "Message from syslogd@sw1 at Jan 12 10:11:12 ...",
        "Jan 12 10:11:12 sw1 kernel: [123.456] link up",
        "*Nov 29 10:00:00.000: smart licensing trace: Count: 5",
    ],
)
@pytest.mark.row("D4")
def test_other_messages_between_lines_end_no_table(message: str) -> None:
    """Messages without a facility between rows and members take nothing away."""
    text = STACK + "\n" + SUMMARY
    lines = text.split("\n")
    for place in (6, 7, 8, 12, 13):
        result = _read("\n".join([*lines[:place], message, *lines[place:]]))
        assert (result.members, result.licences) == (_read(text).members, _read(text).licences), place


@pytest.mark.row("D4")
def test_a_line_that_does_not_belong_there_is_named_or_passed_over() -> None:
    """A strange line ends no list of members, and the rows below one in a table are named."""
    result = _read(STACK.replace("    Member:", "[OK]\n    Member:"))
    assert len(result.members) == 3
    result = _read(SUMMARY.replace("  dna-", "Owner: Anna\n  dna-"))
    assert (len(result.licences), Note.UNKNOWN_LAYOUT in result.notes) == (1, True)


@pytest.mark.row("D4")
def test_wrapped_heads_of_entries_are_named() -> None:
    """A head that the terminal broke at 80 columns loses its entry and says so; its count goes to no other entry."""
    text = _data("cucm-show-license-all-1.txt").decode()
    wrapped = "\n".join(part for line in text.split("\n") for part in (re.findall(".{1,80}", line) or [""]))
    result = _read(wrapped)
    assert len(result.licences) < len(_read(text).licences)
    assert Note.WRAPPED_VALUE in result.notes
    detail = _data("c9300-show-license-rum-id-detail-1.txt").decode().replace("Metric Value: ", "Metric Value:\n")
    assert (_read(detail).licences, Note.WRAPPED_VALUE in _read(detail).notes) == ((), True)


@pytest.mark.row("D4")
def test_a_row_without_its_last_column_is_named() -> None:
    """A row of identities that ends early makes no device, and says why."""
    text = _data("asr1000-show-license-udi-1.txt").decode().rstrip()
    result = _read(text[: text.rindex("ASR1006:")].rstrip())
    assert not any(udi.serial for udi in result.udis)
    assert {Note.MALFORMED_IDENTITY, Note.TRUNCATED_OUTPUT} & set(result.notes)


@pytest.mark.parametrize("serial", ["FOCZZZZZZZZ", "FOC11111111", "focXXXXXXX1"])
@pytest.mark.row("D4")
def test_one_letter_to_the_end_is_a_mask(serial: str) -> None:
    """A serial number of which only the first letters are left is masked; an empty product id is named."""
    result = _read(STACK.replace("FCW9937L0AA", serial))
    assert serial not in {udi.serial for udi in result.udis}
    assert Note.MASKED_VALUE in result.notes
    assert Note.MASKED_VALUE in _read("UDI: PID:,SN:FCW9937L0AA\n").notes


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("asr1000-show-license-1.txt", "ios-show-license-1.txt"),
        ("ios-show-license-1.txt", "isr4000-show-license-1.txt"),
        ("asr1000-show-license-udi-1.txt", "c9400-show-license-tech-support-2.txt"),
        ("c8000v-show-license-all-1.txt", "c9600-show-license-tech-support-1.txt"),
        ("asav-show-license-all-2.txt", "cbr8-show-license-usage-1.txt"),
        ("asav-show-license-all-4.txt", "c8200l-show-license-usage-1.txt"),
    ],
)
@pytest.mark.row("D4")
def test_outputs_that_nothing_holds_together_are_not_merged(first: str, second: str) -> None:
    """Lists of features numbered from one again, licences below a whole output, two active units: never one device."""
    for one, other in ((first, second), (second, first)) if "show-license-1" in first else ((first, second),):
        result = _read(_data(one).rstrip() + b"\n\n" + _data(other))
        assert (result.reason, result.licences) == (Reason.SEVERAL_DEVICES, ())
