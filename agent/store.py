"""The state of one device: its key, signed answers as received, and messages still to be sent.

Nothing in the state file is believed on its own: answers and grants are kept as they were signed and verified again
whenever the device starts, so an edited file yields fewer rights, never more.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from agent.clock import FIRST_YEAR, LAST_YEAR
from agent.errors import StateDamagedError
from agent.files import read_file, write_atomic
from agent.shape import build
from agent.states import Registration
from exchange.canonical import parse_time
from exchange.errors import ExchangeError
from exchange.keys import PrivateKey

STATE_FILE = "device.json"
KEY_FILE = "device-key.pem"
STATE_VERSION = 1
STATE_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class InFlight:
    """A message stored before it is sent, so that the same bytes can be sent again."""

    op: str
    message: str
    nonce: str
    sent_at: str


@dataclass(slots=True)
class Elsewhere:
    """A message that belongs to another server than the one of the state: where it goes, who the device is there."""

    message: InFlight
    server: dict[str, str | None]
    about: dict[str, Any]


@dataclass(slots=True)
class Evidence:
    """The last authorization answer as received, with what is needed to verify it again."""

    body: str
    digest: str
    nonce: str
    received_at: str


@dataclass(slots=True)
class HeldGrant:
    """A restricted right, as central signed it, and the device's own return of it."""

    tag: str
    quantity: int
    generation: int
    envelope: dict[str, Any]
    returned: dict[str, Any] | None = None
    released: bool = False


@dataclass(slots=True)
class Export:
    """A device's request for one restricted licence and the decision."""

    request: str
    count: int
    state: str
    reason: str | None = None
    message: str = ""


@dataclass(slots=True)
class Conversion:
    """A device's request to convert its classic licences (units by SKU), and what became of it."""

    request: str
    lines: dict[str, int]
    requested_at: str
    state: str
    result: list[dict[str, Any]] = field(default_factory=list)
    decided_at: str | None = None
    message: str = ""


@dataclass(slots=True)
class HeldReservation:
    """A request for licences by code, its secret, what came of it, and the code that gave it back."""

    request: str
    secret: str = field(repr=False)
    code: str | None = None
    returned: str | None = None
    number: int = 0


@dataclass(slots=True)
class KeptReturn:
    """A return code of a request, kept until central confirmed it or a person says that it was entered."""

    request: str
    code: str


@dataclass(slots=True)
class Running:
    """What is in use of a licence, and since when it is measured."""

    count: int
    since: str


@dataclass(slots=True)
class Measured:
    """What was in use of a licence from one moment to another."""

    tag: str
    count: int
    start: str
    end: str


@dataclass(slots=True)
class UsageLog:
    """What is measured and not reported yet, and the last report as it was signed, with what it says."""

    number: int = 0
    acknowledged: int = 0
    booked: bool = True
    running: dict[str, Running] = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    reported: list[Measured] = field(default_factory=list)
    report: dict[str, Any] | None = None


@dataclass(slots=True)
class Detached:
    """The term of a detached device, and its end; what the device may use until then is in the evidence."""

    term: str
    until: str


@dataclass(slots=True)
class DeviceState:
    """All that survives a power cut; times are ISO 8601 texts in UTC."""

    version: int = STATE_VERSION
    udi: dict[str, Any] | None = None
    standbys: list[dict[str, Any]] = field(default_factory=list)
    product_tag: str | None = None
    hostname: str | None = None
    software_version: str | None = None
    url: str | None = None
    ca: str | None = None
    fingerprint: str | None = None
    trust: str | None = None
    registration: str = "not_registered"
    registration_message: str = ""
    registered_at: str | None = None
    instance: str | None = None
    satellite: str | None = None
    account: str | None = None
    virtual_account: str | None = None
    export_allowed: bool = False
    certificate: str | None = None
    device_ca: str | None = None
    certificate_expires: str | None = None
    next_id_renewal: str | None = None
    next_auth_renewal: str | None = None
    last_contact: str | None = None
    last_failure: str | None = None
    failures: int = 0
    counter: int = 0
    held: list[int] = field(default_factory=lambda: [0, 0])
    in_flight: InFlight | None = None
    joining: Elsewhere | None = None
    farewells: list[Elsewhere] = field(default_factory=list)
    uses: dict[str, int] = field(default_factory=dict)
    evaluation_seconds: int = 0
    evaluation_mark: str | None = None
    evaluation_warned: str | None = None
    evaluation_ended: str | None = None
    evidence: Evidence | None = None
    detached: Detached | None = None
    grants: dict[str, HeldGrant] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    reservation: HeldReservation | None = None
    given_up: dict[str, dict[str, Any]] = field(default_factory=dict)
    returns: list[KeptReturn] = field(default_factory=list)
    usage: UsageLog = field(default_factory=UsageLog)
    conversion: Conversion | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the state from its stored form; KeyError, TypeError or ValueError when it is not one."""
        if data.get("version") != STATE_VERSION:
            raise KeyError("version")
        state: Self = build(cls, data)
        Registration(state.registration)
        for at in _times_of(state):
            if at is not None and not FIRST_YEAR <= parse_time(at).year <= LAST_YEAR:
                raise ValueError("a year that no clock has")
        for text in (state.trust, state.certificate, state.device_ca):
            to_bytes(text or "")
        if (
            len(state.held) != len(DeviceState().held)
            or min((state.counter, state.evaluation_seconds, *state.held)) < 0
        ):
            raise ValueError("a number that no state has")
        return state


_TIMES = (
    "registered_at", "certificate_expires", "next_id_renewal", "next_auth_renewal", "last_contact", "last_failure",
    "evaluation_mark", "evaluation_ended",
)  # fmt: skip


def _times_of(state: DeviceState) -> Iterator[str | None]:
    """Every time of a state, as it is stored."""
    yield from (getattr(state, name) for name in _TIMES)
    waiting = (state.in_flight, *(one.message for one in (state.joining, *state.farewells) if one is not None))
    yield from (one.sent_at for one in waiting if one is not None)
    yield state.evidence.received_at if state.evidence is not None else None
    yield from (state.conversion.requested_at, state.conversion.decided_at) if state.conversion is not None else ()
    yield state.detached.until if state.detached is not None else None
    yield from (one.since for one in state.usage.running.values())
    yield from (at for one in (*state.usage.measured, *state.usage.reported) for at in (one.start, one.end))


class Store:
    """The state folder of one device."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is first written."""
        self.folder = folder

    def load(self) -> DeviceState:
        """Read the state; a folder that holds none gives a fresh one. StateDamagedError if unreadable."""
        path = self.folder / STATE_FILE
        if not os.path.lexists(path):
            return DeviceState()
        try:
            return DeviceState.from_dict(json.loads(read_file(path, most_bytes=STATE_BYTES)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ExchangeError) as error:
            raise StateDamagedError("{state_file} is not a state of this agent", state_file=STATE_FILE) from error

    def save(self, state: DeviceState) -> None:
        """Write the state durably; it is on the disk when this returns."""
        write_atomic(self.folder / STATE_FILE, json.dumps(asdict(state), sort_keys=True).encode() + b"\n")

    def key(self) -> PrivateKey:
        """Return the device's key, made at first use; it never leaves this folder."""
        path = self.folder / KEY_FILE
        if not os.path.lexists(path):
            key = PrivateKey.generate()
            write_atomic(path, key.to_pem(None))
            return key
        try:
            return PrivateKey.from_pem(read_file(path, most_bytes=16_384), None)
        except ValueError as error:
            raise StateDamagedError("{key_file} holds no usable key", key_file=KEY_FILE) from error

    def key_of(self, state: DeviceState) -> PrivateKey | None:
        """The key of a device, None while it has none; StateDamagedError where a registered device lost it."""
        if self.has_key():
            return self.key()
        if state.registration == Registration.COMPLETE:
            raise StateDamagedError("the device is registered, but its key is missing")
        return None

    def has_key(self) -> bool:
        """Say whether this folder belongs to a device already."""
        return os.path.lexists(self.folder / KEY_FILE)


def to_text(data: bytes) -> str:
    """Bytes as Base64 text, for the state file."""
    return base64.b64encode(data).decode("ascii")


def to_bytes(text: str) -> bytes:
    """The inverse of `to_text`; StateDamagedError when the text was altered."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise StateDamagedError("a stored message is damaged") from error
