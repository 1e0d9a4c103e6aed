"""Deleting a virtual account with regard to what is in it (row C1.2)."""

from __future__ import annotations

from central.domain.access.services import drop_roles
from central.domain.accounts.errors import VirtualAccountNotEmptyError
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.services import delete_virtual_account, refuse_deletion
from central.domain.accounts.tags import drop_tags
from central.domain.instances.queries import in_virtual_accounts
from central.domain.ledger.claims import claimed_in
from central.domain.ledger.services import owned_in
from central.domain.tokens.queries import own_tokens
from central.domain.tokens.services import drop_tokens
from serverkit.db.unit import Unit


def delete_empty(unit: Unit, row: VirtualAccount) -> None:
    """Delete a virtual account without licences, devices and usable tokens; else VirtualAccountNotEmptyError."""
    refuse_deletion(unit, row)
    if owned_in(unit, row.account_id, row.id) or claimed_in(unit, row.account_id, row.id):
        raise VirtualAccountNotEmptyError
    if in_virtual_accounts(unit, row.account_id, [row.id]):
        raise VirtualAccountNotEmptyError(f"{row.name} holds product instances")
    if own_tokens(unit, row.account_id, row.id):
        raise VirtualAccountNotEmptyError(f"{row.name} holds tokens that still register devices")
    drop_tags(unit, row)
    drop_tokens(unit, row.account_id, row.id)
    drop_roles(unit, row.account_id, row.id)
    delete_virtual_account(unit, row)
