"""Messages as RFC 5424 has them; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from serverkit.clock import iso

ENTERPRISE = "event@32473"
"""Of the structured data; the number is the one that RFC 5612 keeps for documentation."""
MOST_BYTES = 8192
MOST_DATAGRAM = 2048
NOTICE = 5
_BOM = b"\xef\xbb\xbf"
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
_LINES = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: when, what kind, what it says, and facts beside it."""

    at: datetime
    kind: str
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)
    severity: int = NOTICE


def encode(message: Message, facility: int, host: str, program: str, most: int = MOST_BYTES) -> bytes:
    """The bytes of a message, cut between two letters where there are more than `most`."""
    priority = facility * 8 + message.severity
    facts = "".join(f' {_name(name, 32)}="{_value(value)}"' for name, value in message.facts.items())
    data = f"[{ENTERPRISE}{facts}]" if facts else "-"
    head = (
        f"<{priority}>1 {iso(message.at)} {_name(host, 255)} {_name(program, 48)} - {_name(message.kind, 32)} {data} "
    )
    start = head.encode() + _BOM
    text = _LINES.sub(" ", message.text).encode()
    return start + text[: max(0, most - len(start))].decode("utf-8", "ignore").encode()


def framed(data: bytes) -> bytes:
    """A message on a stream: its length in octets before it (RFC 6587, RFC 5425)."""
    return f"{len(data)} ".encode() + data


def _name(text: str, most: int) -> str:
    return _UNPRINTABLE.sub("-", text)[:most] or "-"


def _value(text: str) -> str:
    return re.sub(r'(["\\\]])', r"\\\1", _LINES.sub(" ", text))[:500]
