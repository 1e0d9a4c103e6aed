"""A biased random walk through the exchange, and what must be true after every step and after one good round trip.

The courier loses, repeats, re-orders, cuts and alters; in a wild walk machines are restored to older copies (with and
without their anchor), cloned and resynchronized, and power fails between commit and anchor. In a walk of a central that is
restored, the sites are honest and central goes back to older copies, with its anchor or without. The same seed takes the
same steps; a failure names them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from exchange.errors import ExchangeError
from serverkit.errors import AppError
from tests.property.small_world import DEVICES, ORDINARY, RESTRICTED, UNITS, Machine, SmallWorld

# What an honest courier's disorder may be told, and nothing else: no alarm without a cause.
HONEST = frozenset({"superseded"})
# What a person answers by a resynchronization.
NEEDS_RESYNC = frozenset({"fork", "resync_required"})
# Central may know less than the last resynchronization: neither that key nor that epoch.
NEEDS_MORE = NEEDS_RESYNC | {"unknown_issuer", "not_mine"}
MOST_MACHINES = 3


class WalkError(AssertionError):
    """A claim of the exchange does not hold."""


@dataclass
class Parcel:
    """A file on its way; it may arrive never, once or often."""

    kind: str
    data: bytes


@dataclass
class Walk:
    """One walk: `wild` adds disasters of the site's machines, `central_back` those of central; not both."""

    world: SmallWorld
    seed: int
    wild: bool
    central_back: bool = False
    copies: list[Path] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    bag: list[Parcel] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The dice are the seed's."""
        self.dice = random.Random(self.seed)
        people = [
            (6, self.ask),
            (5, self.give_back),
            (4, self.use),
            (9, self.contact),
            (10, self.export),
            (16, self.carry_to_central),
            (16, self.carry_to_site),
            (2, self.tamper),
            (3, self.lose),
            (2, self.later),
        ]
        disasters = [(3, self.copy_disk), (3, self.restore_older), (1, self.clone), (4, self.resynchronize)]
        at_central = [(3, self.copy_central), (2, self.put_central_back), (4, self.resynchronize)]
        table = people + (disasters if self.wild else []) + (at_central if self.central_back else [])
        self._acts: list[Callable[[], str]] = [act for _, act in table]
        self._weights = [weight for weight, _ in table]

    # -- the walk ---------------------------------------------------------------------------------------------------

    def run(self, count: int) -> None:
        """Walk, look after each step, heal, look again; the failure carries seed and steps."""
        try:
            for _ in range(count):
                self._step()
            self.heal()
        except Exception as error:
            kind = "wild" if self.wild else "central's" if self.central_back else "honest"
            lines = "\n".join(f"  {number:3} {text}" for number, text in enumerate(self.steps, 1))
            raise WalkError(f"{error!r}\n{kind} walk, seed {self.seed}:\n{lines}") from error

    def _step(self) -> None:
        act = self.dice.choices(self._acts, self._weights)[0]
        self.world.clock.advance(timedelta(minutes=1))
        self.steps.append(f"{act.__name__} ...")
        self.steps[-1] = f"{act.__name__} {act()}"
        self.look()

    def look(self) -> None:
        """What is true at every moment."""
        world = self.world
        if self.central_back:
            # What central forgot it cannot know before the site has told it; the devices have it all the same.
            self._look_at_use()
            return
        grants = world.grants()
        if world.locked() > UNITS or sum(row.quantity for row in grants.values() if row.state == "active") > UNITS:
            raise WalkError("more restricted units are granted than there are")
        for name in DEVICES:
            for grant in world.held(name):
                if grants[grant].state != "active":
                    raise WalkError(f"device {name} uses a grant that central released ({grants[grant].reason})")
        self._look_at_use()
        if repeated := world.repeated_records():
            raise WalkError(f"applied twice: {repeated}")
        for machine in world.machines:
            if lost := world.forgotten_records(machine):
                raise WalkError(f"{machine.home.name} counts as acknowledged what central never saw: {sorted(lost)}")

    def _look_at_use(self) -> None:
        if sum(self.world.devices[name].may_use(RESTRICTED).allowed for name in DEVICES) > UNITS:
            raise WalkError("more devices use the restricted licence than there are units")

    # -- people -----------------------------------------------------------------------------------------------------

    def _machine(self) -> Machine:
        return self.dice.choice(self.world.machines)

    def _faults(self) -> dict[str, bool]:
        return {"cut": self.dice.random() < 0.1, "deaf": self.dice.random() < 0.15}

    def _talk(self, act: Callable[[object], object]) -> str:
        name, machine, faults = self.dice.choice(DEVICES), self._machine(), self._faults()
        code = self.world.try_device(name, machine, act, **faults)  # type: ignore[arg-type]  # a device's act
        shown = [fault for fault, on in faults.items() if on]
        if code == "not_registered" and self.wild:
            code += ", registers again: " + self.world.register_again(name, machine)
        return f"{name} at {machine.home.name} {shown or ''} -> {code}"

    def ask(self) -> str:
        """A device asks for the restricted licence."""
        return self._talk(lambda device: device.request_export(RESTRICTED, 1))  # type: ignore[attr-defined]

    def give_back(self) -> str:
        """A device returns it."""
        return self._talk(lambda device: device.return_export(RESTRICTED))  # type: ignore[attr-defined]

    def use(self) -> str:
        """A device uses another count of the ordinary licence, or none."""
        count = self.dice.randrange(3)
        if count == 0:
            return self._talk(lambda device: device.release(ORDINARY))  # type: ignore[attr-defined]
        return f"{count} " + self._talk(lambda device: device.use(ORDINARY, count))  # type: ignore[attr-defined]

    def contact(self) -> str:
        """A device renews its authorization."""
        return self._talk(lambda device: device.renew_authorization())  # type: ignore[attr-defined]

    def later(self) -> str:
        """Time passes."""
        days = self.dice.choice((1, 1, 2, 5))
        self.world.clock.advance(timedelta(days=days))
        return f"{days} days"

    # -- files ------------------------------------------------------------------------------------------------------

    def export(self) -> str:
        """A machine makes a request; sometimes power fails before the file is released."""
        machine, cut, full = self._machine(), self.dice.random() < 0.1, self.dice.random() < 0.1
        try:
            data = self.world.export(machine, full=full, power_cut=cut)
        except (AppError, ExchangeError) as error:
            self._expect(error.code, "export")
            return f"at {machine.home.name} -> {error.code}"
        if data is not None:
            self._put("request", data)
        return f"at {machine.home.name} {'full ' if full else ''}-> {'power cut' if data is None else 'made'}"

    def _put(self, kind: str, data: bytes) -> None:
        self.bag.append(Parcel(kind, data))
        del self.bag[:-24]

    def _take(self, *kinds: str) -> Parcel | None:
        """One of the newest is likeliest; most stay in the bag and may come again."""
        found = [parcel for parcel in self.bag if parcel.kind in kinds]
        if not found:
            return None
        parcel = found[-1] if self.dice.random() < 0.6 else self.dice.choice(found)
        if self.dice.random() < 0.4:
            self.bag.remove(parcel)
        return parcel

    def _expect(self, code: str, where: str) -> None:
        if not (self.wild or self.central_back) and code not in HONEST:
            raise WalkError(f"alarm without a cause: {where} was refused as {code}")

    def carry_to_central(self) -> str:
        """A request arrives."""
        parcel = self._take("request")
        if parcel is None:
            return "nothing to carry"
        try:
            self._put("response", self.world.deliver_request(parcel.data))
        except ExchangeError as error:
            self._expect(error.code, "a request")
            return f"{_name(parcel)} -> {error.code}"
        return f"{_name(parcel)} -> answered"

    def carry_to_site(self) -> str:
        """A response or an authorization arrives, at any machine."""
        parcel, machine = self._take("response", "authorization"), self._machine()
        if parcel is None:
            return "nothing to carry"
        try:
            outcome = self._hand(machine, parcel)
        except ExchangeError as error:
            self._expect(error.code, "a response")
            return f"{_name(parcel)} to {machine.home.name} -> {error.code}"
        return f"{_name(parcel)} to {machine.home.name} -> {outcome}"

    def _hand(self, machine: Machine, parcel: Parcel) -> str:
        if parcel.kind == "authorization":
            return self.world.deliver_authorization(machine, parcel.data)
        return self.world.deliver_response(machine, parcel.data)

    def tamper(self) -> str:
        """A file arrives with one byte changed, or cut short, or longer: it is refused, wherever the fault is."""
        parcel = self._take("request", "response")
        if parcel is None:
            return "nothing to carry"
        data = bytearray(parcel.data)
        at = self.dice.randrange(len(data))
        how = self.dice.choice(("changed", "cut", "longer"))
        if how == "changed":
            data[at] ^= 1 << self.dice.randrange(8)
        elif how == "cut":
            del data[at:]
        else:
            data += parcel.data[:at] or b"x"
        try:
            if parcel.kind == "request":
                self.world.deliver_request(bytes(data))
            else:
                self.world.deliver_response(self._machine(), bytes(data))
        except ExchangeError as error:
            return f"{_name(parcel)} {how} at {at} -> {error.code}"
        raise WalkError(f"a {parcel.kind} that was {how} at {at} was taken")

    def lose(self) -> str:
        """The courier loses a file."""
        if not self.bag:
            return "nothing to lose"
        parcel = self.dice.choice(self.bag)
        self.bag.remove(parcel)
        return _name(parcel)

    # -- disasters --------------------------------------------------------------------------------------------------

    def copy_disk(self) -> str:
        """Someone copies a machine's disk."""
        machine = self._machine()
        self.world.snapshot(machine)
        return machine.home.name

    def restore_older(self) -> str:
        """A machine is restored to a copy, its anchor kept or gone back with it."""
        machine = self._machine()
        if not machine.snapshots:
            return "no copy"
        anchor = self.dice.random() < 0.5
        snapshot = self.dice.choice(machine.snapshots)
        self.world.restore(machine, snapshot, anchor=anchor)
        return f"{machine.home.name} to {snapshot.name} {'with' if anchor else 'without'} its anchor"

    def clone(self) -> str:
        """A machine is cloned."""
        if len(self.world.machines) >= MOST_MACHINES:
            return "enough"
        machine = self._machine()
        self.world.clone(machine)
        return f"{machine.home.name} as {self.world.machines[-1].home.name}"

    def copy_central(self) -> str:
        """Someone backs central up."""
        self.copies = [*self.copies, self.world.copy_central()][-2:]
        return self.copies[-1].name

    def put_central_back(self) -> str:
        """Central is restored to a copy, its anchor kept or gone back with it."""
        if not self.copies:
            return "no copy"
        copy, anchor = self.dice.choice(self.copies), self.dice.random() < 0.5
        self.world.restore_central(copy, anchor=anchor)
        return f"to {copy.name} {'with' if anchor else 'without'} its anchor"

    def resynchronize(self) -> str:
        """A person picks a machine and opens a new epoch for it."""
        machine = self._machine()
        data = self.world.reopen_epoch(self.world.registration(machine))
        self._put("authorization", data)
        if self.dice.random() < 0.7:
            return f"for {machine.home.name} -> {self._hand(machine, self.bag[-1])}"
        return f"for {machine.home.name}, on its way"

    # -- healing ----------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """One good round trip, after at most one resynchronization, makes both sides agree; every right can be had again.

        A central that went back behind resynchronizations, its anchor too, is asked again until it comes out above them.
        """
        machine = self._machine()
        self.steps.append(f"heal with {machine.home.name}")
        self._round_trip(machine, may_resync=True)
        self._agree(machine, "after one good round trip")
        for other in [one for one in self.world.machines if one is not machine]:
            self.world.retire(other)
        self.contacts(machine)
        self._round_trip(machine)
        self.contacts(machine)
        self._agree(machine, "after every device was in contact")
        self._hand_over(machine)

    def contacts(self, machine: Machine) -> None:
        """Every device speaks with the machine; one that the site has forgotten registers again."""
        for name in DEVICES:
            code = self.world.try_device(name, machine, lambda device: device.renew_authorization())
            if code == "not_registered":
                code = self.world.register_again(name, machine)
            if code != "done":
                raise WalkError(f"device {name} is stuck: {code}")
        self.look()

    def _round_trip(self, machine: Machine, *, may_resync: bool = False) -> None:
        self.world.clock.advance(timedelta(minutes=1))
        try:
            self._good_round_trip(machine)
        except (AppError, ExchangeError) as error:
            healing = NEEDS_RESYNC if self.wild else NEEDS_MORE if self.central_back else frozenset()
            if not may_resync or error.code not in healing:
                raise
            self.steps.append(f"resynchronize {machine.home.name} because of {error.code}")
            for _ in range(8 if self.central_back else 1):
                data = self.world.reopen_epoch(self.world.registration(machine))
                if self.world.deliver_authorization(machine, data) == "applied":
                    break
            self._good_round_trip(machine)
        self.look()

    def _good_round_trip(self, machine: Machine) -> None:
        records = self.world.records(machine)
        if self.central_back:
            records -= self.world.acknowledged(machine)  # what central had and lost is in the site's own log alone
        data = self.world.export(machine)
        if data is None:
            raise WalkError("no file was made")
        response = self.world.deliver_request(data)
        outcome = self.world.deliver_response(machine, response)
        self.steps.append(f"good round trip of {machine.home.name} -> {outcome}")
        if lost := self.world.missing(records):
            raise WalkError(f"records of {machine.home.name} never reached central: {sorted(lost)}")

    def _agree(self, machine: Machine, when: str) -> None:
        here, there = self.world.site_state(machine), self.world.central_state()
        if here != there:
            raise WalkError(f"the sides disagree {when}: site {here}, central {there}")
        if findings := self.world.ledger_findings():
            raise WalkError(f"ledger: {findings}")

    def _hand_over(self, machine: Machine) -> None:
        """Anyone who holds the unit gives it back; then the other device can have it."""
        for name in DEVICES:
            self.world.try_device(name, machine, lambda device: device.return_export(RESTRICTED))
        self._round_trip(machine)
        self.contacts(machine)
        self._round_trip(machine)
        self.contacts(machine)
        if self.world.locked():
            raise WalkError("a unit that every device gave back is still locked")
        name = self.dice.choice(DEVICES)
        code = self.world.try_device(name, machine, lambda device: device.request_export(RESTRICTED, 1))
        self._round_trip(machine)
        self.contacts(machine)
        if not self.world.devices[name].may_use(RESTRICTED).allowed:
            state = self.world.devices[name].state.exports.get(RESTRICTED)
            raise WalkError(f"device {name} cannot get the free unit: {code}, {state}")


def _name(parcel: Parcel) -> str:
    return parcel.data[: parcel.data.index(b"\n")].decode("ascii", "replace").split(" ")[3] + " " + parcel.kind
