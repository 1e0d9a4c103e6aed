"""Whatever the bytes are: a result or a documented reason, nothing that is not in the text, and never long."""

from __future__ import annotations

import functools
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.inventory.codes import Note, Reason
from agent.inventory.model import FileResult
from agent.inventory.reader import read_output

SAMPLES = Path("tests/data/show-license")
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SECONDS, SECONDS_A_MEGABYTE = 2.0, 2.0  # several times what a quiet machine needs


@functools.cache
def _samples() -> list[bytes]:
    paths = sorted([*SAMPLES.glob("*.txt"), *(SAMPLES / "made").glob("*.*")])
    return [path.read_bytes() for path in paths if path.stat().st_size < 60_000 and path.name != "expected.json"]


def _judge(result: FileResult, data: bytes) -> None:
    """What every result must hold, whatever the file was."""
    assert (result.status == "read") == (result.reason is None)
    assert result.reason is None or result.reason in set(Reason)
    assert set(result.notes) <= set(Note)
    # Escaped texts say the same as plain ones; a backslash is not a part of any identity or tag.
    text = data.decode("utf-8", "replace").replace("\\", "").replace("&quot;", '"').replace("&amp;", "&")
    identities = [*result.udis, *result.peers, *(member.udi for member in result.members)]
    said = [value for udi in identities for value in (udi.pid, udi.serial, udi.uuid) if value]
    said += [value for entry in result.licences for value in (entry.tag,) if value]
    flat = " ".join(text.split())
    missing = [value for value in said if value not in text and " ".join(value.split()) not in flat]
    assert not missing
    numbers = [int(number) for number in re.findall(r"[0-9]{1,9}", text)]
    most = max(numbers, default=-1)
    assert all(entry.count <= most for entry in result.licences if entry.count is not None)
    assert all(count <= most for count in result.counts.values() if count is not None)


@given(st.binary(max_size=4000))
@QUICK
@pytest.mark.row("D4")
def test_any_bytes_have_a_result(data: bytes) -> None:
    """Bytes without any meaning are refused with a documented reason."""
    _judge(read_output("x", data), data.decode("latin-1").encode())


@given(st.data())
@QUICK
@pytest.mark.row("D4")
def test_altered_outputs_never_say_what_is_not_there(data: st.DataObject) -> None:
    """Lines dropped, doubled, swapped, cut, joined, mixed with lines of other outputs: only what is there is said."""
    lines = data.draw(st.sampled_from(_samples())).split(b"\n")
    for _ in range(data.draw(st.integers(1, 8))):
        here = data.draw(st.integers(0, len(lines) - 1))
        there = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "swap", "cut", "join", "mix", "indent", "noise"])):
            case "drop" if len(lines) > 1:
                del lines[here]
            case "double":
                lines.insert(there, lines[here])
            case "swap":
                lines[here], lines[there] = lines[there], lines[here]
            case "cut":
                lines[here] = lines[here][: data.draw(st.integers(0, len(lines[here])))]
            case "join" if here + 1 < len(lines):
                lines[here : here + 2] = [lines[here] + b" " + lines[here + 1]]
            case "mix":
                other = data.draw(st.sampled_from(_samples())).split(b"\n")
                lines.insert(here, other[data.draw(st.integers(0, len(other) - 1))])
            case "indent":
                lines[here] = b"    " + lines[here]
            case "noise":
                lines[here] += data.draw(st.text(max_size=8).filter(lambda t: "\n" not in t)).encode("utf-8", "replace")
    altered = b"\n".join(lines)
    _judge(read_output("x", altered), altered)


@given(st.data())
@QUICK
@pytest.mark.row("D4")
def test_cut_outputs_never_say_what_is_not_there(data: st.DataObject) -> None:
    """A file that ends anywhere, or begins anywhere, gives a result or a reason."""
    whole = data.draw(st.sampled_from(_samples()))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    for part in (whole[:end], whole[start:], whole[start:end]):
        _judge(read_output("x", part), part)


ROWS, CHARS = 29_900, 600_000
HOSTILE = {
    "one long line": b"a" * CHARS,
    "dashes": b"-" * CHARS,
    "blanks": b" " * CHARS + b"x",
    "lines of blanks": (b" " * 498 + b"x\n") * (CHARS // 500),
    "brackets": (b"(" * 249 + b")" * 249 + b":\n") * (CHARS // 500),
    "closing brackets": (b") 1 " * 124 + b"\n") * (CHARS // 498),
    "beginnings of tags": b"License Entitlement tag Count Status\n" + (b"regid." * 80 + b"\n") * (CHARS // 481),
    "dotted tag": b"Handle: 1\nEntitlement Tag: regid.2017-05" + b".a" * 220 + b"!\n",
    "headings": b"License Entitlement tag Count Status\n" * ROWS,
    "rows": b"License Entitlement tag Count Status\n" + b"a (b) 1 x\n" * (ROWS - 1),
    "handles": b"Handle: 1\nLicense: a\n" * (ROWS // 2),
    "blocks": b"a (b):\n  Count: 1\n" * (ROWS // 2),
    "identities": b"".join(b"UDI: PID:A,SN:S%07d\n" % number for number in range(ROWS)),
    "hosts": b"".join(b"r%d#show license udi\n" % number for number in range(ROWS)),
    "members": b"HA UDI List:\n" + b"Active:PID:a,SN:b\n" * (ROWS - 1),
    "tables": b"Feature/Area Entitlement\n==== ==== ==== ====\n" * (ROWS // 2),
    "stamps": b"2024-05-01 10:00:00.101 \n" * ROWS,
    "pagers": b"--More--" * (CHARS // 8),
    "escapes": b"\x1b[" * (CHARS // 2),
    "backspaces": b"a\x08" * (CHARS // 2),
    "reports": b"<RUMReport>" * (CHARS // 11),
    "blanks in a report": b"<RUMReport>" + b" " * 1_000_000 + b"</RUMReport>",
    "braces": b"{" * CHARS,
    "brackets of data": b"[" * CHARS,
    "objects": b'{"in_use":1,"name":"a"}' * 40_000,
    "entitlements": b'{"usage":[' + b'{"entitlement-tag":"regid.x","count":1},' * 40_000 + b"{}]}",
    "deep elements": b"<udi>" * 100_000,
    "five megabytes of lines": b"License Usage: regid.2017-05 (a) 1\n" * 150_000,
    "five megabytes of one line": b"PID:" * 1_250_000,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.row("D4")
def test_hostile_text_costs_no_more_than_its_length(name: str) -> None:
    """Text made to be slow to read is read or refused within a bounded time."""
    text = HOSTILE[name]
    began = time.process_time()
    result = read_output("x", text)
    assert time.process_time() - began < SECONDS + SECONDS_A_MEGABYTE * len(text) / 1_000_000
    assert result.reason is None or result.reason in set(Reason)
