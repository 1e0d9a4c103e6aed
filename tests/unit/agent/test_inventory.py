"""Reading outputs: every generation, every command, every trap has a text of ours and the result that it must give."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.errors import InvalidInputError
from agent.fleet import fleet_inventory, fleet_run
from agent.inventory.codes import Command, Note, Reason
from agent.inventory.fleet import devices_for, made_serial
from agent.inventory.folder import Inventory, read_folder
from agent.inventory.model import FileResult
from agent.inventory.reader import read_output
from agent.transport import Server

SAMPLES = Path("tests/data/show-license")
MADE = SAMPLES / "made"
EXPECTED: dict[str, dict[str, Any]] = json.loads((MADE / "expected.json").read_text(encoding="utf-8"))
SCALARS = (
    "reason",
    "command",
    "generation",
    "registration",
    "authorization",
    "hostname",
    "agent_version",
    "software_version",
    "product_tag",
)


def _identity(found: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in found.items() if name != "role" and value is not None)


def _shown(result: FileResult) -> dict[str, Any]:
    found = result.to_dict()
    reply: dict[str, Any] = {name: str(found[name]) for name in SCALARS if found[name] is not None}
    reply["udis"] = [_identity(udi) for udi in found["udis"]]
    if found["members"]:
        reply["members"] = [f"{member['role']} {_identity(member)}" for member in found["members"]]
    if found["peers"]:
        reply["peers"] = [_identity(peer) for peer in found["peers"]]
    reply["licences"] = [
        " | ".join(
            "-" if entry[name] is None else str(entry[name]) for name in ("tag", "shown", "name", "count", "status")
        )
        + f" | {entry['basis']}"
        for entry in found["licences"]
    ]
    reply["notes"] = [str(note) for note in found["notes"]]
    return reply


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.row("D4")
def test_output_gives_the_result_of_the_table(name: str) -> None:
    """Each text of ours gives exactly the identities, members, licences, states and notes that are in the table."""
    assert _shown(read_output(name, (MADE / name).read_bytes())) == EXPECTED[name]


@pytest.mark.row("D4")
def test_table_speaks_of_every_text_and_command() -> None:
    """No text is without an expected result, and every reason and command that text can give is among them."""
    assert set(EXPECTED) == {path.name for path in MADE.iterdir()} - {"expected.json"}
    reasons = {entry.get("reason") for entry in EXPECTED.values()}
    assert reasons >= {"command_error", "no_licence_data", "not_a_licence_output", "several_devices"}
    unseen = {Command.CONVERSION, Command.REGISTRATION, Command.RESERVATION_STATE, Command.OTHER}
    assert {str(command) for command in set(Command) - unseen} <= {entry.get("command") for entry in EXPECTED.values()}


@pytest.mark.row("D4")
def test_real_outputs_agree_with_their_index() -> None:
    """Identity, number of licences and states of each real output are those that its index names."""
    with (SAMPLES / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = []
    for row in rows:
        result = read_output(row["file"], (SAMPLES / row["file"]).read_bytes())
        udi = result.udis[0] if result.udis else None
        found = (udi.pid if udi else "", udi.serial if udi else "", result.agent_version or "")
        if found != (row["pid"], row["serial"], row["agent_version"]):
            wrong.append((row["file"], found))
        counted = sum(entry.basis != "report" or result.command != Command.USAGE_FILE for entry in result.licences)
        if counted != int(row["licences"] or 0):
            wrong.append((row["file"], counted))
        if row["registration"] and result.registration != row["registration"]:
            wrong.append((row["file"], result.registration))
    assert not wrong
    assert len(rows) > 60


def _paged(data: bytes) -> bytes:
    """A pager after every fourth line, wiped by backspaces as a terminal does it."""
    lines = data.split(b"\n")
    wiped = b" --More-- " + b"\x08" * 10 + b" " * 10 + b"\x08" * 10
    return b"\n".join(wiped + line if index % 4 == 3 else line for index, line in enumerate(lines))


def _paged_over(data: bytes) -> bytes:
    """The pager of firewalls: written over after a carriage return."""
    lines = data.split(b"\n")
    wiped = b"<--- More --->\r              \r"
    return b"\n".join(wiped + line if index % 5 == 4 else line for index, line in enumerate(lines))


def _doubled(data: bytes) -> bytes:
    return data.replace(b"\n", b"\n\n")


TERMINALS: dict[str, Callable[[bytes], bytes]] = {
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "doubled crlf": lambda data: data.replace(b"\n", b"\r\r\n"),
    "old line ends": lambda data: data.replace(b"\n", b"\r"),
    "mark of utf-8": lambda data: b"\xef\xbb\xbf" + data,
    "utf-16": lambda data: data.decode().encode("utf-16"),
    "utf-16 without mark": lambda data: data.decode().encode("utf-16-le"),
    "utf-16 the other way": lambda data: data.decode().encode("utf-16-be"),
    "colours": lambda data: data.replace(b":", b"\x1b[1;32m:\x1b[0m").replace(b"\n", b"\x1b[K\n"),
    "title of a window": lambda data: b"\x1b]0;terminal\x07" + data,
    "pager with backspaces": _paged,
    "pager written over": _paged_over,
    "stray zero bytes": lambda data: data.replace(b"\n", b"\n\x00", 2),
    "blanks at line ends": lambda data: data.replace(b"\n", b"   \n"),
    "fixed blanks": lambda data: data.replace(b": ", ":\u00a0".encode()),
}
PLAIN = ("asa-all-dates.txt", "iosxe-classic-all.txt", "iosxe-policy-tech-support.txt", "iosxr-all.txt", "cucm-all.txt")


@pytest.mark.parametrize("terminal", sorted(TERMINALS))
@pytest.mark.row("D4")
def test_what_the_terminal_adds_changes_nothing(terminal: str) -> None:
    """Line ends, encodings, colours and pagers of a capture leave the result as it is."""
    for name in (*PLAIN, "ios-udi-device-table.txt", "iosxe-summary-cut-names.txt", "session-of-many-commands.txt"):
        data = TERMINALS[terminal]((MADE / name).read_bytes())
        assert _shown(read_output(name, data)) == EXPECTED[name], name


@pytest.mark.row("D4")
def test_missing_last_line_end_costs_at_most_the_last_value() -> None:
    """Without its last line end a text keeps identities and licences; a last value that may be cut is named."""
    for name in (*PLAIN, "ios-udi-device-table.txt", "iosxe-summary-cut-names.txt", "session-of-many-commands.txt"):
        found = _shown(read_output(name, (MADE / name).read_bytes().rstrip(b"\n")))
        expected = EXPECTED[name]
        assert (found["udis"], found["licences"]) == (expected["udis"], expected["licences"]), name
        assert set(found["notes"]) - set(expected["notes"]) <= {"truncated_output"}, name


@pytest.mark.row("D4")
def test_double_spaced_copy_keeps_identities_and_licences() -> None:
    """A copy with an empty line after each line gives the same identities and licences."""
    for name in PLAIN:
        found, expected = _shown(read_output(name, _doubled((MADE / name).read_bytes()))), EXPECTED[name]
        assert (found["udis"], found["licences"]) == (expected["udis"], expected["licences"]), name


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\xef\xbb\xbf \r\n\t", Reason.EMPTY),
        (b"\x00" * 64, Reason.EMPTY),
        (bytes(range(256)) * 8, Reason.NOT_TEXT),
        (b"\x7fELF\x02\x01\x01\x00" + b"\x00\x01" * 500, Reason.NOT_TEXT),
        (b"\xff\xfe\x00\xd8\x00", Reason.NOT_TEXT),
        (b"line\n" * 40_000, Reason.TOO_LARGE),
        (b"a line of text\n" * 150_000, Reason.TOO_LARGE),
        (b" " * (16 * 1024 * 1024) + b"x", Reason.TOO_LARGE),
        (b"% Incomplete command.\n", Reason.COMMAND_ERROR),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><specificPLR>&a;</specificPLR>", Reason.NOT_A_LICENCE_OUTPUT),
    ],
)
@pytest.mark.row("D4")
def test_what_cannot_be_read_has_its_reason(data: bytes, reason: Reason) -> None:
    """Nothing, no text, too much, an error of the device: each has its own reason code."""
    result = read_output("x", data)
    assert (result.status, result.reason, result.udis, result.licences) == ("refused", reason, (), ())


@pytest.mark.row("D4")
def test_overlong_line_is_passed_over_and_named() -> None:
    """A line that no output prints is left out, the rest is read, and the result says so."""
    result = read_output("x", b"UDI: PID:A1,SN:FOC9900AAAA\n" + b"x" * 600 + b"\n")
    assert result.udis[0].key == ("A1", "FOC9900AAAA")
    assert Note.OVERLONG_LINE in result.notes


@pytest.mark.row("D4")
def test_file_that_is_no_plain_file_has_a_reason(tmp_path: Path) -> None:
    """Links, sub-folders and files that cannot be opened never stop the reading of a folder."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("UDI: PID:A1,SN:FOC9900AAAA\n")
    (tmp_path / "link.txt").symlink_to(tmp_path / "deep" / "a.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    found = {item["file"]: item["reason"] for item in read_folder(tmp_path).items}
    assert found == {"deep/a.txt": None, "link.txt": "unreadable", "gone.txt": "unreadable", "pipe": "unreadable"}


@pytest.mark.row("D4")
def test_names_and_letters_that_are_no_text_can_be_written_down(tmp_path: Path) -> None:
    """A file name of any bytes and half a letter in a report end in an inventory that can be read back."""
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / os.fsdecode(b"a\xff.json")).write_bytes(
        b'{"asset_identification":{"instance":{"sudi":{"udi_pid":"P\\ud800","udi_serial_number":"FOC9900AAAA"}}}}'
    )
    found = fleet_inventory(outputs, tmp_path / "inventory.json", None)
    (item,) = json.loads((tmp_path / "inventory.json").read_text(encoding="utf-8"))["items"]
    assert (item["file"], item["udis"]) == ("a\\xff.json", [{"pid": None, "serial": "FOC9900AAAA"}])
    assert found["items"] == [item]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":"perigee-inventory-1","items":[],"devices":[{"pid":"a"}]}',
        '{"format":"perigee-inventory-1","items":[],"devices":[{"pid":"a","serial":"b"}]}',
        '{"format":"perigee-inventory-1","items":[],"devices":[{"pid":"a","serial":"b","licences":[3]}]}',
    ],
)
@pytest.mark.row("D4")
def test_damaged_inventory_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is not an inventory is refused with a code before any device is made."""
    (tmp_path / "inventory.json").write_text(text)
    server = Server("https://127.0.0.1:1", None, None)
    with pytest.raises(InvalidInputError):
        fleet_run(tmp_path / "home", tmp_path / "inventory.json", server, "token", b"root", 3, 1)
    assert not (tmp_path / "home" / "devices").exists()


@pytest.mark.row("D4")
def test_command_answers_by_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused files are a result and exit 0; a missing folder and an output that cannot be written are refusals."""
    (tmp_path / "empty.txt").write_text("")
    output = str(tmp_path / "inventory.json")

    def run(*words: str) -> tuple[object, dict[str, Any]]:
        with pytest.raises(SystemExit) as ended:
            main(["fleet", "inventory", *words, "--json"])
        return ended.value.code, json.loads(capsys.readouterr().out)

    code, found = run(str(tmp_path), "--output", output)
    assert (code, found["files"], found["refused"], found["items"][0]["reason"]) == (0, 1, 1, "empty")
    assert {"path", "sha256", "read", "devices"} <= set(found)
    assert run(str(tmp_path / "nowhere"), "--output", output)[0] == 1
    refused, reply = run(str(tmp_path), "--output", str(tmp_path / "empty.txt" / "x"))
    assert (refused, reply["error"]["code"]) == (1, "file_unreadable")
    assert run(str(tmp_path))[0] == 2


@pytest.mark.row("D4")
def test_two_outputs_of_one_device_are_not_added_up(tmp_path: Path) -> None:
    """A device whose summary and tech support are both there uses what tech support names, once."""
    udi = "UDI: PID:C9300-48U,SN:FCW9937L0AA\n\n"
    head = "License Usage:\n  License      Entitlement Tag    Count Status\n  ------\n"
    (tmp_path / "a.txt").write_text(udi + head + "  network-advantage  (C9300_48P_NW_Advantagek9)   2 IN USE\n")
    tag = "regid.2017-05.com.cisco.C9300_48P_NW_Advantagek9,1.0_6a224fe3-c92e-4440-a9c1-5d0e53a54015"
    handle = f"License Usage\n=============\nHandle: 1\n  License: network-advantage\n  Entitlement Tag: {tag}\n"
    (tmp_path / "b.txt").write_text(udi + handle + "  Count: 2\n  Status: IN USE(15)\n")
    (device,) = devices_for(read_folder(tmp_path), None)
    assert device.licences == ((tag, 2),)


@pytest.mark.row("D4")
def test_rights_alone_are_not_use(tmp_path: Path) -> None:
    """An authorization code says what may be used, so the device made from it uses nothing of it."""
    (tmp_path / "a.txt").write_bytes((MADE / "iosxe-policy-authorization.txt").read_bytes())
    (device,) = devices_for(read_folder(tmp_path), None)
    assert device.licences == ()


@pytest.mark.row("D4")
def test_fleet_keeps_real_devices_and_makes_the_others_by_a_rule(tmp_path: Path) -> None:
    """Real serial numbers stay; the others have the same shape, none twice, and are the same in every run."""
    for name in PLAIN:
        (tmp_path / name).write_bytes((MADE / name).read_bytes())
    inventory = read_folder(tmp_path)
    real, many = devices_for(inventory, None), devices_for(inventory, 500)
    assert many[: len(real)] == real
    assert [device.serial for device in many] == [device.serial for device in devices_for(inventory, 500)]
    assert len({(device.pid, device.serial) for device in many}) == 500
    assert [device.serial for device in devices_for(inventory, 300)] == [device.serial for device in many[:300]]
    made, original = many[len(real)], real[0]
    assert (made.real, made.pid, made.licences) == (False, original.pid, original.licences)
    assert [letter.isdigit() for letter in made.serial] == [letter.isdigit() for letter in original.serial]
    assert made_serial("FOC9900AAAA", 7) == made_serial("FOC9900AAAA", 7) != made_serial("FOC9900AAAA", 8)


@pytest.mark.row("D4")
def test_devices_without_a_host_name_are_called_as_one_says(tmp_path: Path) -> None:
    """A device whose output shows no host name is `device-` and its number, or begins with what was chosen."""
    (tmp_path / PLAIN[0]).write_bytes((MADE / PLAIN[0]).read_bytes())
    inventory = read_folder(tmp_path)
    nameless = Inventory.from_dict(
        {**inventory.to_dict(), "devices": [{**device, "hostname": None} for device in inventory.devices]}
    )
    assert devices_for(nameless, 2)[1].hostname == "device-00002"
    assert devices_for(nameless, 2, "campus")[1].hostname == "campus-00002"


@pytest.mark.row("D4")
def test_inventory_has_the_documented_form() -> None:
    """An inventory is read back as it was written, and its items carry the documented fields."""
    inventory = read_folder(MADE)
    again = Inventory.from_dict(json.loads(json.dumps(inventory.to_dict())))
    page = Path("docs/admin/inventory.md").read_text(encoding="utf-8")
    fields = set(inventory.items[0]) | set(inventory.devices[0]) | set(inventory.devices[0]["licences"][0])
    assert again == inventory
    assert not {name for name in fields if f"`{name}`" not in page}
    assert not {str(word) for word in (*Reason, *Note) if f"`{word}`" not in page}
    assert not {str(word) for word in Command if word is not Command.OTHER and f"`{word}`" not in page}
