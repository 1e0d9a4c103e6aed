"""Licences that the vendor adds and removes by hand: rules, transactions, what is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from central.actions.event_log import list_events, list_transactions
from central.actions.licence_lists import explain_balance
from central.actions.licence_tags import list_licence_tags, tag_licences
from central.actions.licences import list_licences
from central.actions.lot_changes import add_licences, preview_removal, remove_licences
from central.actions.orders import import_orders
from central.domain.accounts.errors import UnknownAccountError
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.errors import (
    InvalidLotError,
    InvalidQuantityError,
    NoteMissingError,
    NotEnoughFreeError,
    UnknownLotError,
)
from central.domain.ledger.models import Lot
from central.domain.ledger.verification import verify
from serverkit.db.paging import Slice
from tests.unit.central.factories import DOMAIN, NOBODY, POOL, unit_of
from tests.unit.central.factories import add_licences as catalogue


@pytest.mark.row("C12.4", "C3.10", "B23")
def test_the_vendor_adds_and_removes_licences_with_a_note(tmp_path: Path) -> None:
    """Each is a transaction, an event and a posting; the ledger still adds up, and says what was removed; tags go with the last unit."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, catalogue(unit, tmp_path))
        more = {"type": "term", "start": "2026-01-01", "end": "2026-12-31", "sku": "S-1"}
        made = add_licences(unit, DOMAIN, POOL, "Essentials", 5, "goodwill", more)
        assert (made["licence"], made["balance"], made["free"]) == ("ESSENTIALS", 5, 5)
        tag_licences(unit, DOMAIN, POOL, ["x"], ["ESSENTIALS"], [made["lot"]])

        seen = preview_removal(unit, DOMAIN, POOL, made["lot"], 2)
        done = remove_licences(unit, DOMAIN, POOL, made["lot"], 2, "ordered twice")
        assert (seen["balance"], seen["tags_dropped"]) == (done["balance"], done["tags_dropped"]) == (3, [])
        number = str(virtual_account(unit, by_domain(unit, DOMAIN).id, POOL).number)
        ledger = explain_balance(unit, DOMAIN, number, "ESSENTIALS")
        assert (ledger.bought, ledger.removed, ledger.owned, ledger.balance) == (5, 2, 3, 3)
        assert preview_removal(unit, DOMAIN, POOL, made["lot"])["tags_dropped"] == ["x"]
        assert remove_licences(unit, DOMAIN, POOL, made["lot"], 3, "all of it")["tags_dropped"] == ["x"]
        assert [(one["licences"], one["lots"]) for one in list_licence_tags(unit, DOMAIN)] == [(0, 0)]
        assert [one["tag"] for one in list_licences(unit, DOMAIN)] == ["ADVANTAGE"]

        rows = list_transactions(unit, DOMAIN, POOL, Slice()).items
        shown = [(one["action"], one["count"], one["source"], one["notes"], one["sku"]) for one in rows[:3]]
        assert shown == [
            ("removed", -3, "manual", "all of it", "S-1"),
            ("removed", -2, "manual", "ordered twice", "S-1"),
            ("added", 5, "manual", "goodwill", "S-1"),
        ]
        assert {one["lot"] for one in rows[:3]} == {made["lot"]}
        kinds = [one["kind"] for one in list_events(unit, DOMAIN, POOL, Slice()).items]
        assert kinds.count("licences:removed") == 2
        assert verify(unit, {}) == []


@pytest.mark.row("C12.4", "C1.5")
def test_what_cannot_be_added_or_removed_changes_nothing(tmp_path: Path) -> None:
    """More than there is, nothing, without a note, a lot of elsewhere, a term without dates, someone without the right."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, catalogue(unit, tmp_path))
        lot = unit.session.scalars(select(Lot.id)).one()
        before = list_licences(unit, DOMAIN)
        with pytest.raises(NotEnoughFreeError):
            remove_licences(unit, DOMAIN, POOL, lot, 4, "x")
        with pytest.raises(NotEnoughFreeError):
            preview_removal(unit, DOMAIN, POOL, lot, 4)
        with pytest.raises(InvalidQuantityError):
            remove_licences(unit, DOMAIN, POOL, lot, 0, "x")
        with pytest.raises(NoteMissingError):
            remove_licences(unit, DOMAIN, POOL, lot, 1, "  ")
        with pytest.raises(NoteMissingError):
            add_licences(unit, DOMAIN, POOL, "ADVANTAGE", 1, "", {})
        with pytest.raises(UnknownLotError):
            remove_licences(unit, DOMAIN, "DEFAULT", lot, 1, "x")
        with pytest.raises(InvalidLotError):
            add_licences(unit, DOMAIN, POOL, "ADVANTAGE", 1, "x", {"type": "term"})
        assert list_licences(unit, DOMAIN) == before
        unit.actor = NOBODY
        with pytest.raises(UnknownAccountError):
            remove_licences(unit, DOMAIN, POOL, lot, 1, "x")
