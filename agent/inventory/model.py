"""What an inventory holds: one result for each file, and the devices that the files speak of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

FORMAT = "perigee-inventory-1"


class Reason(StrEnum):
    """Why nothing was taken from a file."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    NOT_A_LICENCE_OUTPUT = "not_a_licence_output"
    COMMAND_ERROR = "command_error"
    NO_LICENCE_DATA = "no_licence_data"
    SEVERAL_DEVICES = "several_devices"


class Note(StrEnum):
    """What a reader of the result should know although the file was read."""

    NO_IDENTITY = "no_identity"
    TRUNCATED_NAME = "truncated_name"
    TRUNCATED_OUTPUT = "truncated_output"
    LICENCE_WITHOUT_TAG = "licence_without_tag"
    LICENCE_WITHOUT_COUNT = "licence_without_count"
    MALFORMED_TAG = "malformed_tag"
    MASKED_VALUE = "masked_value"
    CONFLICTING_COUNT = "conflicting_count"
    CONFLICTING_IDENTITY = "conflicting_identity"
    DECODED_AS_LATIN_1 = "decoded_as_latin_1"
    AMBIGUOUS_NAME = "ambiguous_name"
    UNKNOWN_NAME = "unknown_name"


class Command(StrEnum):
    """Which output a file is, as far as its content says so."""

    ALL = "show license all"
    TECH_SUPPORT = "show license tech support"
    SUMMARY = "show license summary"
    USAGE = "show license usage"
    STATUS = "show license status"
    UDI = "show license udi"
    FEATURES = "show license"
    RUM = "show license rum"
    EVENT_LOG = "show license eventlog"
    REST = "rest licensing status"
    RESERVATION = "license smart reservation"
    USAGE_FILE = "license smart save usage"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Identity:
    """A UDI as the output shows it."""

    pid: str | None
    serial: str | None
    uuid: str | None = None
    vid: str | None = None
    host_identifier: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes two identities the same device."""
        return self.pid or "", self.serial or ""

    def to_dict(self) -> dict[str, Any]:
        """The identity; what is absent is left out, but for product id and serial."""
        found = {"pid": self.pid, "serial": self.serial}
        more = {"uuid": self.uuid, "vid": self.vid, "host_identifier": self.host_identifier}
        return found | {name: value for name, value in more.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a set, with its role."""

    role: str
    udi: Identity

    def to_dict(self) -> dict[str, Any]:
        """The member."""
        return {"role": self.role, **self.udi.to_dict()}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence entry: `tag` only where the output shows one, `shown` the text that stands in its place."""

    tag: str | None
    name: str | None
    count: int | None
    status: str | None = None
    shown: str | None = None
    description: str | None = None
    restricted: bool | None = None
    enforcement: str | None = None
    licence_type: str | None = None
    version: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The entry."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file says, or why nothing could be taken from it."""

    file: str
    sha256: str
    status: str
    reason: str | None = None
    detail: str = ""
    command: str | None = None
    generation: str | None = None
    registration: str | None = None
    authorization: str | None = None
    hostname: str | None = None
    agent_version: str | None = None
    product_tag: str | None = None
    udis: tuple[Identity, ...] = ()
    members: tuple[Member, ...] = ()
    licences: tuple[Licence, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The result as it stands in an inventory file."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail,
            "command": self.command,
            "generation": self.generation,
            "registration": self.registration,
            "authorization": self.authorization,
            "hostname": self.hostname,
            "agent_version": self.agent_version,
            "product_tag": self.product_tag,
            "udis": [udi.to_dict() for udi in self.udis],
            "members": [member.to_dict() for member in self.members],
            "licences": [licence.to_dict() for licence in self.licences],
            "tags": [licence.tag for licence in self.licences if licence.tag],
            "counts": {licence.tag: licence.count for licence in self.licences if licence.tag},
            "notes": list(self.notes),
        }


@dataclass(slots=True)
class Draft:
    """A result on its way: readers of sections add what they find."""

    command: Command | None = None
    generation: str | None = None
    registration: str | None = None
    authorization: str | None = None
    hostname: str | None = None
    agent_version: str | None = None
    product_tag: str | None = None
    udis: list[Identity] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    licences: list[Licence] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    reason: Reason | None = None

    def note(self, note: Note) -> None:
        """Add a note once."""
        if note not in self.notes:
            self.notes.append(note)

    @property
    def holds_something(self) -> bool:
        """Whether anything certain was found."""
        found = self.udis or self.licences or self.registration or self.authorization
        return bool(found or self.product_tag or self.generation or self.agent_version)
