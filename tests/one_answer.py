"""What each surface of a server says of its alerts, read side by side: lists, bar, counts, monitoring, and who may see what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import select

import central.actions.alerts as of_central
import satellite.actions.alerts as of_satellite
from central.actions.instance_details import show_instance_details
from central.actions.instance_list import list_instance_window
from central.actions.metrics import measure as measure_central
from central.domain.access.rules import HeldRole, Role
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import by_domain
from central.domain.alerts.models import Alert
from central.domain.alerts.rules import CATALOGUE as KINDS_OF_CENTRAL
from central.domain.base import VENDOR
from central.runtime import open_central
from satellite.actions.counts import count_alerts, count_newest_alerts
from satellite.actions.metrics import measure as measure_satellite
from satellite.core.accounts.queries import present_names
from satellite.core.alerts.rules import CATALOGUE as KINDS_OF_SATELLITE
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.alerts.engine import AlertKind, AlertState
from serverkit.alerts.errors import UnknownAlertError
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.metrics.families import Family
from tests.world import World

Item = Mapping[str, Any]


def say_the_same(world: World, side: str, account: str, shown: Sequence[Item]) -> None:
    """Every surface of a server tells the open alerts that its command listed, and nobody else's."""
    if side == "central":
        server = open_central(world.folder / "central")
        with server.database.read(OPERATOR) as unit:
            _in_central(unit, account, shown)
            _measured(unit, measure_central(server, unit, ()))
            _to_roles(unit, account, shown)
    else:
        site = open_satellite(world.folder / side)
        with site.database.read(OPERATOR) as unit:
            _in_satellite(unit, shown)
            assert _figures(measure_satellite(site, unit, ())) == count_alerts(unit)
        server = site  # type: ignore[assignment]
    server.database.dispose()


def _ids(items: Iterable[Item]) -> list[str]:
    return [item["id"] for item in items]


def _by_severity(items: Iterable[Item]) -> Counter[str]:
    return Counter(str(item["severity"]) for item in items)


def _declared(shown: Sequence[Item], catalogue: Mapping[str, AlertKind]) -> None:
    """Nothing is offered that the catalogue does not know, and each names its cause in words."""
    for one in shown:
        kind = catalogue[one["kind"]]
        assert {*one["actions"]} <= {*kind.actions}, one
        assert "{" not in one["message"], one
        assert "None" not in one["message"], one
        assert one["source"], one


def _in_central(unit: Unit, account: str, shown: Sequence[Item]) -> None:
    _declared(shown, KINDS_OF_CENTRAL)
    window = of_central.list_alert_window(unit, account, Part(most=None))
    around = of_central.list_alerts_around(unit, account, most=200)
    listed = of_central.list_alerts(unit, account).items
    assert _ids(window.items) == _ids(around.items) == _ids(listed) == _ids(shown)
    for one, other in zip(listed, shown, strict=True):
        assert {**one, "message": str(one["message"])} == other
    counts = _by_severity(shown)
    assert Counter(of_central.count_alerts(unit, account)) == around.here == around.account == counts
    about_sites = [one for one in shown if one["kind"].startswith("satellite_")]
    assert around.satellites == _by_severity(about_sites)
    assert _ids(of_central.list_satellite_alerts(unit, account)) == _ids(about_sites)
    account_id = by_domain(unit, account).id
    pools = list(unit.session.scalars(select(VirtualAccount).where(VirtualAccount.account_id == account_id)))
    picked = of_central.list_alerts_around(unit, account, most=200, picked=[pool.id for pool in pools]).places
    for pool in pools:
        here = of_central.list_alerts(unit, account, pool.name).items
        chosen = of_central.list_alert_window(unit, account, Part(most=None, filters={"virtual_account": pool.id}))
        inside = of_central.list_alerts_around(unit, account, pool.id, most=200)
        assert _ids(chosen.items) == _ids(here) == _ids(inside.items), pool.name
        assert Counter(picked[pool.id]) == inside.here == _by_severity(here), pool.name
        _at_devices(unit, account, pool, shown)


def _at_devices(unit: Unit, account: str, pool: VirtualAccount, seen: Sequence[Item]) -> None:
    """The list of devices counts the alerts about each of them that are seen, and no others."""
    for row in list_instance_window(unit, account, str(pool.number), Part(most=None)).items:
        named = [one for one in seen if row["id"] in _devices_of(one)]
        assert Counter(row["alerts"]) == _by_severity(named), (row["name"], named)
        details = show_instance_details(unit, account, row["id"])["alerts"]
        assert sorted(_ids(details)) == sorted(_ids(named))
        assert {str(one["message"]) for one in details} == {str(one["message"]) for one in named}


def _devices_of(alert: Item) -> set[str]:
    subject = alert["subject"]
    return {str(one) for one in (subject.get("instance"), *subject.get("instances", ())) if one}


def _measured(unit: Unit, families: Iterable[Family]) -> None:
    counted = Counter(unit.session.scalars(select(Alert.severity).where(Alert.state == AlertState.OPEN)))
    assert Counter(_figures(families)) == counted


def _figures(families: Iterable[Family]) -> dict[str, int]:
    family = next(one for one in families if one.name.endswith("alerts"))
    return {labels[0]: int(value) for labels, value in family.values.items()}


def _to_roles(unit: Unit, account: str, shown: Sequence[Item]) -> None:
    """An account's administrator sees all but the vendor's; the user of a virtual account those that concern it, by list and by id."""
    account_id = by_domain(unit, account).id
    vendors = set(unit.session.scalars(select(Alert.id).where(Alert.account_id == VENDOR)))
    pools = list(unit.session.scalars(select(VirtualAccount).where(VirtualAccount.account_id == account_id)))
    of_pools = {pool.id: _ids(of_central.list_alerts(unit, account, pool.name).items) for pool in pools}
    wanted = [
        (HeldRole(Role.ACCOUNT_ADMINISTRATOR, account_id, ""), [one for one in _ids(shown) if one not in vendors])
    ]
    wanted += [(HeldRole(Role.VIRTUAL_ACCOUNT_USER, account_id, of), ids) for of, ids in of_pools.items()]
    known: dict[str, Any] = unit.session.info.setdefault("held_roles", {})
    try:
        for number, (held, ids) in enumerate(wanted):
            unit.actor = Actor(ActorKind.USER, f"{number:032x}", "someone")
            known[unit.actor.id] = (held,)
            seen = of_central.list_alerts(unit, account).items
            assert _ids(seen) == ids, held
            assert _ids(of_central.list_alert_window(unit, account, Part(most=None)).items) == ids, held
            assert Counter(of_central.count_alerts(unit, account)) == _by_severity(seen), held
            for one in shown:
                if one["id"] in ids:
                    assert of_central.find_alert(unit, account, one["id"])["severity"] == one["severity"]
                else:
                    with pytest.raises(UnknownAlertError):
                        of_central.find_alert(unit, account, one["id"])
            for pool in pools:
                if pool.id == held.virtual_account_id:
                    _at_devices(unit, account, pool, seen)
            if held.virtual_account_id:
                _tells_nothing_of_others(seen, held.virtual_account_id, pools)
    finally:
        unit.actor = OPERATOR


def _tells_nothing_of_others(seen: Sequence[Item], mine: str, pools: Sequence[VirtualAccount]) -> None:
    for one in seen:
        others = [pool for pool in pools if pool.id != mine]
        assert not [pool.id for pool in others if pool.id in str(one["subject"])], one


def _in_satellite(unit: Unit, shown: Sequence[Item]) -> None:
    _declared(shown, KINDS_OF_SATELLITE)
    window = of_satellite.list_alert_window(unit, Part(most=None))
    listed = of_satellite.list_alerts(unit)
    assert _ids(window.items) == _ids(listed) == _ids(shown)
    for one, other in zip(listed, shown, strict=True):
        assert {**one, "message": str(one["message"])} == other
    counts = _by_severity(shown)
    assert Counter(count_alerts(unit)) == counts
    assert {*count_newest_alerts(unit)} == {*counts}
    for of, name in present_names(unit).items():
        here = of_satellite.list_alerts(unit, name)
        chosen = of_satellite.list_alert_window(unit, Part(most=None, filters={"virtual_account": of}))
        assert _ids(chosen.items) == _ids(here), name
