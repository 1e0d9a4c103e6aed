"""A large account without the years: virtual accounts, lots with their postings, devices with their claims, in bulk."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter as Sums
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.base import next_numbers
from central.domain.catalogue.models import Entitlement
from central.domain.event_log.models import Event
from central.domain.instances.models import Instance
from central.domain.ledger.models import Claim, PoolTotal
from central.domain.ledger.outdating import outdate
from central.domain.ledger.postings import POSTING_NUMBERS
from central.domain.licence_tags.models import LicenceTag, TaggedLicence, TaggedLot
from central.domain.satellites.models import Satellite
from central.runtime import Central
from serverkit.actor import OPERATOR
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, insert_rows, upsert
from serverkit.names import kept_key
from tests.bench.fleet import _device
from tests.world import ACCOUNT

AT_ONCE = 5000
USED = 2
LARGE = 10
"""Every tenth lot is in the first virtual account: it is much larger than the others."""


@dataclass(frozen=True, slots=True)
class Estate:
    """How large an account is."""

    lots: int = 1_000_000
    pools: int = 500
    devices: int = 100_000
    licences: int = 40
    satellites: int = 20
    events: int = 300_000


def fill_estate(made: Central, estate: Estate) -> None:
    """Make an account of this size of the one that a world has, in one unit of work for each kind of row."""
    with made.database.write(OPERATOR) as unit:
        account = unit.session.scalars(select(SmartAccount.id).where(SmartAccount.domain == ACCOUNT)).one()
        tags = _catalogue(unit, estate.licences)
        sites = _satellites(unit, account, estate.satellites)
        pools = _pools(unit, account, estate.pools, sites)
    with made.database.write(OPERATOR) as unit:
        _lots(unit, account, pools, tags, estate.lots)
        outdate(unit, account, itertools.product(pools, tags))
    with made.database.write(OPERATOR) as unit:
        _devices(unit, account, pools, tags, estate.devices, sites)
    with made.database.write(OPERATOR) as unit:
        _events(unit, account, pools, estate.events)
        _tags(unit, account, pools[0], tags, min(5000, estate.lots // LARGE))


def _put(unit: Unit, model: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    for piece in batches(rows, AT_ONCE):
        insert_rows(unit.session, model, piece)


def _id(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()[:32]


def _catalogue(unit: Unit, count: int) -> list[str]:
    tags = [f"LICENCE-{number:03d}" for number in range(count)]
    rows = (
        {
            "tag": tag,
            "name": f"Licence {number:03d} {('Advantage', 'Essentials', 'Premier')[number % 3]}",
            "description": "",
            "restricted": False,
            "family": f"Family {number % 7}",
            "products": [],
            "change_no": next_numbers(unit, "", "change", 1),
        }
        for number, tag in enumerate(tags)
    )
    _put(unit, Entitlement, rows)
    return tags


def _satellites(unit: Unit, account: str, count: int) -> list[str]:
    known = unit.session.scalars(select(Satellite).where(Satellite.account_id == account)).one()
    values = {column.name: getattr(known, column.name) for column in Satellite.__table__.columns}
    ids = [_id("satellite", number) for number in range(count)]
    names = [f"Site {number:03d}" for number in range(count)]
    rows = ({**values, "id": of, "name": name, "name_key": kept_key(name)} for of, name in zip(ids, names, strict=True))
    _put(unit, Satellite, rows)
    return ids


def _pools(unit: Unit, account: str, count: int, sites: list[str]) -> list[str]:
    """A fifth of them is managed by satellites."""
    numbers = 5_000_000
    rows = [
        {
            "account_id": account,
            "id": _id("pool", number),
            "number": numbers + number,
            "name": f"Branch {number:04d}",
            "name_key": f"branch {number:04d}",
            "description": f"Branch office {number}",
            "is_default": False,
            "satellite_id": sites[number // 5 % len(sites)] if sites and number % 5 == 1 else None,
            "change_no": 1,
            "created_at": unit.now,
            "recovering": False,
        }
        for number in range(count)
    ]
    _put(unit, VirtualAccount, rows)
    return [row["id"] for row in rows]


def _place(number: int, count: int) -> int:
    return 0 if number % LARGE == 0 else (number // LARGE * 7 + number) % count


def _lots(unit: Unit, account: str, pools: list[str], tags: list[str], count: int) -> None:
    """Each with its posting, holding and line of the transactions; a tenth of them in the first virtual account.

    The database makes them from a number. The postings have no hashes: that would take as long as all else.
    """
    first = next_numbers(unit, account, POSTING_NUMBERS, count)
    transaction = next_numbers(unit, account, "transaction", count)
    connection = unit.session.connection()
    day = unit.now.replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"account": account, "lots": count, "first": first, "transaction": transaction, "tags": len(tags)}
    values |= {"pools": len(pools), "now": _stored(unit, unit.now), "day": _stored(unit, day)}
    for table, names in (("bench_pools", pools), ("bench_tags", tags)):
        connection.execute(text(f"CREATE TEMPORARY TABLE {table} (n INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(
            text(f"INSERT INTO {table} VALUES (:n, :name)"),  # noqa: S608 - a constant
            [{"n": at, "name": name} for at, name in enumerate(names)],
        )
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA cache_size = -2000000"))  # no page is written twice
    words = _WORDS[connection.dialect.name]
    for statement in (LOTS, HOLDINGS, POSTINGS, LINES):
        connection.execute(text(statement.format(**words)), values)


def _stored(unit: Unit, at: datetime) -> Any:
    return f"{at:%F %T}.000000" if unit.session.get_bind().dialect.name == "sqlite" else at


_WORDS = {
    "sqlite": {
        "id": "printf('%032x', numbers.n)",
        "start": "iif(numbers.n % 3, datetime(:day, -(numbers.n * 13 % 700) || ' days') || '.000000', NULL)",
        "end": "iif(numbers.n % 3, datetime(:day, iif(numbers.n % 2, 1095, 365) - (numbers.n * 13 % 700) || ' days') || '.000000', NULL)",
        "created": "datetime(:day, -(numbers.n * 13 % 700) || ' days') || '.000000'",
    },
    "postgresql": {
        "id": "lpad(to_hex(numbers.n), 32, '0')",
        "start": "CASE WHEN numbers.n % 3 > 0 THEN CAST(:day AS timestamptz) - (numbers.n * 13 % 700) * interval '1 day' END",
        "end": "CASE WHEN numbers.n % 3 > 0 THEN CAST(:day AS timestamptz) + "
        "(CASE WHEN numbers.n % 2 > 0 THEN 1095 ELSE 365 END - numbers.n * 13 % 700) * interval '1 day' END",
        "created": "CAST(:day AS timestamptz) - (numbers.n * 13 % 700) * interval '1 day'",
    },
}
NUMBERS = (
    "WITH RECURSIVE numbers(n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :lots) "
)
LOTS = f"""INSERT INTO lots (account_id, id, tag, licence_type, billing, quantity, start, "end", source, order_number,
order_line, sku, subscription_id, details, created_at, web_order, po_number, pak, end_customer, country, families, skus)
{NUMBERS} SELECT :account, {{id}}, bench_tags.name, CASE WHEN numbers.n % 3 > 0 THEN 'term' ELSE 'perpetual' END, 'prepaid', 10,
{{start}}, {{end}}, CASE WHEN numbers.n % 10 = 9 THEN 'pak_migration' ELSE 'order' END,
'L-' || (numbers.n / 10), CAST(numbers.n % 10 + 1 AS TEXT), 'SKU-' || (numbers.n % 211), CASE WHEN numbers.n % 5 = 0 THEN 'SUB-' || (numbers.n / 10) END,
CASE WHEN numbers.n % 10 = 9 THEN '{{{{"licence_family":"Family ' || (numbers.n % 7) || '","pak":"PAK' || numbers.n || '"}}}}'
ELSE '{{{{"customer":"Customer ' || (numbers.n % 997) || '","po_number":"PO-' || (numbers.n / 100) || '","ship_to_country":"NO"}}}}' END,
{{created}}, NULL, CASE WHEN numbers.n % 10 < 9 THEN 'PO-' || (numbers.n / 100) END, CASE WHEN numbers.n % 10 = 9 THEN 'PAK' || numbers.n END,
CASE WHEN numbers.n % 10 < 9 THEN 'customer ' || (numbers.n % 997) END, CASE WHEN numbers.n % 10 < 9 THEN 'no' END,
CASE WHEN numbers.n % 10 = 9 THEN 'family ' || (numbers.n % 7) END, 'sku-' || (numbers.n % 211)
FROM numbers JOIN bench_tags ON bench_tags.n = (numbers.n * 7919 / 8) % :tags"""  # noqa: S608 - constants
PLACE = "JOIN bench_pools ON bench_pools.n = CASE WHEN numbers.n % 10 = 0 THEN 0 ELSE (numbers.n / 10 * 7 + numbers.n) % :pools END"
ENDED = "CASE WHEN {end} <= :now THEN 'expired' ELSE 'free' END"
HOLDINGS = f"""INSERT INTO holdings (account_id, lot_id, bucket, virtual_account_id, holder, tag, quantity) {NUMBERS}
SELECT :account, {{id}}, {ENDED}, bench_pools.name, '', bench_tags.name, 10 FROM numbers {PLACE}
JOIN bench_tags ON bench_tags.n = (numbers.n * 7919 / 8) % :tags"""  # noqa: S608 - constants
POSTINGS = f"""INSERT INTO postings (account_id, number, lot_id, at, actor, reason, quantity, from_bucket,
from_virtual_account, from_holder, to_bucket, to_virtual_account, to_holder, note, hash) {NUMBERS}
SELECT :account, :first + numbers.n, {{id}}, :now, 'vendor', 'order', 10, 'outside', '', '', {ENDED}, bench_pools.name, '', '', ''
FROM numbers {PLACE}"""  # noqa: S608 - constants
LINES = f"""INSERT INTO licence_transactions (account_id, number, id, lot_id, at, type, order_number, order_line, sku, tag,
expiry, count, virtual_account_id, source, action, actor, notes) {NUMBERS}
SELECT :account, :transaction + numbers.n, {{id}}, lots.id, lots.created_at, lots.licence_type, lots.order_number,
lots.order_line, lots.sku, lots.tag, lots."end", lots.quantity, bench_pools.name, 'Order', 'Licences added', 'vendor', ''
FROM numbers {PLACE} JOIN lots ON lots.account_id = :account AND lots.id = {{id}}"""  # noqa: S608 - constants


def _devices(unit: Unit, account: str, pools: list[str], tags: list[str], count: int, sites: list[str]) -> None:
    """A tenth of them is in the first virtual account, as many are silent; each uses two licences."""
    managers = dict(
        unit.session.execute(
            select(VirtualAccount.id, VirtualAccount.satellite_id).where(VirtualAccount.account_id == account)
        ).all()
    )
    claimed: Sums[tuple[str, str]] = Sums()

    def rows() -> Iterator[tuple[dict[str, Any], list[str]]]:
        for number in range(count):
            pool = pools[_place(number, len(pools))]
            row, _ = _device(number, unit, pool)
            del row["removed"]
            if number % 50 == 0:
                row["last_contact"] = unit.now - timedelta(days=40)
            more = {"account_id": account, "satellite_id": managers[pool], "public_key": None, "standby_keys": None}
            uses = [tags[(number + place * 11) % len(tags)] for place in range(USED)]
            yield {**row, **more, "detached_until": None, "detached_term": None}, uses

    for piece in batches(rows(), AT_ONCE):
        insert_rows(unit.session, Instance, [row for row, _ in piece])
        claims = [
            {
                "account_id": account,
                "instance_id": row["id"],
                "tag": tag,
                "virtual_account_id": row["virtual_account_id"],
                "count": 1,
                "since": row["registered_at"],
            }
            for row, uses in piece
            for tag in uses
        ]
        insert_rows(unit.session, Claim, claims)
        claimed.update((one["virtual_account_id"], one["tag"]) for one in claims)
    totals = (
        {
            "account_id": account,
            "virtual_account_id": va,
            "tag": tag,
            "claimed": claimed[va, tag],
            "due_at": None,
            "managed": False,
        }
        for va, tag in sorted(claimed)
    )
    for piece in batches(totals, AT_ONCE):
        upsert(unit.session, PoolTotal, piece)


def _events(unit: Unit, account: str, pools: list[str], count: int) -> None:
    first = next_numbers(unit, account, "event", count)
    rows = (
        {
            "account_id": account,
            "number": first + number,
            "id": _id("event", number),
            "at": unit.now - timedelta(seconds=60 * (count - number)),
            "kind": ("instance:added", "licence:transferred", "instance:removed")[number % 3],
            "actor": "device",
            "message": f"product instance sw-{number:06d} added",
            "subject": {"instance": _id("device", number)},
            "virtual_account_id": pools[number % len(pools)],
            "instance_id": None,
            "satellite_id": None,
        }
        for number in range(count)
    )
    _put(unit, Event, rows)


def _tags(unit: Unit, account: str, pool: str, tags: list[str], lots_tagged: int) -> None:
    names = [f"tag {number}" for number in range(20)]
    rows = [
        {
            "account_id": account,
            "id": _id("tag", number),
            "virtual_account_id": pool,
            "key": kept_key(name),
            "name": name,
        }
        for number, name in enumerate(names)
    ]
    _put(unit, LicenceTag, rows)
    licences = ({"account_id": account, "tag_id": _id("tag", at % 20), "licence": tag} for at, tag in enumerate(tags))
    unit.session.execute(TaggedLicence.__table__.insert(), [{**one, "tag": one.pop("licence")} for one in licences])
    lots = (
        {"account_id": account, "tag_id": _id("tag", at % 20), "lot_id": f"{at * LARGE:032x}"}
        for at in range(lots_tagged)
    )
    _put(unit, TaggedLot, lots)
