"""Every real output, altered by a fixed rule: nothing is said that the whole output does not say, and losses are named."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from agent.inventory.codes import Note, Reason
from agent.inventory.model import FileResult
from agent.inventory.reader import read_output

SAMPLES = Path("tests/data/show-license")
MESSAGE = b"*Mar  1 00:00:05.123: %SYS-5-CONFIG_I: Configured from console by console, Count: 77"


@functools.cache
def _outputs() -> dict[str, tuple[bytes, FileResult]]:
    paths = sorted(SAMPLES.glob("*.txt"))
    return {path.name: (data := path.read_bytes(), read_output(path.name, data)) for path in paths}


def _texts() -> dict[str, tuple[bytes, FileResult]]:
    """Outputs that are lines of text, without data and lists of reports."""
    return {
        name: (data, whole)
        for name, (data, whole) in _outputs().items()
        if whole.status == "read" and not data.lstrip().startswith((b"{", b"<", b"[")) and b"<specificPLR>" not in data
    }


def _serials(result: FileResult) -> set[str]:
    members = (member.udi for member in result.members)
    return {udi.serial for udi in (*result.udis, *result.peers, *members) if udi.serial}


def _counts(result: FileResult) -> set[tuple[object, object]]:
    return {(entry.tag, entry.count) for entry in result.licences if entry.tag and entry.count is not None}


def _supported(name: str, altered: FileResult, whole: FileResult) -> None:
    assert _serials(altered) <= _serials(whole), name
    assert _counts(altered) <= _counts(whole), name
    assert len({udi.key for udi in altered.udis}) <= max(1, len(whole.udis)), name


@pytest.mark.row("D4")
def test_cut_anywhere_nothing_is_said_that_the_whole_does_not_say() -> None:
    """An output cut at many bytes and lines never has a cut serial number, and counts and tags are those of the whole."""
    for number, (name, (data, whole)) in enumerate(_outputs().items()):
        ends = {(len(data) * step + number * 13) // 9 for step in range(1, 9)}
        lines = [at + 1 for at, letter in enumerate(data) if letter == 10]
        for end in sorted({*ends, *lines[number % 7 :: max(len(lines) // 3, 1)]}):
            _supported(f"{name} {end}", read_output(name, data[:end]), whole)


@pytest.mark.row("D4")
def test_cut_within_what_counts_is_named() -> None:
    """A cut within the line of the serial number and of the last count leaves the value out and says so."""
    for name, (data, whole) in _texts().items():
        for serial in sorted(_serials(whole)):
            at = data.index(serial.encode())
            for end in (at + 1, at + len(serial) // 2, at + len(serial) - 1):
                cut = read_output(name, data[:end])
                _supported(f"{name} {end}", cut, whole)
                assert Note.TRUNCATED_OUTPUT in cut.notes, (name, end)


@pytest.mark.row("D4")
def test_log_messages_between_lines_change_no_value() -> None:
    """A message after every fifth line leaves identities, members, licences and states of each output as they are."""
    for name, (data, whole) in _texts().items():
        lines = data.split(b"\n")
        mixed = b"\n".join(line + b"\n" + MESSAGE if index % 5 == 2 else line for index, line in enumerate(lines))
        found = read_output(name, mixed)
        assert (found.udis, found.members, found.licences) == (whole.udis, whole.members, whole.licences), name
        assert (found.registration, found.authorization) == (whole.registration, whole.authorization), name


@pytest.mark.row("D4")
def test_each_output_twice_is_that_output_once() -> None:
    """Each output printed twice in one file has the identities, members and counts of the one."""
    for name, (data, whole) in _texts().items():
        found = read_output(name, data.rstrip(b"\n") + b"\n\n" + data)
        assert (found.udis, found.members, found.counts) == (whole.udis, whole.members, whole.counts), name


@pytest.mark.row("D4")
def test_outputs_of_two_devices_in_one_file_are_never_one_device() -> None:
    """Two outputs that name different devices are refused, whichever they are."""
    named = [(data, whole) for data, whole in _texts().values() if len(whole.udis) == 1 and whole.udis[0].serial]
    for (first, one), (second, two) in zip(named, named[7:] + named[:7], strict=True):
        if one.udis[0].key != two.udis[0].key:
            found = read_output("x", first.rstrip(b"\n") + b"\n\n" + second)
            assert (found.reason, found.licences) == (Reason.SEVERAL_DEVICES, ())


@pytest.mark.parametrize("mask", [b"[serial]", b"***********", b"xxxxxxxxxxx", b"<removed>", b"00000000000"])
@pytest.mark.row("D4")
def test_masked_identities_make_no_device(mask: bytes) -> None:
    """Each output whose serial numbers are masked names no device, and says why."""
    for name, (data, whole) in _texts().items():
        if not _serials(whole):
            continue
        masked = data
        for serial in _serials(whole):
            masked = masked.replace(serial.encode(), mask)
        found = read_output(name, masked)
        assert not _serials(found), name
        assert found.status == "refused" or Note.NO_IDENTITY in found.notes, name
        assert {Note.MASKED_VALUE, Note.MALFORMED_IDENTITY} & set(found.notes), name


@pytest.mark.row("D4")
def test_line_ends_and_encodings_change_nothing() -> None:
    """Other line ends, a byte order mark and UTF-16 leave each output as it is."""
    for name, (data, whole) in list(_texts().items())[::2]:
        text = data.decode()
        for other in (text.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + data, text.encode("utf-16")):
            found = read_output(name, other)
            assert (found.udis, found.members, found.licences, found.notes) == (
                whole.udis,
                whole.members,
                whole.licences,
                whole.notes,
            ), name
