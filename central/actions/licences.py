"""Use cases of licences: list, transfer, explain, verify the ledger (rows C3.1, C3.5, C4.1, B23)."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Any

from central.actions.visible_accounts import chosen_names
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import by_name, entitlement
from central.domain.export_control.queries import active_units
from central.domain.ledger import queries, verification
from central.domain.ledger.rules import ANY_LOT, HeldLot, LotChoice
from central.domain.reservations.queries import owed_units
from central.domain.transfers import services as transfers
from serverkit.db.unit import Unit


def list_licences(unit: Unit, domain: str, virtual_accounts: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Licences with what is purchased, in use and free: of these virtual accounts, or of all that the actor may see."""
    account = by_domain(unit, domain)
    return queries.licences(unit, account.id, chosen_names(unit, account.id, virtual_accounts))


def list_lots(
    unit: Unit,
    domain: str,
    virtual_accounts: Collection[str] | None = None,
    tags: set[str] | None = None,
    *,
    ended: bool = False,
) -> list[HeldLot]:
    """The lots of licences by virtual account and tag; with `ended` the expired ones too."""
    account = by_domain(unit, domain)
    names = chosen_names(unit, account.id, virtual_accounts)
    return queries.held_lots(unit, account.id, sorted(names), tags, ended=ended)


def explain_licence(unit: Unit, domain: str, virtual_account_name: str, licence: str) -> dict[str, Any]:
    """Every posting and claim behind the figures of a licence, which is named by tag or name."""
    account = by_domain(unit, domain)
    row = virtual_account(unit, account.id, virtual_account_name)
    tag = by_name(unit, licence)
    return {
        "virtual_account": row.name,
        "name": entitlement(unit, tag).name,
        **queries.explain(unit, account.id, row.id, tag),
    }


def transfer_licences(
    unit: Unit,
    domain: str,
    source: str,
    target: str,
    licence: str,
    quantity: int,
    *,
    longest_first: bool = True,
    choice: LotChoice = ANY_LOT,
) -> dict[str, Any]:
    """Move free units of a licence, which is named by tag or name, to another virtual account; all of them or none."""
    account = by_domain(unit, domain)
    giver, taker = virtual_account(unit, account.id, source), virtual_account(unit, account.id, target)
    tag = by_name(unit, licence)
    lots = transfers.transfer_licences(unit, giver, taker, tag, quantity, longest_first=longest_first, choice=choice)
    return {"tag": tag, "quantity": quantity, "source": giver.name, "target": taker.name, "lots": lots}


def find_tag(unit: Unit, domain: str, virtual_account_name: str, licence: str) -> str:
    """The tag of a licence by tag or name: the one that the virtual account has, where several share the name."""
    rows = list_licences(unit, domain, [virtual_account_name])
    there = {row["tag"] for row in rows if licence in {row["tag"], row["name"]}}
    return there.pop() if len(there) == 1 else by_name(unit, licence)


def verify_ledger(unit: Unit) -> dict[str, Any]:
    """Compute every holding again from the postings; `findings` are the rows that differ."""
    require(unit, Permission.VENDOR_MANAGE)
    findings = verification.verify(unit, chain(active_units(unit), owed_units(unit)))
    return {"ok": not findings, "findings": findings}
