"""Central's tables in memory with one account, as cheap as a test of one action needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from central.actions.accounts import accept_agreement, create_account
from central.actions.catalogue import import_catalogue
from central.actions.virtual_accounts import create_virtual_account
from central.domain.schema import metadata
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.db.unit import Unit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DOMAIN, POOL = "customer.example", "Site"
NOBODY = Actor(ActorKind.USER, "9" * 32, "nobody", None)
"""A person who signed in and holds no role."""


@contextmanager
def unit_of(actor: Actor = OPERATOR) -> Iterator[Unit]:
    """A unit of work with an account that accepted the agreement, and one virtual account beside the default one."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        unit = Unit(session, NOW, OPERATOR, writing=True)
        create_account(unit, DOMAIN, "Customer", export_allowed=False)
        accept_agreement(unit, DOMAIN)
        create_virtual_account(unit, DOMAIN, POOL)
        session.flush()
        unit.actor = actor
        yield unit
    engine.dispose()


def add_licences(unit: Unit, folder: Path) -> Path:
    """Import a catalogue of two licences; returns a file of orders for the virtual account."""
    catalogue, orders = folder / "catalogue.csv", folder / "orders.csv"
    catalogue.write_text("kind,tag,name\nentitlement,ADVANTAGE,Advantage\nentitlement,ESSENTIALS,Essentials\n", "utf-8")
    import_catalogue(unit, catalogue)
    orders.write_text(f"virtual_account,tag,quantity,order_number,order_line\n{POOL},ADVANTAGE,3,O-1,1\n", "utf-8")
    return orders
