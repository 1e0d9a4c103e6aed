"""What an inventory holds: one result for each file, and the devices that the files speak of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from agent.inventory.codes import Basis, Command, Note, Reason

FORMAT = "perigee-inventory-1"


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
    """A licence entry: `tag` only where the output shows one, `shown` the text that is in its place."""

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
    basis: Basis = Basis.USAGE

    def to_dict(self) -> dict[str, Any]:
        """The entry."""
        return asdict(self)

    @property
    def slot(self) -> tuple[str | None, str | None]:
        """What makes two entries speak of the same licence."""
        return self.tag or self.shown, self.name


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
    software_version: str | None = None
    product_tag: str | None = None
    udis: tuple[Identity, ...] = ()
    members: tuple[Member, ...] = ()
    peers: tuple[Identity, ...] = ()
    licences: tuple[Licence, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int | None]:
        """The count of each tag: of what is in use where the output says so; the larger one of two, never a sum."""
        found: dict[str, int | None] = {}
        basis: dict[str, Basis] = {}
        for licence in self.licences:
            tag = licence.tag
            if tag is None or basis.setdefault(tag, licence.basis) is not licence.basis:
                continue
            known = found.get(tag)
            found[tag] = known if licence.count is None else max(licence.count, known or 0)
        return found

    def to_dict(self) -> dict[str, Any]:
        """The result as it is in an inventory file."""
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
            "software_version": self.software_version,
            "product_tag": self.product_tag,
            "udis": [udi.to_dict() for udi in self.udis],
            "members": [member.to_dict() for member in self.members],
            "peers": [peer.to_dict() for peer in self.peers],
            "licences": [licence.to_dict() for licence in self.licences],
            "tags": list(self.counts),
            "counts": self.counts,
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
    software_version: str | None = None
    product_tag: str | None = None
    udis: list[Identity] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    peers: list[Identity] = field(default_factory=list)
    licences: list[Licence] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    reason: Reason | None = None
    detail: str = ""
    # The members of each list that was printed: two devices in one file have a list each.
    sets: list[set[tuple[str, str]]] = field(default_factory=list)

    def note(self, note: Note) -> None:
        """Add a note once."""
        if note not in self.notes:
            self.notes.append(note)

    @property
    def holds_something(self) -> bool:
        """Whether anything certain was found."""
        found = self.udis or self.members or self.licences or self.registration or self.authorization
        return bool(found or self.product_tag or self.generation or self.agent_version)
