"""The smallest world in which the exchange can go wrong: one restricted unit, two devices, one satellite and its copies.

Everything is the real code on real databases and files; only the way between is played. Commands are left out where the
service behind them says the same in a tenth of the time.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import AgentError
from agent.joining import RegistrationRequest
from agent.transport import Server
from central.actions.synchronization import import_network_request
from central.domain.accounts.queries import by_domain, virtual_accounts
from central.domain.event_log.models import Event as CentralEvent
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.queries import active_units
from central.domain.instances.models import Instance as CentralInstance
from central.domain.ledger.models import Claim as CentralClaim
from central.domain.ledger.models import Holding, Posting
from central.domain.ledger.queries import licences as central_licences
from central.domain.ledger.verification import verify
from central.domain.satellites.models import SatelliteEvent
from central.domain.satellites.queries import find_satellite
from central.domain.satellites.services import resync_satellite
from central.runtime import Central, recover_if_restored
from central.runtime import assemble as assemble_central
from central.sync.make_authorization import make_authorization
from exchange.files.registration import read_registration
from exchange.identity import Udi
from exchange.licence_time import Moment
from satellite.actions.registration import import_authorization_file
from satellite.actions.synchronization import import_response_file
from satellite.core.accounts.queries import names
from satellite.core.event_log.models import Event as SiteEvent
from satellite.core.export_queue.models import HeldGrant
from satellite.core.instances.models import Instance as SiteInstance
from satellite.core.licences.models import Claim as SiteClaim
from satellite.core.licences.queries import licences as site_licences
from satellite.core.site.queries import site_of
from satellite.core.site.services import export_registration
from satellite.device_api.app import make_app
from satellite.runtime import Satellite
from satellite.runtime import assemble as assemble_satellite
from satellite.sync.make_request import make_request
from serverkit.actor import OPERATOR
from serverkit.clock import FixedClock
from tests.front import front_of
from tests.world import ACCOUNT, Wire, World

RESTRICTED, ORDINARY = "STRONG", "ADVANTAGE"
UNITS = 1
DEVICES = ("A", "B")
SATELLITE = "North"
ORDERS = """virtual_account,tag,quantity,order_number,order_line
Site,ADVANTAGE,3,O-1,1
Site,STRONG,1,O-1,2
"""


class SharedClock(DeviceClock):
    """A device's clock that follows the walk's."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(Path("nowhere"))
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def _moment(self) -> Moment:
        said = self._clock.moment()
        return Moment(said.system, said.boot, said.uptime)

    def keep(self, *, always: bool = False) -> None:
        """The walk's devices live no longer than their process."""

    def make_lab(self) -> None:
        """The walk is one."""


def build_template(folder: Path) -> Path:
    """Set a vendor, a site and two registered devices up once; every walk works on a copy."""
    world = World(folder)
    world.found_central(orders=ORDERS)
    world.found_satellite(SATELLITE)
    token = world.token()
    (folder / "token").write_text(token)
    for name in DEVICES:
        world.device(name, token=token)
    for home in ("central", "satellite"):
        for lab in (folder / home).glob("lab-clock.json"):
            lab.write_text('{"offset_seconds":0}\n')
    world.close()
    return folder


@dataclass(frozen=True)
class Given:
    """A grant as central sees it."""

    state: str
    quantity: int
    reason: str | None


@dataclass
class Machine:
    """One machine that believes to be the satellite; `made` and `wire` follow its folder."""

    home: Path
    made: Satellite
    wire: Wire
    snapshots: list[Path] = field(default_factory=list)


class SmallWorld:
    """Central, machines, devices; methods are what people, couriers and disasters do."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        self.clock = FixedClock(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1))
        for name in ("central", "satellite", "devices"):
            shutil.copytree(template / name, folder / name)
        self.root = (template / "root.json").read_bytes()
        self.token = (template / "token").read_text()
        self.central = self._open_central()
        self.machines: list[Machine] = [self._open(folder / "satellite")]
        self.devices = {name: self._device(name) for name in DEVICES}
        self._copies = 0
        self._wired: dict[str, Machine] = dict.fromkeys(DEVICES, self.machines[0])

    # -- putting together -------------------------------------------------------------------------------------------

    def _open_central(self) -> Central:
        return assemble_central(self.folder / "central", self.clock)

    def _open(self, home: Path) -> Machine:
        made = assemble_satellite(home, self.clock)
        return Machine(home, made, Wire(front_of(make_app(made))))

    def _device(self, name: str) -> Device:
        return Device(
            self.folder / "devices" / name,
            clock=SharedClock(self.clock),
            transport=lambda _server: self._wired[name].wire,
        )

    def close(self) -> None:
        """Let every file go."""
        self.central.database.dispose()
        for machine in self.machines:
            machine.made.database.dispose()

    # -- devices ----------------------------------------------------------------------------------------------------

    @contextmanager
    def talking(self, name: str, machine: Machine, *, cut: bool = False, deaf: bool = False) -> Any:
        """Let a device speak with one machine, over a wire that may lose its message or the answer."""
        self._wired[name] = machine
        machine.wire.cut, machine.wire.deaf = cut, deaf
        try:
            yield self.devices[name]
        finally:
            machine.wire.cut = machine.wire.deaf = False

    def try_device(self, name: str, machine: Machine, act: Callable[[Device], object], **faults: bool) -> str:
        """Do something at a device; what it is told when it fails is not a fault of the walk."""
        with self.talking(name, machine, **faults) as device:
            try:
                act(device)
            except AgentError as error:
                return error.reason
        return "done"

    def register_again(self, name: str, machine: Machine) -> str:
        """What a person does with a device that the site has forgotten."""
        registration_request = RegistrationRequest(token=self.token, udi=Udi(pid="SW-48", serial=name))
        server = Server("https://in.process", None, None)
        return self.try_device(name, machine, lambda device: device.register(registration_request, self.root, server))

    # -- files ------------------------------------------------------------------------------------------------------

    def export(self, machine: Machine, *, full: bool = False, power_cut: bool = False) -> bytes | None:
        """Make a request; a power cut comes after the commit and before the anchor, and no file is released."""
        made = machine.made
        with made.database.write(OPERATOR) as unit:
            done = make_request(unit, made.keyring, full=full, restored=made.is_restored(unit))
            epoch, seq, rseq = done.request.epoch, done.request.seq, site_of(unit).applied_rseq
            data = done.request.content
        if power_cut:
            return None
        made.anchor.write(epoch, seq, rseq)
        return bytes(data)

    def deliver_request(self, data: bytes) -> bytes:
        """Hand a file to central; its response."""
        return import_network_request(self.central, OPERATOR, lambda: io.BytesIO(data)).data

    def deliver_response(self, machine: Machine, data: bytes) -> str:
        """Hand a file to a machine; what became of it."""
        return import_response_file(machine.made, OPERATOR, lambda: io.BytesIO(data)).outcome

    def registration(self, machine: Machine) -> bytes:
        """A fresh registration file of a machine."""
        with machine.made.database.write(OPERATOR) as unit:
            return export_registration(unit, machine.made.keyring)[0]

    def reopen_epoch(self, registration: bytes | None) -> bytes:
        """Resynchronize at central; the authorization file of the new epoch."""
        with self.central.database.write(OPERATOR) as unit:
            account = by_domain(unit, ACCOUNT)
            satellite = find_satellite(unit, account.id, SATELLITE)
            if registration is None:
                resync_satellite(unit, satellite, None, "")
            else:
                read, digest = read_registration(registration, trust=self.central.keyring.trust)
                resync_satellite(unit, satellite, read, digest)
        with self.central.database.write(OPERATOR) as unit:
            account = by_domain(unit, ACCOUNT)
            satellite = find_satellite(unit, account.id, SATELLITE)
            return make_authorization(unit, self.central.keyring, account, satellite).response or b""

    def deliver_authorization(self, machine: Machine, data: bytes) -> str:
        """Import an authorization file as the command does."""
        found = import_authorization_file(machine.made, OPERATOR, lambda: io.BytesIO(data))
        return str(found["outcome"])

    # -- disasters --------------------------------------------------------------------------------------------------

    def snapshot(self, machine: Machine) -> None:
        """Copy a machine's disk."""
        self._copies += 1
        target = self.folder / f"snapshot-{self._copies}"
        self._copy(machine.home, target)
        machine.snapshots = [*machine.snapshots, target][-2:]

    def restore(self, machine: Machine, snapshot: Path, *, anchor: bool) -> None:
        """Put a machine back to a copy; `anchor` says whether the anchor goes back with it (a whole disk's revert)."""
        machine.made.database.dispose()
        kept = machine.made.anchor.read()
        shutil.rmtree(machine.home)
        self._copy(snapshot, machine.home)
        machine.made = assemble_satellite(machine.home, self.clock)
        machine.wire.app = front_of(make_app(machine.made))
        if not anchor and kept is not None:
            machine.made.anchor.write(kept.epoch, kept.seq, kept.rseq, kept.change)
            if kept.restored:
                machine.made.anchor.mark_restored(kept.epoch)

    def clone(self, machine: Machine) -> None:
        """A second machine with the same disk."""
        self._copies += 1
        home = self.folder / f"satellite-{self._copies}"
        self._copy(machine.home, home)
        self.machines.append(self._open(home))

    def retire(self, machine: Machine) -> None:
        """Switch a machine off for good."""
        machine.made.database.dispose()
        self.machines.remove(machine)

    def copy_central(self) -> Path:
        """A backup of central."""
        self._copies += 1
        target = self.folder / f"central-{self._copies}"
        self._copy(self.central.home, target)
        return target

    def restore_central(self, copy: Path, *, anchor: bool = True) -> None:
        """Put central back to a copy; `anchor` says whether the anchor goes back with it. Without, it knows at once."""
        self.central.database.dispose()
        kept = self.central.anchor.read()
        shutil.rmtree(self.central.home)
        self._copy(copy, self.central.home)
        self.central = self._open_central()
        if not anchor and kept is not None:
            self.central.anchor.write(kept)
            recover_if_restored(self.central)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        # No one writes while the walk copies; the log of SQLite is copied with its database.
        shutil.copytree(source, target)

    # -- what can be seen -------------------------------------------------------------------------------------------

    def central_state(self) -> dict[str, Any]:
        """What central knows of the site, for comparison with `site_state`."""
        with self.central.database.read(OPERATOR) as unit:
            account = by_domain(unit, ACCOUNT)
            satellite = find_satellite(unit, account.id, SATELLITE)
            known = {row.id: row.name for row in virtual_accounts(unit, account.id)}
            instances = unit.session.execute(
                select(CentralInstance.id, CentralInstance.key_hash).where(CentralInstance.satellite_id == satellite.id)
            )
            found = {row[0]: row[1] for row in instances}
            claims = select(CentralClaim.instance_id, CentralClaim.tag, CentralClaim.count)
            grants = select(GrantRecord.id).where(
                GrantRecord.state == "active",
                GrantRecord.not_after > unit.now,
                GrantRecord.satellite_id == satellite.id,
            )
            figures = [row for row in central_licences(unit, account.id, known) if row["virtual_account"] == "Site"]
            return {
                "instances": found,
                "claims": {(a, b): c for a, b, c in unit.session.execute(claims)},
                "grants": set(unit.session.scalars(grants)),
                "licences": _figures(figures),
            }

    def site_state(self, machine: Machine) -> dict[str, Any]:
        """What a machine knows of its site."""
        with machine.made.database.read(OPERATOR) as unit:
            instances = unit.session.execute(
                select(SiteInstance.id, SiteInstance.key_hash).where(SiteInstance.removed.is_(False))
            )
            claims = select(SiteClaim.instance_id, SiteClaim.tag, SiteClaim.count).where(SiteClaim.count > 0)
            grants = select(HeldGrant.id).where(HeldGrant.release.is_(None), HeldGrant.not_after > unit.now)
            return {
                "instances": {row[0]: row[1] for row in instances},
                "claims": {(a, b): c for a, b, c in unit.session.execute(claims)},
                "grants": set(unit.session.scalars(grants)),
                "licences": _figures(site_licences(unit, names(unit), None)),
            }

    def grants(self) -> dict[str, Given]:
        """Every grant that central ever gave."""
        columns = (GrantRecord.id, GrantRecord.state, GrantRecord.quantity, GrantRecord.release_reason)
        with self.central.database.read(OPERATOR) as unit:
            return {row[0]: Given(*row[1:]) for row in unit.session.execute(select(*columns))}

    def held(self, name: str) -> set[str]:
        """The grants by which a device has its restricted right now."""
        device = self.devices[name]
        now = self.clock.now()
        return {
            grant
            for grant, held in device.state.grants.items()
            if held.returned is None
            and not held.released
            and (right := device.rights.get(held.tag)) is not None
            and (right.valid_until is None or right.valid_until > now)
        }

    def ledger_findings(self) -> list[dict[str, Any]]:
        """What `ledger verify` finds."""
        with self.central.database.read(OPERATOR) as unit:
            return verify(unit, active_units(unit))

    def locked(self) -> int:
        """Restricted units that are locked."""
        with self.central.database.read(OPERATOR) as unit:
            query = select(func.coalesce(func.sum(Holding.quantity), 0)).where(Holding.bucket == "locked")
            return int(unit.session.scalar(query) or 0)

    def repeated_records(self) -> list[str]:
        """Records that central took in more than once."""
        with self.central.database.read(OPERATOR) as unit:
            taken = [
                row.get("satellite_event")
                for row in unit.session.scalars(
                    select(CentralEvent.subject).where(CentralEvent.kind == "satellite:event")
                )
            ]
            moves = list(
                unit.session.execute(select(Posting.note, Posting.reason, Posting.quantity).where(Posting.note != ""))
            )
        twice = {str(one) for one in taken if taken.count(one) > 1}
        twice |= {f"{note} {reason}" for note, reason, _ in moves if [m[:2] for m in moves].count((note, reason)) > 1}
        return sorted(twice)

    def forgotten_records(self, machine: Machine) -> set[str]:
        """Records that a machine counts as acknowledged and central never took in."""
        return self.acknowledged(machine) - self._taken()

    def acknowledged(self, machine: Machine) -> set[str]:
        """Records that a machine knows central to have."""
        with machine.made.database.read(OPERATOR) as unit:
            upto = site_of(unit).acknowledged_upto
            return set(unit.session.scalars(select(SiteEvent.id).where(SiteEvent.number <= upto)))

    def records(self, machine: Machine) -> set[str]:
        """Every record that a machine has."""
        with machine.made.database.read(OPERATOR) as unit:
            return set(unit.session.scalars(select(SiteEvent.id)))

    def missing(self, records: set[str]) -> set[str]:
        """Which of these records central does not have."""
        return records - self._taken()

    def _taken(self) -> set[str]:
        with self.central.database.read(OPERATOR) as unit:
            return set(unit.session.scalars(select(SatelliteEvent.id)))


def _figures(rows: list[dict[str, Any]]) -> dict[str, tuple[int, int, int, str]]:
    shown = ("purchased", "in_use", "balance", "status")
    return {row["tag"]: tuple(row[name] for name in shown) for row in rows if row["purchased"] or row["in_use"]}  # type: ignore[misc]
