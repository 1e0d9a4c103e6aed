"""The pages of central's portal that are measured, with the addresses of what a large account has."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from central.domain.accounts.models import VirtualAccount
from central.domain.alerts.models import Alert
from central.domain.instances.models import Instance
from central.domain.ledger.models import Lot
from central.domain.satellites.models import Satellite
from central.runtime import Central
from serverkit.actor import SYSTEM
from tests.world import ACCOUNT

A = f"/a/{ACCOUNT}"
LARGE, SMALL = "Branch 0000", "Branch 0003"


def pages(server: Central) -> Mapping[str, str]:
    """Names and addresses: of all virtual accounts, of a large one and of one of many, with searches and filters."""
    with server.database.read(SYSTEM) as unit:
        numbers = dict(unit.session.execute(select(VirtualAccount.name, VirtualAccount.number)).all())
        large, small = (f"{A}/va/{numbers[name]}" for name in (LARGE, SMALL))
        query = select(Instance.id).join(VirtualAccount, VirtualAccount.id == Instance.virtual_account_id)
        device = unit.session.scalars(query.where(VirtualAccount.name == SMALL)).first()
        tag = unit.session.scalars(select(Lot.tag).where(Lot.tag.like("LICENCE-%")).limit(1)).one()
        pak = unit.session.scalars(select(Lot.pak).where(Lot.pak.is_not(None)).limit(1)).one()
        site = unit.session.scalars(select(Satellite.id).order_by(Satellite.name)).first()
        alert = unit.session.scalars(select(Alert.id).limit(1)).first()
    found = {"dashboard": "/", "accounts": "/a", "account": f"{A}/properties", "virtual accounts": f"{A}/va"}
    found |= {"inventory": f"{A}/inventory", "alerts": f"{A}/alerts", "alerts, major": f"{A}/alerts?severity=major"}
    found |= {"alerts, a text": f"{A}/alerts?q=Licence+003"}
    for name, root in (("all", f"{A}/va/all"), ("large", large), ("small", small)):
        found |= {
            f"licences, {name}": f"{root}/licences",
            f"licences by name, {name}": f"{root}/licences?sort=name",
            f"licences, a text, {name}": f"{root}/licences?q=premier",
            f"licences, short, {name}": f"{root}/licences?state=short",
            f"licence, {name}": f"{root}/licences/{tag}",
            f"licence, its devices, {name}": f"{root}/licences/{tag}/instances",
            f"licence, its events, {name}": f"{root}/licences/{tag}/events",
            f"licence, its orders, {name}": f"{root}/licences/{tag}/orders",
            f"licence, why, {name}": f"{root}/licences/{tag}/why",
            f"devices, {name}": f"{root}/instances",
            f"devices, by last contact, {name}": f"{root}/instances?sort=-last_contact",
            f"devices, a text, {name}": f"{root}/instances?q=floor7",
            f"devices, a serial, {name}": f"{root}/instances?q=F00",
            f"devices, out of compliance, {name}": f"{root}/instances?state=out_of_compliance",
            f"devices of a licence, {name}": f"{root}/instances?tag={tag}",
        }
    for name, root in (("large", large), ("small", small)):
        found |= {
            f"general, {name}": f"{root}/general",
            f"usage, {name}": f"{root}/usage",
            f"reservations, {name}": f"{root}/reservations",
            f"lots, {name}": f"{root}/lots",
            f"lots by end, {name}": f"{root}/lots?sort=end",
            f"lots by quantity, {name}": f"{root}/lots?sort=-quantity",
            f"lots, a source, {name}": f"{root}/lots?source=pak_migration",
            f"lots, an order, {name}": f"{root}/lots?order=L-17",
            f"lots, a PO number, {name}": f"{root}/lots?po=PO-3",
            f"lots, a PAK, {name}": f"{root}/lots?pak={pak}",
            f"lots, a licence, {name}": f"{root}/lots?licence=premier",
            f"lots, a customer, {name}": f"{root}/lots?customer=customer+77",
            f"lots, a customer of none, {name}": f"{root}/lots?customer=nobody",
            f"lots, a country, {name}": f"{root}/lots?country=no",
            f"lots, a family, {name}": f"{root}/lots?family=family+3",
            f"lots, a SKU, {name}": f"{root}/lots?sku=sku-17",
            f"lots, end by, {name}": f"{root}/lots?expires_by=2027-01-31",
            f"lots, a tag, {name}": f"{root}/lots?tags=tag+3",
            f"licence tags, {name}": f"{root}/licence-tags",
            f"transfer, {name}": f"{root}/licence-transfer?licence={tag}",
            f"transfers, {name}": f"{root}/licence-transfers",
            f"upgrade, {name}": f"{root}/licence-upgrade",
            f"assignment, {name}": f"{root}/licence-assign",
            f"events, {name}": f"{root}/events",
            f"people, {name}": f"{root}/users",
            f"reserve, {name}": f"{root}/reservations/new",
            f"reserve, licences, {name}": f"{root}/reservations/new/licences",
        }
    found |= {
        "device": f"{small}/instances/{device}",
        "device, its events": f"{small}/instances/{device}/events",
        "device, add licences": f"{small}/instances/{device}/add-licences",
        "device, transfer": f"{small}/instances/{device}/transfer",
        "events": f"{A}/events",
        "events, a kind": f"{A}/events?kind=licence:transferred",
        "events, a text": f"{A}/events?q=sw-000017",
        "transactions": f"{A}/transactions",
        "transactions, a text": f"{A}/transactions?q=L-17",
        "reports": f"{A}/reports",
        "report of licences": f"{A}/reports/licences",
        "report of subscriptions": f"{A}/reports/subscriptions",
        "report of devices": f"{A}/reports/instances",
        "saved reports": f"{A}/reports/saved",
        "satellites": f"{A}/satellites",
        "satellite": f"{A}/satellites/{site}",
        "satellite, history": f"{A}/satellites/{site}/history",
        "people": f"{A}/users",
        "flags": f"{A}/preferences/flags",
        "tags of virtual accounts": f"{A}/va-tags",
        "search": "/search?q=branch",
        "catalogue": "/catalogue",
        "catalogue, a licence": f"/catalogue/licences/{tag}",
        "orders": "/orders",
        "orders, a number": "/orders?q=L-17",
        "users": "/users",
        "tasks": "/tasks",
        "jobs": "/jobs",
        "health": "/health",
        "vendor's events": "/events",
        "convert, PAKs": f"{A}/convert/paks",
        "convert, devices": f"{A}/convert/devices",
        "policies": "/policies",
        "mail": "/mail",
        "backups": "/backups",
        "keys": "/keys",
    }
    if alert:
        found["alert, dismiss"] = f"{A}/alerts/{alert}/dismiss"
    return found
