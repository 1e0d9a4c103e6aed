"""What many devices of one group of messages are told alike, made once; and the alerts that they touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.agreements.services import is_pending
from central.domain.alerts.services import refresh_touched
from central.domain.catalogue.models import Entitlement
from central.domain.catalogue.queries import entitlements
from central.domain.ledger.allotting import allotment_lines
from central.domain.ledger.queries import PoolFigures, pools
from central.domain.policies.queries import policy_number
from central.keyring import KeyRing
from exchange.canonical import JsonObject
from exchange.device.timers import AUTHORIZATION
from exchange.statements import Allotment, seal_allotment
from serverkit.db.unit import Unit
from serverkit.ids import new_id


@dataclass(slots=True)
class Touched:
    """What a group changed of one account."""

    account: SmartAccount
    instances: set[str] = field(default_factory=set)
    pools: set[tuple[str, str]] = field(default_factory=set)


class DevicePools:
    """What many devices of one group of messages are told alike: figures and signed lines, made once until use changes."""

    def __init__(self, unit: Unit, keyring: KeyRing) -> None:
        """`unit` is the group's."""
        self._unit, self._keyring = unit, keyring
        self._figures: dict[tuple[str, tuple[str, ...]], dict[tuple[str, str], PoolFigures]] = {}
        self._lines: dict[tuple[str, tuple[str, ...]], tuple[JsonObject, ...]] = {}
        self._catalogue: dict[str, Entitlement | None] = {}
        self._places: dict[tuple[str, str], tuple[SmartAccount, VirtualAccount]] = {}
        self._touched: dict[str, Touched] = {}
        self._owing: dict[str, bool] = {}

    def catalogue(self, tags: Iterable[str]) -> dict[str, Entitlement]:
        """What the catalogue says of some tags, without those that it does not have."""
        wanted = [*tags]
        missing = [tag for tag in wanted if tag not in self._catalogue]
        if missing:
            self._catalogue.update(dict.fromkeys(missing))
            self._catalogue.update((row.tag, row) for row in entitlements(self._unit, missing))
        return {tag: row for tag in wanted if (row := self._catalogue[tag]) is not None}

    def ordinary(self, wanted: Iterable[tuple[str, int]]) -> dict[str, int]:
        """What of a list is claimed from pools: known here and not restricted."""
        wanted = [*wanted]
        catalogue = self.catalogue(tag for tag, _ in wanted)
        return {tag: count for tag, count in wanted if tag in catalogue and not catalogue[tag].restricted}

    def place(self, account_id: str, virtual_account_id: str) -> tuple[SmartAccount, VirtualAccount]:
        """An account and one of its virtual accounts."""
        of = account_id, virtual_account_id
        if of not in self._places:
            session = self._unit.session
            self._places[of] = session.get_one(SmartAccount, account_id), session.get_one(VirtualAccount, of)
        return self._places[of]

    def owes_agreement(self, account: SmartAccount) -> bool:
        """Whether an account has yet to accept the agreement in force."""
        if account.id not in self._owing:
            self._owing[account.id] = is_pending(self._unit, account)
        return self._owing[account.id]

    def forget(self) -> None:
        """What is in use, or held, may have changed."""
        self._figures.clear()
        self._lines.clear()

    def forget_use(self) -> None:
        """What is in use may have changed; what is held has not."""
        self._figures.clear()

    def figures(self, virtual_account: VirtualAccount, tags: Iterable[str]) -> dict[tuple[str, str], PoolFigures]:
        """Pools of a virtual account."""
        of = virtual_account.id, tuple(sorted(tags))
        if of not in self._figures:
            self._figures[of] = (
                pools(self._unit, virtual_account.account_id, [virtual_account.id], list(of[1])) if of[1] else {}
            )
        return self._figures[of]

    def lines(
        self, account: SmartAccount, virtual_account: VirtualAccount, tags: Iterable[str]
    ) -> tuple[JsonObject, ...]:
        """Signed lines of a virtual account."""
        of = virtual_account.id, tuple(sorted(tags))
        if of not in self._lines:
            self._lines[of] = tuple(signed_lines(self._unit, self._keyring, account, virtual_account, of[1]))
        return self._lines[of]

    def touch(self, account: SmartAccount, instances: Iterable[str], pools: Iterable[tuple[str, str]]) -> None:
        """The alerts of these instances and pools may have changed; they are refreshed once for the whole group."""
        touched = self._touched.setdefault(account.id, Touched(account))
        touched.instances.update(instances)
        touched.pools.update(pools)

    def refresh(self) -> None:
        """Refresh the alerts that were touched."""
        for touched in self._touched.values():
            refresh_touched(self._unit, touched.account, instances=touched.instances, pools=touched.pools)
        self._touched.clear()


def signed_lines(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    virtual_account: VirtualAccount,
    tags: tuple[str, ...],
    term: datetime | None = None,
) -> list[JsonObject]:
    """The lines of some licences of a virtual account, signed for a device; `term` is the end of a detached term."""
    until = unit.now + timedelta(days=policy_number(unit, "sync_removal_days"))
    return [
        seal_allotment(
            Allotment(
                vendor_id=keyring.vendor_id,
                satellite=None,
                account=account.domain,
                virtual_account_id=virtual_account.id,
                virtual_account_name=virtual_account.name,
                tag=line.tag,
                licence_type=line.licence_type,
                start=line.start,
                end=line.end,
                quantity=line.quantity,
                billing=line.billing,
                restricted=line.restricted,
                serial=new_id(),
                issued=unit.now,
                valid_until=max(until, unit.now + AUTHORIZATION, term or until),
            ),
            keyring.response_key,
        )
        for line in allotment_lines(unit, account.id, [virtual_account.id], list(tags))
    ]
