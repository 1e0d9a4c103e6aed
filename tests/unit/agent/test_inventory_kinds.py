"""What people do to outputs before they paste them: masked, cut, mixed with logs, joined, repeated, packed."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import InvalidInputError
from agent.fleet import fleet_inventory
from agent.inventory.codes import Note, Reason
from agent.inventory.fleet import devices_for
from agent.inventory.folder import read_folder
from agent.inventory.model import FileResult
from agent.inventory.reader import read_output

TAG = "regid.2017-05.com.cisco.C9300_48P_NW_Advantagek9,1.0_6a224fe3-c92e-4440-a9c1-5d0e53a54015"
USAGE = f"License Usage\n=============\nHandle: 1\n  License: network-advantage\n  Entitlement Tag: {TAG}\n  Count: 2\n  Status: IN USE(15)\n\n"
UDI = "Product Information\n===================\nUDI: PID:C9300-48U,SN:FCW9937L0AA\n\nAgent Version\n=============\nSmart Agent for Licensing: 5.8.3_rel/7\n"
SUMMARY = (
    "License Usage:\n  License                 Entitlement Tag               Count Status\n  ---------------------------------------------\n"
    "  network-essentials      (C9300_24P_NW_E)                  3 IN USE\n"
)


def _read(text: str | bytes) -> FileResult:
    return read_output("x", text.encode() if isinstance(text, str) else text)


def _whole(result: FileResult) -> bool:
    """Whether a device can be made of a result."""
    return result.status == "read" and len(result.udis) == 1 and all(result.udis[0].key)


@pytest.mark.parametrize(
    "mask",
    [
        "NOTLOCKED",
        "[serial]",
        "<serial>",
        "***********",
        "FOC****0AAA",
        "xxxxxxxxxxx",
        "FOC9937xxxx",
        "N/A",
        "n/a",
        "00000000000",
        "FOC00000000",
        "<removed>",
        "REDACTED",
        "SERIAL-NUMBER",
        "XXX",
        "###########",
        "?",
        "{{ serial }}",
        "(hidden)",
        "$SERIAL",
        "NONE",
        "Not Specified",
        "123456789",
        "AAAAAAAAAAA",
        "-",
        "....",
        "___________",
        "serial1",
        "To Be Filled By O.E.M.",
    ],
)
@pytest.mark.row("D4")
def test_mask_in_any_serial_number_makes_no_device(mask: str) -> None:
    """A masked or placeholder serial number is not an identity in any form of output, and the result says so."""
    forms = [
        f"UDI: PID:C9300-48U,SN:{mask}\n",
        f"Product UDI: pid=Cisco Unity Connection sn={mask}\n",
        f"HA UDI List:\n    Active:PID:C9300-48U,SN:{mask}\n    Standby:PID:C9300-48U,SN:{mask}\n",
        f"license udi pid CISCO2951/K9 sn {mask}\nLicense Level In Use: x\n",
        f"License hostid: VDH={mask}\n",
        f"INCREMENT LAN_PKG cisco 1.0 permanent 1 HOSTID=VDH={mask}\n",
        f"<UDI><PID>CISCO2951/K9</PID><SN>{mask}</SN></UDI>\n" if not set("<>") & set(mask) else "",
        json.dumps(
            {"asset_identification": {"instance": {"sudi": {"udi_pid": "C9300-48U", "udi_serial_number": mask}}}}
        ),
        json.dumps({"smart-license": {"udi": {"pid": "C9300-48U", "sn": mask}}}),
        f"Device#   PID   SN   UDI\n---------------\n*0   CISCO2951/K9   {mask}   CISCO2951/K9:{mask}\n",
    ]
    for form in forms:
        result = _read(form + "\n" + USAGE if not form.startswith("{") else form)
        assert not any(udi.serial for udi in (*result.udis, *(member.udi for member in result.members))), form
        assert result.status == "refused" or Note.NO_IDENTITY in result.notes, form
        assert {Note.MASKED_VALUE, Note.MALFORMED_IDENTITY, Note.NO_IDENTITY} & set(result.notes) or result.reason, form


@pytest.mark.parametrize("mask", ["NOTLOCKED", "[pid]", "********", "ANY", "XXXXXXX", "<pid>"])
@pytest.mark.row("D4")
def test_masked_product_id_and_uuid_are_left_out(mask: str) -> None:
    """A masked product id makes no device; a masked UUID is left out of the identity."""
    result = _read(f"UDI: PID:{mask},SN:FCW9937L0AA\n\n{USAGE}")
    assert not _whole(result)
    assert Note.MASKED_VALUE in result.notes
    result = _read(f"UDI: PID:C9300-48U,SN:FCW9937L0AA,UUID:{mask}\n\n{USAGE}")
    assert (_whole(result), result.udis[0].uuid) == (True, None)


@pytest.mark.row("D4")
def test_masked_tag_is_no_tag() -> None:
    """A tag that someone hid is not taken, short or long."""
    for tag in (
        "XXXXXXXX",
        "****",
        "<removed>",
        TAG[:-12] + "xxxxxxxxxxxx",
        TAG[:-36] + "00000000-0000-0000-0000-000000000000",
    ):
        result = _read(USAGE.replace(TAG, tag) + UDI)
        assert [entry.tag for entry in result.licences] == [None], tag
        assert Note.MASKED_VALUE in result.notes, tag


@pytest.mark.parametrize("end", range(1, 12))
@pytest.mark.row("D4")
def test_cut_serial_number_makes_no_device(end: int) -> None:
    """A text that ends within a serial number names no device and says that it is cut; the whole number does."""
    result = _read(USAGE + "UDI: PID:C9300-48U,SN:" + "FCW9937L0AA"[:end])
    assert _whole(result) == (end == 11)
    assert (Note.TRUNCATED_OUTPUT in result.notes) == (end < 11)


@pytest.mark.parametrize(
    "text",
    [
        "Smart Licensing Status\n======================\n\nRegistration:\n  Status: REGISTERED\n\nLicense Usage\n",
        "Smart Licensing Status\n======================\n\nRegistration:\n  Status: REGISTERED\n\nLicense Usage\n=====",
        "Registration:\n  Status: REGISTERED\n\nLicense Authorization:\n",
        UDI + "\n" + "\n".join(SUMMARY.split("\n")[:3]) + "\n",
        UDI + "\n" + "\n".join(SUMMARY.split("\n")[:2]),
        UDI + "\n" + USAGE + "Handle: 2\n",
        UDI + "\nHA UDI List:\n",
        USAGE + "Handle: 2\n  License: dna-advantage\n  Entitlement Tag: " + TAG[:-5],
        UDI + "\n" + SUMMARY + "  dna-essentials          (C9300_24P_D",
        '{"registration": {"status": "COMPLETED"}, "features": [{"name": "a", "in_use": 1}, {"name": "b", "in_u',
        "<RUMReport><![CDATA[{}]]></RUMReport><RUMReport><![CDATA[{",
        "<LicenseDetails><Register><Status>Registered</Status></Register><LicenseUsage><EntitlementTag><Id>",
    ],
)
@pytest.mark.row("D4")
def test_text_that_ends_too_early_is_named(text: str) -> None:
    """A text that ends within a line, after a heading or within its data is noted as cut."""
    assert Note.TRUNCATED_OUTPUT in _read(text).notes


@pytest.mark.row("D4")
def test_cut_count_and_tag_are_not_taken() -> None:
    """A last number or a last short tag may be the beginning of a longer one."""
    result = _read("a (A_B):\n  Description: x\n  Count: 1")
    assert [entry.count for entry in result.licences] == [None]
    assert Note.TRUNCATED_OUTPUT in result.notes
    assert not _read(UDI + "Handle: 1\n  License: a\n  Entitlement Tag: regid.2016-07.com.cisco.UCM_Enh").counts


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SUMMARY, SUMMARY.replace(" 3 ", " 4 ")),
        (
            SUMMARY,
            SUMMARY.replace("network-essentials (C9300_24P_NW_E)   ", "dna-essentials     (C9300_24P_DNA_E)  ").replace(
                "NW_E", "DNA"
            ),
        ),
        (USAGE + UDI, USAGE + UDI.replace("0AA", "0BB")),
        (USAGE + UDI, USAGE.replace("Count: 2", "Count: 5")),
        (
            UDI + "\nHA UDI List:\n    Active:PID:A1,SN:FCW9937L0AA\n",
            UDI.replace("0AA", "0BB") + "\nHA UDI List:\n    Active:PID:A1,SN:FCW9937L0BB\n",
        ),
        ("Registration:\n  Status: REGISTERED\n\n" + SUMMARY, "Registration:\n  Status: UNREGISTERED\n\n" + SUMMARY),
        (UDI + SUMMARY, SUMMARY.replace(" 3 ", " 30 ")),
        (USAGE + UDI, SUMMARY),
    ],
)
@pytest.mark.row("D4")
def test_outputs_without_prompts_are_not_merged(first: str, second: str) -> None:
    """Two outputs that no prompt and no identity holds together are refused, in either order."""
    for text in (first + "\n" + second, second + "\n" + first):
        result = _read(text)
        assert (result.reason, result.licences) == (Reason.SEVERAL_DEVICES, ())


@pytest.mark.row("D4")
def test_answers_of_interfaces_without_prompts_are_not_merged() -> None:
    """Two JSON answers in one file are two devices, unless they are the same answer."""
    one = {"registration": {"status": "COMPLETED"}, "features": [{"name": "a", "in_use": 1}]}
    two = {"registration": {"status": "COMPLETED"}, "features": [{"name": "a", "in_use": 7}]}
    assert _read(json.dumps(one) + "\n" + json.dumps(two)).reason == Reason.SEVERAL_DEVICES
    same = _read(json.dumps(one) + "\n" + json.dumps(one, indent=1))
    assert [entry.count for entry in same.licences] == [1]


@pytest.mark.row("D4")
def test_same_output_twice_counts_once(tmp_path: Path) -> None:
    """The same output twice, in one file or in several, gives what it gives once."""
    for text in (USAGE + UDI, UDI + "\n" + SUMMARY, SUMMARY, "r-1#show license summary\n" + SUMMARY):
        once, twice = _read(text), _read(text + "\n" + text)
        assert (once.udis, once.members, once.licences, once.notes) == (
            twice.udis,
            twice.members,
            twice.licences,
            twice.notes,
        )
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(USAGE + UDI)
    (tmp_path / "c.txt").write_text(USAGE.replace("License: network-advantage", "License: other") + UDI)
    (device,) = devices_for(read_folder(tmp_path), None)
    assert device.licences == ((TAG, 2),)


@pytest.mark.row("D4")
def test_word_alone_decides_no_generation() -> None:
    """ENABLED is in outputs of two generations; registration and policy decide."""
    assert _read("Smart Licensing is ENABLED\n\n" + USAGE).generation is None
    assert _read("Smart Licensing is DISABLED\n\n" + SUMMARY).generation is None
    assert _read("Utility:\n  Status: ENABLED\n\n" + SUMMARY).generation is None
    assert _read("Smart Licensing is ENABLED\n\nRegistration:\n  Status: REGISTERED\n").generation == "classic"
    assert _read("Smart Licensing Using Policy:\n  Status: ENABLED\n").generation == "policy"


MESSAGES = (
    "*Mar  1 00:00:05.123: %SYS-5-CONFIG_I: Configured from console by console",
    "000123: *Mar  1 00:00:05.123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up",
    "Nov 28 2026 13:18:56: %ASA-6-302013: Built outbound TCP connection 5",
    "2026-11-28T13:18:56.123Z: %SMART_LIC-3-COMM_FAILED: Communications failure, Count: 99",
    "<189>42: sw-1: Nov 28 13:18:56.001 UTC: %SYS-6-LOGOUT: User admin has exited",
    "2026 Nov 28 13:18:56 sw-1 %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty",
    "RP/0/RSP0/CPU0:Nov 28 13:18:56.001 UTC: config[65]: %MGBL-SYS-5-CONFIG_I : Configured",
    "Nov 28 13:18:56 host-1 sshd[1234]: Accepted password",
    "%SYS-5-RESTART: System restarted",
)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.row("D4")
def test_log_messages_between_lines_change_nothing(message: str) -> None:
    """Messages of the system's log between any two lines change no value of the result."""
    text = (
        "Registration:\n  Status: REGISTERED\n\n"
        + USAGE
        + UDI
        + "\nHA UDI List:\n    Active:PID:C9300-48U,SN:FCW9937L0AA\n    Standby:PID:C9300-48U,SN:FCW9937L0BB\n"
    )
    for plain in (text, UDI + "\n" + SUMMARY):
        mixed = "".join(f"{line}\n{message}\n" for line in plain.rstrip("\n").split("\n"))
        first, second = _read(plain).to_dict(), _read(mixed).to_dict()
        assert {**first, "sha256": ""} == {**second, "sha256": ""}


@pytest.mark.parametrize("message", MESSAGES[:6])
@pytest.mark.row("D4")
def test_log_message_inside_a_line_is_no_part_of_it(message: str) -> None:
    """A message at the end of a line leaves what is whole; one inside a value leaves nothing of it, with a note."""
    behind = _read(f"UDI: PID:C9300-48U,SN:FCW9937L0AA {message}\n\n{SUMMARY}")
    assert behind.udis[0].key == ("C9300-48U", "FCW9937L0AA")
    inside = _read(f"UDI: PID:C9300-48U,SN:FCW99{message}\n37L0AA\n\n{SUMMARY}")
    assert (inside.udis, Note.INTERRUPTED_LINE in inside.notes) == ((), True)
    count = _read(UDI + USAGE.replace("Count: 2", f"Count: 2{message}"))
    assert [entry.count for entry in count.licences] == [None]


@pytest.mark.parametrize(
    "stamp",
    [
        "Nov 28 13:18:56 ",
        "Nov 28 2026 13:18:56: ",
        "[2026-11-28 13:18:56.123] ",
        "2026-11-28T13:18:56+02:00 ",
        "000123: *Mar  1 00:00:05.123: ",
        "28/11/2026 13:18:56 ",
        "11/28/2026 01:18:56 PM ",
        "13:18:56.123 UTC Sat Nov 28 2026 ",
        "Sat Nov 28 13:18:56 2026 ",
        "28.11.2026 13:18:56 ",
        "2026/11/28 13:18:56 ",
        "[13:18:56] ",
        "Nov 28 13:18:56 host-1 logger: ",
        "1764335936.123 ",
        "28-Nov-2026 13:18:56 ",
        "Nov 28 13:18:56 host-1 ",
        "2026-11-28 13:18:56,123 - INFO - ",
        "20261128T131856Z ",
        "20261128-131856 ",
    ],
)
@pytest.mark.row("D4")
def test_stamps_before_and_behind_each_line_are_taken_off(stamp: str) -> None:
    """Stamps of any usual form in front of the lines or behind them change nothing."""
    text = UDI + "\n" + USAGE + SUMMARY.replace("License Usage:", "")
    plain = _read(text)
    stamped = _read("".join(f"{stamp}{line}\n" for line in text.rstrip("\n").split("\n")))
    assert (stamped.udis, stamped.licences, stamped.agent_version) == (plain.udis, plain.licences, plain.agent_version)
    if not stamp.startswith("000123") and not any(word in stamp for word in ("host", "INFO")):
        stamped = _read("".join(f"{line} {stamp.strip(' :')}\n" for line in text.rstrip("\n").split("\n")))
        assert (stamped.udis, stamped.licences) == (plain.udis, plain.licences)


@pytest.mark.row("D4")
def test_long_line_of_data_after_a_prompt_is_read() -> None:
    """JSON on one line of any length is read after a prompt and after other lines."""
    features = [{"name": f"feature-{number}", "in_use": number, "status": "IN_COMPLIANCE"} for number in range(40)]
    data = json.dumps({"registration": {"status": "COMPLETED"}, "features": features})
    for text in (f"sw-1#show license usage | json\n{data}\nsw-1#\n", f"Load for five secs: 0%\n{data}\n"):
        result = _read(text)
        assert [entry.count for entry in result.licences] == list(range(40))
        assert Note.OVERLONG_LINE not in result.notes


@pytest.mark.row("D4")
def test_right_to_use_tables_with_and_without_slots() -> None:
    """The tables of right-to-use are read with a column of slots and without it, with count or with usage."""
    plain = "  License Name    Type     Count   Period left\n--------------\n  ipservices   permanent   N/A   Lifetime\n  apcount      adder         25   Lifetime\n--------------\n\nLicense Level In Use: ipservices\n"
    slots = "Slot#  License name   Type     Count   Period left\n--------------\n 1      ipservices   permanent     N/A   Lifetime\n 2      apcount      adder         25   Lifetime\n--------------\n"
    used = "Slot#  License Name   Type     usage-duration(y:m:d)  In-Use  EULA\n--------------\n 1     ipservices   permanent     0 :0  :1            yes     yes\n 2     apcount      adder         0 :0  :1            no     yes\n"
    for text in (plain, slots, used):
        assert [entry.tag for entry in _read(text).licences] == ["ipservices", "apcount"], text
    assert [entry.count for entry in _read(slots).licences] == [None, 25]
    assert [entry.status for entry in _read(used).licences] == ["in use", "not in use"]
    assert Note.UNKNOWN_LAYOUT in _read(slots.replace("2      apcount      adder", "2   ap count of this adder")).notes


@pytest.mark.parametrize(
    "text",
    [
        "UDI: PID:C9300-48U,\n     SN:FCW9937L0AA\n",
        "UDI: PID:C9300-48U\n     SN:FCW9937L0AA\n",
        "UDI:\n  PID:C9300-48U,SN:FCW9937L0AA\n",
        "UDI:\n  PID: C9300-48U\n  SN: FCW9937L0AA\n",
        "UDI: PID:C9300-48U,SN:\nFCW9937L0AA\n",
        "UDI: PID:C9300\u201148U,SN:FCW9937L0AA\n",
        "UDI: PID:C9300\u201348U,\u00a0SN:FCW9937L0AA\n",
    ],
)
@pytest.mark.row("D4")
def test_udi_on_two_lines_and_with_typographic_marks(text: str) -> None:
    """A UDI whose line ends between two fields is whole; typographic hyphens and blanks are plain ones."""
    assert [udi.key for udi in _read(text + "\n" + SUMMARY).udis] == [("C9300-48U", "FCW9937L0AA")]


@pytest.mark.row("D4")
def test_tables_joined_with_their_heading() -> None:
    """A table whose heading, rule or first row lost its line end gives the same entries."""
    expected = _read(SUMMARY).licences
    lines = SUMMARY.rstrip("\n").split("\n")
    for at in range(len(lines) - 1):
        joined = "\n".join([*lines[:at], lines[at] + " " + lines[at + 1], *lines[at + 2 :]]) + "\n"
        assert _read(joined).licences == expected, joined
    table = "SlotID   PID   SN   UDI -------------------- *1   ASR1006   NWG1512050G   ASR1006:NWG1512050G\n"
    assert _read(table).udis[0].key == ("ASR1006", "NWG1512050G")


@pytest.mark.row("D4")
def test_unknown_layout_has_its_own_reason_and_note() -> None:
    """A licensing text in no known layout is refused as such; a section of it in a text that is read is noted."""
    assert _read("License inventory\n  gadget => 4 licenses\n").reason == Reason.UNKNOWN_LAYOUT
    assert _read("No licenses in use\n").reason == Reason.NO_LICENCE_DATA
    result = _read(UDI + "\nLicense Usage:\n  gadget => 4 licences of the large sort\n")
    assert (result.licences, Note.UNKNOWN_LAYOUT in result.notes) == ((), True)
    assert Note.UNKNOWN_LAYOUT not in _read(UDI + "\nLicense Usage:\n  No licenses in use\n").notes


@pytest.mark.row("D4")
def test_packed_files_and_documents_are_named() -> None:
    """Archives and documents are refused by what they are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", UDI)
    for data, word in ((gzip.compress(UDI.encode()), "gzip"), (packed.getvalue(), "zip")):
        result = _read(data)
        assert (result.reason, word in result.detail) == (Reason.COMPRESSED, True)
    for data in (b"%PDF-1.7\n" + UDI.encode(), b"{\\rtf1 " + UDI.encode() + b"}"):
        assert _read(data).reason == Reason.NOT_TEXT


@pytest.mark.row("D4")
def test_encodings_and_leftovers_of_terminals() -> None:
    """Half a last letter, dashes of Windows code pages and marks of a terminal without their escape are no obstacle."""
    key = ("C9300-48U", "FCW9937L0AA")
    assert _read((UDI + SUMMARY).encode("utf-16") + b"\x0a").udis[0].key == key
    assert _read(UDI.encode() + "\u2013".encode()[:2]).udis[0].key == key
    assert _read(UDI.encode() + b"Smart Account: M\xfcller \x96 Nord\n").udis[0].key == key
    assert _read(UDI.replace("UDI:", "[1mUDI:[0m").replace("\n", "[K\n")).udis[0].key == key
    for pager in (
        "--More-- (12%)",
        "---(more 45%)---",
        "lines 1-24/100",
        "-- More --, next page: Space, next line: Enter, quit: Control-C",
    ):
        result = _read(UDI + f"\n{pager}\n" + SUMMARY)
        assert (result.udis[0].key, len(result.licences)) == (key, 1), pager


@pytest.mark.row("D4")
def test_folder_that_holds_its_own_inventory_and_odd_names(tmp_path: Path) -> None:
    """An inventory in the folder makes no device, and names of any letters have a result."""
    (tmp_path / "a\nb \u2013 c.txt").write_text(UDI)
    (tmp_path / "-rf").write_text(UDI)
    (tmp_path / ".hidden").write_text("")
    first = read_folder(tmp_path)
    (tmp_path / "inventory.json").write_text(json.dumps(first.to_dict()))
    second = read_folder(tmp_path)
    assert second.devices == first.devices
    assert {item["file"]: item["reason"] for item in second.items}["inventory.json"] == "not_a_licence_output"
    assert len(second.items) == 4


@pytest.mark.row("D4")
def test_folder_inside_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sub-folder that cannot be listed is an unreadable item; nothing is lost without a word."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text(UDI)
    real = os.scandir

    def scandir(place: str) -> object:
        if str(place).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    assert {item["file"]: item["reason"] for item in read_folder(tmp_path).items} == {
        "a.txt": None,
        "deep": "unreadable",
    }


@pytest.mark.row("D4")
def test_inventory_never_replaces_an_output_that_it_reads(tmp_path: Path) -> None:
    """An output of a device is not overwritten by the inventory; an older inventory in the folder is."""
    (tmp_path / "a.txt").write_text(UDI)
    with pytest.raises(InvalidInputError):
        fleet_inventory(tmp_path, tmp_path / "a.txt", None)
    assert (tmp_path / "a.txt").read_text() == UDI
    fleet_inventory(tmp_path, tmp_path / "inventory.json", None)
    assert fleet_inventory(tmp_path, tmp_path / "inventory.json", None)["devices"] == 1


@pytest.mark.parametrize(
    "marked",
    [
        lambda _, line: f"out: {line}",
        lambda _, line: f"    | {line}",
        lambda _, line: f">>> {line}",
        lambda _, line: f"core-1 stdout {line}",
        lambda _, line: f'"{line}",',
        lambda number, line: f"{number:4d}  {line}",
        lambda number, line: f"{number:6d}\t{line}",
    ],
)
@pytest.mark.row("D4")
def test_marks_that_every_line_begins_with_are_no_part_of_a_name(marked: Callable[[int, str], str]) -> None:
    """The name of a host, a level, a quotation, a line number: what stands on every line, empty ones too, changes nothing."""
    text = UDI + "\n\n" + USAGE + SUMMARY.replace("License Usage:", "")
    plain = _read(text)
    read = _read("".join(marked(number, line).rstrip(" ") + "\n" for number, line in enumerate(text.split("\n"), 1)))
    assert plain.licences
    assert (read.udis, read.licences) == (plain.udis, plain.licences)


@pytest.mark.row("D4")
def test_a_name_in_capitals_after_a_stamp_is_no_zone() -> None:
    """`UC Manager …` after the time keeps its first word; a zone stands in every stamp."""
    text = Path("tests/data/show-license/cucm-show-license-all-1.txt").read_text()
    plain = _read(text)
    for stamp in ("13:18:56 ", "13:18:56 CET "):
        read = _read("".join(f"{stamp}{line}\n" for line in text.rstrip("\n").split("\n")))
        assert any((entry.name or "").startswith("UC ") for entry in plain.licences)
        assert read.licences == plain.licences
