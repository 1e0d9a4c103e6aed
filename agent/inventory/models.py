"""What the reader finds: identities, licences, one result per file, one inventory per folder."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.inventory.reasons import Note, Reason

FORMAT = "perigee-inventory-1"


@dataclass(frozen=True, slots=True)
class Udi:
    """The printed identity of one device; absent parts are None."""

    pid: str | None = None
    serial: str | None = None
    uuid: str | None = None
    vid: str | None = None
    suvi: str | None = None
    host_identifier: str | None = None
    mac_address: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What two mentions of the same device have in common."""
        if self.pid and self.serial:
            return ("sn", self.pid, self.serial)
        if self.uuid:
            return ("uuid", self.uuid.replace("-", "").lower())
        if self.suvi:
            return ("suvi", self.suvi)
        return ("part", self.pid or "", self.serial or "", self.host_identifier or "", self.mac_address or "")

    @property
    def complete(self) -> bool:
        """Can a device be registered under this identity?"""
        return bool((self.pid and self.serial) or self.suvi)

    def to_dict(self) -> dict[str, object]:
        """All parts, PID and serial number always, the others where printed."""
        found: dict[str, object] = {"pid": self.pid, "serial": self.serial}
        for name in ("uuid", "vid", "suvi", "host_identifier", "mac_address"):
            value = getattr(self, name)
            if value is not None:
                found[name] = value
        return found


@dataclass(frozen=True, slots=True)
class Member:
    """A device and its role in its set."""

    udi: Udi
    role: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The identity and the role."""
        return {"udi": self.udi.to_dict(), "role": self.role}


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence entry as printed.

    `tag` is a full entitlement tag or its short form, `printed` the text in the tag's place whatever it is, and
    `count_kind` says what the number counts: in_use, installed, reserved, authorized, purchased or reported.
    """

    tag: str | None = None
    name: str | None = None
    printed: str | None = None
    description: str | None = None
    count: int | None = None
    count_kind: str = "in_use"
    version: str | None = None
    status: str | None = None
    restricted: bool | None = None
    export_status: str | None = None
    enforcement: str | None = None
    licence_type: str | None = None
    notes: tuple[Note, ...] = ()

    @property
    def full_tag(self) -> bool:
        """Is the tag one with a version and a UUID?"""
        return self.tag is not None and self.tag.startswith("regid.") and "," in self.tag

    def to_dict(self) -> dict[str, object]:
        """Every field, in a fixed order."""
        form = None if self.tag is None else ("full" if self.full_tag else "short")
        return {
            "tag": self.tag,
            "tag_form": form,
            "name": self.name,
            "printed": self.printed,
            "description": self.description,
            "count": self.count,
            "count_kind": self.count_kind,
            "version": self.version,
            "status": self.status,
            "restricted": self.restricted,
            "export_status": self.export_status,
            "enforcement": self.enforcement,
            "licence_type": self.licence_type,
            "notes": [str(note) for note in self.notes],
        }


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file gave, or why it gave nothing."""

    file: str
    sha256: str | None
    status: str
    reason: Reason | None = None
    detail: str | None = None
    command: str | None = None
    generation: str | None = None
    registration: str | None = None
    authorization: str | None = None
    devices: tuple[Member, ...] = ()
    members: tuple[Member, ...] = ()
    licences: tuple[Licence, ...] = ()
    entitled: tuple[Licence, ...] = ()
    hostname: str | None = None
    software_version: str | None = None
    agent_version: str | None = None
    product_tag: str | None = None
    notes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Every field, in a fixed order."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "status": self.status,
            "reason": None if self.reason is None else str(self.reason),
            "detail": self.detail,
            "command": self.command,
            "generation": self.generation,
            "registration": self.registration,
            "authorization": self.authorization,
            "devices": [one.to_dict() for one in self.devices],
            "members": [one.to_dict() for one in self.members],
            "licences": [one.to_dict() for one in self.licences],
            "entitled": [one.to_dict() for one in self.entitled],
            "hostname": self.hostname,
            "software_version": self.software_version,
            "agent_version": self.agent_version,
            "product_tag": self.product_tag,
            "notes": [str(note) for note in self.notes],
        }


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """One device as all files together describe it."""

    udi: Udi
    role: str | None = None
    members: tuple[Member, ...] = ()
    licences: tuple[Licence, ...] = ()
    hostname: str | None = None
    software_version: str | None = None
    product_tag: str | None = None
    files: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Every field, in a fixed order."""
        return {
            "udi": self.udi.to_dict(),
            "role": self.role,
            "members": [one.to_dict() for one in self.members],
            "licences": [one.to_dict() for one in self.licences],
            "hostname": self.hostname,
            "software_version": self.software_version,
            "product_tag": self.product_tag,
            "files": list(self.files),
            "notes": [str(note) for note in self.notes],
        }


@dataclass(frozen=True, slots=True)
class Inventory:
    """All files of a folder and the devices they describe."""

    items: tuple[FileResult, ...] = ()
    devices: tuple[FleetDevice, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The content of an inventory file."""
        return {
            "format": FORMAT,
            "items": [one.to_dict() for one in self.items],
            "devices": [one.to_dict() for one in self.devices],
        }


@dataclass(slots=True)
class Reading:
    """What is found in one piece of a file while it is being read."""

    commands: list[str] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    generations: set[str] = field(default_factory=set)
    main: list[Member] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    fallback: list[Member] = field(default_factory=list)
    groups: list[list[Licence]] = field(default_factory=list)
    entitled: list[Licence] = field(default_factory=list)
    hostnames: list[str] = field(default_factory=list)
    software_versions: list[str] = field(default_factory=list)
    agent_versions: list[str] = field(default_factory=list)
    product_tags: list[str] = field(default_factory=list)
    notes: set[Note] = field(default_factory=set)
    recognised: bool = False
    failed: bool = False

    def join(self, other: Reading) -> None:
        """Take over what another piece of the same file gave."""
        for name in (
            "commands", "registrations", "authorizations", "main", "members", "fallback", "groups", "entitled",
            "hostnames", "software_versions", "agent_versions", "product_tags",
        ):  # fmt: skip
            getattr(self, name).extend(getattr(other, name))
        self.generations |= other.generations
        self.notes |= other.notes
        self.recognised = self.recognised or other.recognised
        self.failed = self.failed or other.failed

    @property
    def found_anything(self) -> bool:
        """Is there any fact to report?"""
        return bool(
            self.recognised or self.registrations or self.authorizations or self.main
            or self.members or self.groups or self.entitled
        )  # fmt: skip
