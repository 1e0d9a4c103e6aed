"""Transfers of many lines: one rule for preview and outcome, all or nothing, and back for a set time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.actions.catalogue import import_catalogue
from central.actions.event_log import list_transactions
from central.actions.licence_tags import list_licence_tags, tag_licences
from central.actions.licences import list_licences, list_lots, verify_ledger
from central.actions.orders import import_orders
from central.actions.policies import set_policy
from central.actions.transfers import (
    Line,
    list_transfers,
    preview_reversal,
    preview_transfer,
    reverse_transfer,
    transfer_lines,
)
from central.actions.virtual_accounts import create_virtual_account, delete_virtual_account
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.claims import ClaimSpec, set_claims
from central.domain.ledger.errors import NotEnoughFreeError
from central.domain.ledger.models import Bucket, Lot
from central.domain.ledger.postings import Place, post
from central.domain.ledger.queries import pools
from central.domain.ledger.reserving import hold_for
from central.domain.ledger.rules import LotSpec
from central.domain.ledger.services import enter_lots
from central.domain.transfers.errors import NothingToReverseError, ReversalOverError, TransferRefusedError
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit
from tests.unit.central.factories import DOMAIN, NOW, POOL, add_instance, add_licences, unit_of

ORDERS = f"""virtual_account,tag,quantity,type,start,end,billing,order_number,order_line,subscription_id
{POOL},ADVANTAGE,10,perpetual,,,,O-1,1,
{POOL},ADVANTAGE,4,term,2025-06-01,2026-06-30,,O-1,2,
{POOL},ESSENTIALS,5,,,,,O-1,3,
{POOL},ADVANTAGE,6,term,2026-06-01,2027-06-30,,O-1,4,
Spare,FEED,1,,,,usage,O-1,5,SUB-1
"""
FIGURES = ("purchased", "in_use", "reserved", "balance")


@contextmanager
def stock(folder: Path) -> Iterator[Unit]:
    """An account with three virtual accounts besides the default one, and lots of every kind."""
    with unit_of() as unit:
        orders = add_licences(unit, folder)
        catalogue = folder / "more.csv"
        catalogue.write_text("kind,tag,name\nentitlement,FEED,Threat feed\n", "utf-8")
        import_catalogue(unit, catalogue)
        for name in ("Spare", "Lab: east"):
            create_virtual_account(unit, DOMAIN, name)
        orders.write_text(ORDERS, "utf-8")
        import_orders(unit, DOMAIN, orders)
        yield unit


def owned(unit: Unit) -> dict[tuple[str, str], int]:
    """What each virtual account has of each licence, whatever it begins."""
    names = {row["virtual_account"] for row in list_licences(unit, DOMAIN)}
    found: dict[tuple[str, str], int] = {}
    for name in names:
        for lot in list_lots(unit, DOMAIN, [name]):
            found[name, lot.tag] = found.get((name, lot.tag), 0) + lot.quantity
    return found


def lot_of(unit: Unit, line: str) -> str:
    """The id of the lot of an order line."""
    found = unit.session.query(Lot).filter_by(order_line=line).one()
    return found.id


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """An outcome without what only an outcome has."""
    return {name: value for name, value in found.items() if name not in {"transfer", "reversible_until"}}


@pytest.mark.row("C4.1")
def test_many_lines_move_together_and_the_preview_says_what_comes(tmp_path: Path) -> None:
    """Summary and lot level in one transfer: the outcome is the preview, and the pools are as it said."""
    with stock(tmp_path) as unit:
        lines = [
            Line("Spare", 12, POOL, "Advantage"),
            Line("Lab: east", 5, POOL, "ESSENTIALS"),
            Line("Lab: east", 2, lot=lot_of(unit, "2")),
            Line("Spare", 6, POOL, lot=lot_of(unit, "4")),
            Line("Lab: east", 1, "Spare", "FEED"),
        ]
        before = owned(unit)
        seen = preview_transfer(unit, DOMAIN, lines)
        assert owned(unit) == before
        assert seen == plain(transfer_lines(unit, DOMAIN, lines))

        assert owned(unit) == {
            ("Spare", "ADVANTAGE"): 18,
            ("Lab: east", "ADVANTAGE"): 2,
            ("Lab: east", "ESSENTIALS"): 5,
            ("Lab: east", "FEED"): 1,
        }
        first, _, by_lot, later, usage = seen["lines"]
        assert [(one["quantity"], str(one["until"])) for one in first["lots"]] == [
            (10, "None"),
            (2, "until the end of 30 Jun 2026 UTC"),
        ]
        assert (by_lot["free"], later["free"], usage["purchased"], usage["balance"]) == (2, 6, None, None)
        spare = next(one for one in seen["accounts"] if one["virtual_account"] == "Spare" and one["tag"] == "ADVANTAGE")
        assert (spare["before"]["purchased"], spare["after"]["purchased"]) == (0, 12)
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C4.1")
def test_one_refused_line_refuses_all_of_them_and_each_says_why(tmp_path: Path) -> None:
    """Too many, unknown names, the same virtual account, an ended lot: stable codes by line; nothing is moved."""
    with stock(tmp_path) as unit:
        unit.now = NOW + timedelta(days=300)
        lines = [
            Line("Spare", 10, POOL, "Advantage"),
            Line("Spare", 7, POOL, "ADVANTAGE"),
            Line("Spare", 1, POOL, "Advantge"),
            Line("Nowhere", 1, POOL, "ADVANTAGE"),
            Line(POOL, 1, POOL, "ADVANTAGE"),
            Line("Spare", 1, lot=lot_of(unit, "2")),
            Line("Spare", 1, lot="0" * 32),
            Line("Spare", 0, POOL, "ADVANTAGE"),
        ]
        before = owned(unit)
        seen = preview_transfer(unit, DOMAIN, lines)
        assert [one["code"] for one in seen["lines"]] == [
            None,
            "not_enough_free",
            "unknown_entitlement",
            "unknown_virtual_account",
            "same_virtual_account",
            "lot_ended",
            "unknown_lot",
            "invalid_quantity",
        ]
        assert seen["lines"][1]["free"] == 6
        assert seen["refused"] == 7
        with pytest.raises(TransferRefusedError) as refused:
            transfer_lines(unit, DOMAIN, lines)
        assert "line 2: not_enough_free: 7 of Advantage are to be moved from Site, 6 are free" in str(refused.value)
        with pytest.raises(NotEnoughFreeError):
            transfer_lines(unit, DOMAIN, [Line("Spare", 99, POOL, "ADVANTAGE")])
        assert owned(unit) == before
        assert list_transfers(unit, DOMAIN) == []


@pytest.mark.row("C4.1", "B23")
def test_a_transfer_comes_back_as_far_as_it_is_still_free(tmp_path: Path) -> None:
    """For the days that the vendor sets: what is in use stays; what came back does not come twice."""
    with stock(tmp_path) as unit:
        account = by_domain(unit, DOMAIN)
        made = transfer_lines(
            unit, DOMAIN, [Line("Spare", 12, POOL, "ADVANTAGE"), Line("Spare", 5, POOL, "ESSENTIALS")]
        )
        device = add_instance(unit, "S1")
        spare = virtual_account(unit, account.id, "Spare").id
        set_claims(unit, account.id, [ClaimSpec(device.id, spare, "ADVANTAGE", 9, unit.now)])

        seen = preview_reversal(unit, DOMAIN, made["transfer"])
        done = reverse_transfer(unit, DOMAIN, made["transfer"])
        assert {**plain(done), "reverses": made["transfer"]} == seen
        assert (seen["quantity"], owned(unit)[POOL, "ESSENTIALS"], owned(unit)["Spare", "ADVANTAGE"]) == (8, 5, 9)
        rows = list_transfers(unit, DOMAIN, "Spare")
        assert [(one["transfer"], one["returned"], one["reversible"]) for one in rows] == [(2, 0, False), (1, 8, True)]
        with pytest.raises(NothingToReverseError):
            reverse_transfer(unit, DOMAIN, made["transfer"])
        set_claims(unit, account.id, [ClaimSpec(device.id, spare, "ADVANTAGE", 0, unit.now)])
        unit.now += timedelta(days=29)
        assert reverse_transfer(unit, DOMAIN, made["transfer"])["quantity"] == 9
        assert owned(unit)[POOL, "ADVANTAGE"] == 20
        actions = {one["action"] for one in list_transactions(unit, DOMAIN, None, Slice(50)).items}
        assert {"transferred_in", "transferred_out"} <= actions

        late = transfer_lines(unit, DOMAIN, [Line("Spare", 1, POOL, "ADVANTAGE")])["transfer"]
        unit.now += timedelta(days=30)
        with pytest.raises(ReversalOverError):
            preview_reversal(unit, DOMAIN, late)
        set_policy(unit, "transfer_reversal_days", "0")
        assert transfer_lines(unit, DOMAIN, [Line("Spare", 1, POOL, "ADVANTAGE")])["reversible_until"] is None
        assert verify_ledger(unit)["ok"]


LINES = st.lists(
    st.tuples(
        st.sampled_from([POOL, "Spare", "Lab: east"]),
        st.sampled_from([POOL, "Spare", "Lab: east"]),
        st.sampled_from(["ADVANTAGE", "ESSENTIALS", "FEED", "1", "2", "3", "4", "5"]),
        st.integers(1, 8),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.row("C4.1")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(rounds=st.lists(LINES, min_size=1, max_size=4), claimed=st.integers(0, 12), reserved=st.integers(0, 4))
def test_any_mix_of_transfers_conserves_the_ledger_and_does_what_its_preview_said(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[Any], claimed: int, reserved: int
) -> None:
    """With units in use, reserved and not begun: the sums stay, no shortage comes, figures are those of the preview."""
    with stock(tmp_path_factory.mktemp("mix")) as unit:
        account = by_domain(unit, DOMAIN)
        site = virtual_account(unit, account.id, POOL).id
        device = add_instance(unit, "S1")
        set_claims(unit, account.id, [ClaimSpec(device.id, site, "ADVANTAGE", claimed, unit.now)])
        if reserved:
            places = Place(Bucket.FREE, site), Place(Bucket.RESERVED, site, device.id)
            post(unit, account.id, lot_of(unit, "2"), reserved, *places, "reserved")
        total = sum(owned(unit).values())
        short = shortages(unit)
        for lines in rounds:
            wanted = [line_of(unit, *one) for one in lines]
            before = owned(unit)
            seen = preview_transfer(unit, DOMAIN, wanted)
            if seen["refused"]:
                with pytest.raises(Exception, match=r"."):
                    transfer_lines(unit, DOMAIN, wanted)
                assert owned(unit) == before
                continue
            done = transfer_lines(unit, DOMAIN, wanted)
            assert seen == plain(done)
            for one in seen["accounts"]:
                assert one["after"] == figures(unit, one), one
            for line in seen["lines"]:
                assert line["quantity"] == line["asked"]
        assert sum(owned(unit).values()) == total
        assert shortages(unit) == short
        for row in list_transfers(unit, DOMAIN):
            if row["reversible"]:
                seen = preview_reversal(unit, DOMAIN, row["transfer"])
                if seen["quantity"]:
                    assert plain(reverse_transfer(unit, DOMAIN, row["transfer"])) == seen
        assert (sum(owned(unit).values()), shortages(unit)) == (total, short)
        assert verify_ledger(unit)["ok"]


def line_of(unit: Unit, source: str, target: str, what: str, quantity: int) -> Line:
    """A line at summary level, or of the lot of an order line."""
    if what.isdigit():
        return Line(target, quantity, source, lot=lot_of(unit, what))
    return Line(target, quantity, source, what)


def figures(unit: Unit, wanted: dict[str, Any]) -> dict[str, Any]:
    """The figures of a pool as the table of licences has them."""
    rows = [
        row
        for row in list_licences(unit, DOMAIN)
        if [row[name] for name in ("virtual_account", "tag", "billing")]
        == [wanted[name] for name in ("virtual_account", "tag", "billing")]
    ]
    account = by_domain(unit, DOMAIN)
    place = virtual_account(unit, account.id, wanted["virtual_account"]).id
    pool = pools(unit, account.id, [place], [wanted["tag"]]).get((place, wanted["tag"]))
    free = None if wanted["billing"] == "usage" else pool.free if pool else 0
    return {**{name: rows[0][name] if rows else 0 for name in FIGURES}, "free": free}


def shortages(unit: Unit) -> dict[Any, int]:
    """What each pool lacks."""
    found = pools(unit, by_domain(unit, DOMAIN).id)
    return {key: pool.verdict.shortage for key, pool in found.items() if pool.verdict.shortage}


@pytest.mark.row("C3.7", "C4.1")
def test_tags_that_do_not_go_along_are_named_before_and_are_gone_after(tmp_path: Path) -> None:
    """A lot that leaves whole loses its tag, a licence of which something stays keeps it; the preview said so."""
    with stock(tmp_path) as unit:
        tag_licences(unit, DOMAIN, POOL, ["North"], ["ADVANTAGE", "ESSENTIALS"], [lot_of(unit, "2")])
        lines = [Line("Spare", 4, lot=lot_of(unit, "2")), Line("Spare", 5, POOL, "ESSENTIALS")]
        seen = preview_transfer(unit, DOMAIN, lines)
        lost = {(one["name"], bool(one["lot"]), *one["tags"]) for one in seen["dropped_tags"]}
        assert lost == {("Advantage", True, "North"), ("Essentials", False, "North")}
        assert plain(transfer_lines(unit, DOMAIN, lines)) == seen
        [tag] = list_licence_tags(unit, DOMAIN, POOL)
        assert (tag["licences"], tag["lots"]) == (1, 0)


@pytest.mark.row("C4.1")
def test_a_transfer_from_a_virtual_account_that_is_gone_comes_back_no_more(tmp_path: Path) -> None:
    """The line is refused by name, in the preview as in the reversal; what else there is comes back."""
    with stock(tmp_path) as unit:
        transfer_lines(unit, DOMAIN, [Line("Lab: east", 2, POOL, "ESSENTIALS")])
        lines = [Line("Spare", 2, "Lab: east", "ESSENTIALS"), Line("Spare", 3, POOL, "ADVANTAGE")]
        done = transfer_lines(unit, DOMAIN, lines)["transfer"]
        alone = transfer_lines(unit, DOMAIN, [Line("Lab: east", 1, "Spare", "ESSENTIALS")])["transfer"]
        transfer_lines(unit, DOMAIN, [Line("Spare", 1, "Lab: east", "ESSENTIALS")])
        delete_virtual_account(unit, DOMAIN, "Lab: east")
        unit.session.flush()
        shown = {one["transfer"]: one["reversible"] for one in list_transfers(unit, DOMAIN)}
        assert (shown[done], shown[alone]) == (True, False)
        foreseen, came = preview_reversal(unit, DOMAIN, done), reverse_transfer(unit, DOMAIN, done)
        assert [one["code"] for one in came["lines"]].count("unknown_virtual_account") == 1
        assert foreseen["lines"] == came["lines"]
        assert owned(unit)["Spare", "ESSENTIALS"] == 2
        assert ("Spare", "ADVANTAGE") not in owned(unit)
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C4.1", "C5.1")
def test_a_licence_of_very_many_lots_moves_with_few_values_in_each_statement(tmp_path: Path) -> None:
    """However many lots a licence has, no statement names them all: a database takes only so many values at once."""
    with stock(tmp_path) as unit:
        account = by_domain(unit, DOMAIN).id
        spec = LotSpec(POOL, "FEED", 1)
        enter_lots(unit, account, [(virtual_account(unit, account, POOL).id, spec)] * 2500, {"FEED": "Threat feed"})
        connection: Any = unit.session.connection().connection.driver_connection
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 2200)
        lines = [Line("Spare", 2500, POOL, "FEED")]
        foreseen = preview_transfer(unit, DOMAIN, lines)
        assert plain(transfer_lines(unit, DOMAIN, lines)) == foreseen
        assert ("Site", "FEED") not in owned(unit)


@pytest.mark.row("C6.1")
def test_a_term_that_is_named_twice_in_two_ways_takes_no_more_than_it_holds(tmp_path: Path) -> None:
    """The last day and the time of an end are one term: the units of both are compared with what is free of it."""
    with stock(tmp_path) as unit:
        place = virtual_account(unit, by_domain(unit, DOMAIN).id, POOL)
        holder = add_instance(unit, "SN9").id
        one = unit.session.query(Lot).filter_by(order_line="2").one()
        spec = LotSpec(POOL, one.tag, 1, licence_type=one.licence_type, start=one.start, end=one.end)
        enter_lots(unit, one.account_id, [(place.id, spec)], {one.tag: one.tag})
        both = [("2026-06-30", 3), ("2026-07-01T00:00:00Z", 3)]
        with pytest.raises(NotEnoughFreeError):
            hold_for(unit, place, "ADVANTAGE", 6, holder, longest_first=True, terms=both)
        fewer = [("2026-06-30", 2), ("2026-07-01T00:00:00Z", 3)]
        held = hold_for(unit, place, "ADVANTAGE", 5, holder, longest_first=True, terms=fewer)
        assert sum(count for _lot, count in held) == 5
        assert verify_ledger(unit)["ok"]
