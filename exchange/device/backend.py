"""The interface between the request processor of the device protocol and a server's services."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.canonical import JsonObject
from exchange.device.bodies import RegisterBody, RenewIdentityBody, TransferActiveBody
from exchange.device.detaching import DetachBody, ReattachBody
from exchange.device.licence_bodies import AuthorizeBody
from exchange.identity import Udi
from exchange.keys import PrivateKey, PublicKey
from exchange.statements import ConversionRequest, ExportRequest, ExportReturn, UsageReport
from exchange.trust import Trust
from exchange.vocabulary import DeviceOp


class DeviceRefusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A service refuses an operation; `code` is one of DEVICE_PROBLEMS, `cause` is for the server's log only."""

    def __init__(
        self, code: str, cause: str = "", message: str | None = None, result: JsonObject | None = None
    ) -> None:
        """The code chooses status, sentence and remedy; `result` are facts that the device goes on with."""
        super().__init__(code)
        self.code = code
        self.cause = cause or code
        self.message = message
        self.result: JsonObject = result or {}


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What a server knows of a key: its instance, numbers, and whether the key was superseded.

    `last_answer` is the payload of the answer that the last number got. `udis` are the active unit and its standbys,
    `member` is the key (`Udi.key`) of the unit that registered with this device key. `detached` says that its term runs (row C7.8).
    """

    instance: str
    key: PublicKey
    udis: tuple[Udi, ...]
    last_counter: int
    last_digest: str | None
    last_answer: bytes | None
    superseded: bool
    member: str = ""
    detached: bool = False

    def unit(self) -> Udi:
        """The unit of the set that the key belongs to: its own, else the active one."""
        return next((udi for udi in self.udis if udi.key == self.member), self.udis[0])

    @property
    def is_active(self) -> bool:
        """Whether the key is that of the active unit; what a standby uses is not counted a second time (row C7.6)."""
        return self.unit() is self.udis[0]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who answers: a satellite with its certificates, or central itself."""

    vendor_id: str
    satellite: str | None
    key: PrivateKey
    certificates: Mapping[str, bytes]
    trust: Trust


class Backend(Protocol):
    """The services behind the request processor, inside one unit of work."""

    now: datetime
    held: tuple[int, int]

    def find(self, key_id: str, digest: str) -> KnownDevice | None:
        """The device that a key belongs to; its last answer is asked for only if its last message had this digest."""
        ...

    def revive(self, known: KnownDevice) -> KnownDevice:
        """A superseded key was used again: undo the take-over and treat both as separate devices."""
        ...

    def savepoint(self) -> AbstractContextManager[object]:
        """Changes inside are undone when the block raises."""
        ...

    def remember(self, key_id: str, counter: int, digest: str, answer: bytes) -> None:
        """Keep an answer's payload, so that a repeated message gets the same one."""
        ...

    def write(self) -> None:
        """Write what was held back; nothing follows but the commit."""
        ...

    def note_refusal(self, op: str, code: str, cause: str, udi: Udi | None) -> None:
        """Record a refusal and its reason."""
        ...

    def note_failure(self, known: KnownDevice, op: DeviceOp, code: str, message: str) -> None:
        """Record that a device could not be detached or reattached (row C7.7); a term that comes twice means a clone."""
        ...

    def note_restored(self, known: KnownDevice, resumed: int) -> None:
        """Record that a device continued above the number named by a refusal: it was restored from an older copy."""
        ...

    def register(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject]:
        """Register; the instance and the result."""
        ...

    def renew(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject | None:
        """Answer for a list of use that changes nothing, by reading alone; None where anything is to be changed.

        The contact itself is noted by `remember`. Most messages of a site are of this kind.
        """
        ...

    def register_new(self, body: RegisterBody, key: PublicKey) -> tuple[str, JsonObject] | None:
        """Register a new device together with its group; None if the registration needs more than that."""
        ...

    def authorize(self, known: KnownDevice, body: AuthorizeBody) -> JsonObject:
        """Take the complete list of use, answer for each licence."""
        ...

    def renew_identity(self, known: KnownDevice, body: RenewIdentityBody) -> JsonObject:
        """A new certificate for the same key."""
        ...

    def transfer_active(self, known: KnownDevice, body: TransferActiveBody) -> JsonObject:
        """Another member of the set is active now."""
        ...

    def deregister(self, known: KnownDevice, returns: tuple[tuple[ExportReturn, JsonObject], ...]) -> JsonObject:
        """The device leaves."""
        ...

    def export_request(self, known: KnownDevice, statement: ExportRequest, envelope: JsonObject) -> JsonObject:
        """Ask for a restricted licence."""
        ...

    def export_return(self, known: KnownDevice, statement: ExportReturn, envelope: JsonObject) -> JsonObject:
        """Return a restricted licence."""
        ...

    def usage_report(self, known: KnownDevice, report: UsageReport, digest: str) -> JsonObject:
        """Book measured use, once for each number."""
        ...

    def convert(self, known: KnownDevice, request: ConversionRequest, envelope: JsonObject) -> JsonObject:
        """Convert classic licences, or say what became of a request that is known."""
        ...

    def detach(self, known: KnownDevice, body: DetachBody) -> JsonObject:
        """The device leaves its network for a stated time (row C7.8)."""
        ...

    def reattach(self, known: KnownDevice, body: ReattachBody) -> JsonObject:
        """The device returns before its term ends."""
        ...
