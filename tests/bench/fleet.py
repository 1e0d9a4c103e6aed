"""A large site without the years: rows as devices leave them, put into the project's own tables in bulk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import Table, insert, select, text, update

import central.domain.schema  # noqa: F401 - every table of central
import satellite.core.schema  # noqa: F401 - every table of a satellite
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.catalogue.models import Entitlement
from central.domain.instances.models import Instance as CentralInstance
from central.runtime import Central
from exchange.canonical import b64encode
from satellite.core.accounts.models import VirtualAccount as SitePool
from satellite.core.base import Counter
from satellite.core.event_log.models import Event
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.licences.models import Claim, PoolTotal
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, upsert
from tests.world import ACCOUNT

PRODUCTS = ("SW-48P-4X", "SW-24T-4G", "RT-4321", "RT-1100-8P", "AP-9120AXI", "FW-2110", "WLC-9800-40")
VERSIONS = ("17.9.4a", "17.12.1", "16.12.10", "17.6.5")
TAGS = ("ADVANTAGE", "ESSENTIALS")
AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Fleet:
    """How large, and whether its events are still to be sent."""

    devices: int
    events: bool = True


def put(unit: Unit, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows in pieces."""
    assert isinstance(table, Table)
    for piece in batches(rows, AT_ONCE):
        unit.session.execute(insert(table), piece)


def fill_site(made: Satellite, fleet: Fleet) -> None:
    """Give a satellite further devices, each with a key and one claim of each licence, and an event of each."""
    with made.database.write(OPERATOR) as unit:
        pool = unit.session.scalars(select(SitePool.id)).first() or ""
        start = _next_number(unit)
        rows = [_device(start + number, unit, pool) for number in range(fleet.devices)]
        put(unit, Instance.__table__, ({**row, "change_no": start + 4 * at} for at, (row, _) in enumerate(rows)))
        put(unit, DeviceKey.__table__, (_key(row["id"], public) for row, public in rows))
        claims = (
            _claim(row, tag, start + 4 * at + place + 1)
            for at, (row, _) in enumerate(rows)
            for place, tag in enumerate(TAGS)
        )
        put(unit, Claim.__table__, claims)
        present = dict(unit.session.execute(select(PoolTotal.tag, PoolTotal.claimed)).all())
        rest = {"virtual_account_id": pool}
        totals = [{**rest, "tag": tag, "claimed": fleet.devices + present.get(tag, 0)} for tag in TAGS]
        upsert(unit.session, PoolTotal, totals)
        if fleet.events:
            put(unit, Event.__table__, (_event(row, start + 4 * at + 3) for at, (row, _) in enumerate(rows)))
        changed = update(Counter).where(Counter.name == "change").values(value=start + 4 * fleet.devices)
        unit.session.execute(changed)


def _next_number(unit: Unit) -> int:
    return int(unit.session.scalars(select(Counter.value).where(Counter.name == "change")).one()) + 1


def _device(number: int, unit: Unit, pool: str) -> tuple[dict[str, Any], bytes]:
    dice = Random(number)
    public = dice.randbytes(32)
    product = PRODUCTS[number % len(PRODUCTS)]
    udi = {"pid": product, "serial": f"F{dice.randrange(16**8):08X}{number % 1000:03d}", "vid": "V02"}
    registered = unit.now - timedelta(seconds=dice.randrange(86_400 * 20))
    row = {
        "id": dice.randbytes(16).hex(),
        "virtual_account_id": pool,
        "udi": udi,
        "udi_key": f"{udi['pid']}|{udi['serial']}|",
        "hostname": f"sw-{number // 48:05d}-{number % 48:02d}.floor{number % 9}.site.example",
        "product_tag": product,
        "software_version": VERSIONS[number % len(VERSIONS)],
        "ip_address": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "notes": None,
        "registered_at": registered.replace(microsecond=0),
        "last_contact": unit.now.replace(microsecond=0) - timedelta(seconds=dice.randrange(86_400)),
        "certificate_expires": registered.replace(microsecond=0) + timedelta(days=365),
        "state": "active",
        "export_allowed": False,
        "key_hash": hashlib.sha256(public).hexdigest(),
        "token_id": f"{number % 20:032x}",
        "standbys": [],
        "marks": [],
        "removed": False,
    }
    return row, public


def _key(instance: str, public: bytes) -> dict[str, Any]:
    return {
        "key_id": hashlib.sha256(public).hexdigest()[:32],
        "instance_id": instance,
        "public": {"suite": 1, "public": b64encode(public)},
        "superseded": False,
        "last_counter": 3,
        "last_digest": None,
        "last_answer": None,
        "issue": 1,
        "member": "",
        "described": None,
        "resumed": 0,
        "restored_at": None,
    }


def _claim(row: dict[str, Any], tag: str, number: int) -> dict[str, Any]:
    return {
        "instance_id": row["id"],
        "tag": tag,
        "virtual_account_id": row["virtual_account_id"],
        "count": 1,
        "since": row["registered_at"],
        "change_no": number,
    }


def _event(row: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": hashlib.sha256(row["id"].encode()).hexdigest()[:32],
        "number": number,
        "at": row["registered_at"],
        "kind": "instance:added",
        "actor": "device",
        "message": f"product instance {row['hostname']} added",
        "subject": {"instance": row["id"], "pid": row["udi"]["pid"], "serial": row["udi"]["serial"]},
        "instance_id": row["id"],
        "virtual_account_id": row["virtual_account_id"],
    }


def change_devices(made: Satellite, count: int) -> None:
    """Let some devices be heard again, as a contact does."""
    with made.database.write(OPERATOR) as unit:
        number = _next_number(unit)
        ids = list(unit.session.scalars(select(Instance.id).order_by(Instance.id).limit(count)))
        for place, instance in enumerate(ids):
            changed = update(Instance).where(Instance.id == instance)
            unit.session.execute(changed.values(last_contact=unit.now, change_no=number + place))
        counter = update(Counter).where(Counter.name == "change").values(value=number + count)
        unit.session.execute(counter)


def fill_ledger(made: Central, lots: int, *, ended: int = 0) -> None:
    """Give the account's pool lots of ten units, terms that end on days of the next years, `ended` of them just over."""
    with made.database.write(OPERATOR) as unit:
        account, pool = _pool(unit)
        tags = list(unit.session.scalars(select(Entitlement.tag).order_by(Entitlement.tag)))
        day = unit.now.replace(hour=0, minute=0, second=0, microsecond=0)
        values = {"account": account, "pool": pool, "lots": lots, "ended": ended, "now": f"{unit.now:%F %T}.000000"}
        values |= {"day": f"{day:%F %T}", "first": tags[0], "second": tags[1]}
        connection = unit.session.connection()
        connection.execute(text(LOTS), values)
        connection.execute(text(HOLDINGS), values)


NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :lots) "
LOTS = f"""INSERT INTO lots (account_id, id, tag, licence_type, billing, quantity, start, "end", source, order_number,
order_line, details, created_at) {NUMBERS}
SELECT :account, printf('%032x', n), iif(n % 2, :first, :second), 'term', 'prepaid', 10,
datetime(:day, '-300 days') || '.000000', datetime(:day, iif(n < :ended, -1, 100 + n % 1800) || ' days') || '.000000',
'order', 'L-' || (n / 10), n % 10, '{{}}', :now FROM numbers"""  # noqa: S608 - constants
HOLDINGS = f"""INSERT INTO holdings (account_id, lot_id, bucket, virtual_account_id, holder, tag, quantity) {NUMBERS}
SELECT :account, printf('%032x', n), 'free', :pool, '', iif(n % 2, :first, :second), 10 FROM numbers"""  # noqa: S608 - constants


def fill_account(made: Central, devices: int, *, silent: int) -> None:
    """Give the account directly connected devices, `silent` of them for forty days."""
    with made.database.write(OPERATOR) as unit:
        account, pool = _pool(unit)
        rows = (_direct(number, unit, account, pool, silent) for number in range(devices))
        put(unit, CentralInstance.__table__, rows)


def _direct(number: int, unit: Unit, account: str, pool: str, silent: int) -> dict[str, Any]:
    row, public = _device(number, unit, pool)
    del row["removed"]
    if number < silent:
        row["last_contact"] = unit.now - timedelta(days=40)
    more = {"account_id": account, "satellite_id": None, "public_key": {"suite": 1, "public": b64encode(public)}}
    return {**row, **more}


def _pool(unit: Unit) -> tuple[str, str]:
    account = unit.session.scalars(select(SmartAccount.id).where(SmartAccount.domain == ACCOUNT)).one()
    query = select(VirtualAccount.id).where(VirtualAccount.account_id == account, VirtualAccount.name == "Spare")
    return account, unit.session.scalars(query).one()
