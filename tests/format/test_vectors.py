"""The golden files: what the project's own readers make of each of them."""

from __future__ import annotations

from collections import Counter

import pytest

from exchange.canonical import parse_time
from exchange.errors import ALL_CODES, ExchangeError
from exchange.inspect import inspect
from exchange.trust import load_root
from tests.format.golden import FOLDER, VERSIONS, Golden, load, root_file
from tools.vectors.__main__ import build, compare, present
from tools.vectors.openings import Opener

GOLDEN = load()
# These tell how a file is among others, or at the programs, and not what is wrong with it.
OF_ORDER = {"already_applied", "fork", "older_than_applied", "registration_needed", "resync_required", "superseded"}
CARRIED = {"root", "registration", "authorization", "sync-request", "sync-response", "allotment", "grant"}
CARRIED |= {"grant-release", "central-head", "authorization-code"}
NOW = parse_time("2026-11-24T12:00:00Z")


@pytest.mark.row("E1", "E2")
@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_each_golden_file_is_read_or_refused_as_its_index_says(golden: Golden) -> None:
    """The reader finds exactly the contents that the index holds, or refuses with exactly its code."""
    found = Opener.over(FOLDER).answer(golden.kind, golden.data, golden.context)

    assert found == (golden.expected, golden.contents), golden.done


@pytest.mark.row("E1")
def test_the_golden_files_are_those_that_the_tool_makes_today() -> None:
    """Keys and times are fixed, so the tool makes every file again byte for byte."""
    assert compare(build(), present()) == []


@pytest.mark.row("E1")
def test_a_changed_missing_or_foreign_golden_file_is_noticed() -> None:
    """The comparison names each file that differs, lacks or is too many."""
    made = {"a": b"1", "b": b"2"}

    assert compare(made, {"b": b"3", "c": b"4"}) == ["missing: a", "too many: c", "differs: b"]


@pytest.mark.row("E1")
def test_each_kind_of_each_version_has_two_faulty_files_for_each_good_one() -> None:
    """No kind is shown by good files only; tables hold their faults inside."""
    good = Counter((one.kind, one.version) for one in GOLDEN if one.good and one.kind != "tables")
    bad = Counter((one.kind, one.version) for one in GOLDEN if not one.good)

    assert {version for _, version in good} == set(VERSIONS)
    assert {kind: (number, bad[kind]) for kind, number in good.items() if bad[kind] < 2 * number} == {}


@pytest.mark.row("E2")
def test_each_refusal_of_a_reader_is_shown_by_a_golden_file() -> None:
    """Every code that opening a file can give is in an index."""
    assert {one.expected for one in GOLDEN} - {"ok"} == set(ALL_CODES) - OF_ORDER


def _for_the_command() -> list[Golden]:
    """Good files, and those whose fault lies in their bytes: not with the reader, nor with the kind that was asked for."""
    asked = [one for one in GOLDEN if one.kind in CARRIED]
    good = {(one.kind, one.file) for one in asked if one.good}
    return [one for one in asked if one.good or ((one.kind, one.file) not in good and one.expected != "wrong_kind")]


def _problems(data: bytes, root: bytes) -> list[str]:
    authorization = (FOLDER / "authorization/v1/plain.pgx").read_bytes()
    try:
        report = inspect(data, trust=load_root(root), now=NOW, authorization=authorization)
    except ExchangeError as error:
        return [error.code]
    assert report.valid == (report.problems == ())
    return list(report.problems)


@pytest.mark.row("E4", "B10")
@pytest.mark.parametrize("golden", _for_the_command(), ids=str)
def test_the_offline_check_calls_good_files_valid_and_faulty_ones_not(golden: Golden) -> None:
    """Given a root, the command says valid of each good file, and names the code of each fault that lies in the bytes."""
    first = (FOLDER / "root/v1/first.json").read_bytes()
    root = root_file(golden.context) if "root" in golden.context else golden.data if golden.good else first
    problems = _problems(golden.data, first if golden.kind == "sync-request" else root)

    assert problems == [] if golden.good else golden.expected in problems
