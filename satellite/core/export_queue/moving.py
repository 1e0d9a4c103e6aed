"""What an instance holds and requests goes with it (rows C7.2, S4.1); central does the same."""

from __future__ import annotations

from sqlalchemy import update

from satellite.core.export_queue.models import HeldGrant, QueueEntry
from serverkit.db.unit import Unit


def move_restricted(unit: Unit, instance_id: str, virtual_account_id: str) -> None:
    """Move what an instance holds and requests to another virtual account (row C7.2); central does the same."""
    for model in (HeldGrant, QueueEntry):
        query = update(model).where(model.instance_id == instance_id)
        unit.session.execute(query.values(virtual_account_id=virtual_account_id))


def follow_key(unit: Unit, key_hash: str, old: str, new: str) -> None:
    """Move what a key holds and requests to the new instance of its machine (row S4.1)."""
    for model in (HeldGrant, QueueEntry):
        query = update(model).where(model.instance_id == old, model.key_hash == key_hash)
        unit.session.execute(query.values(instance_id=new))
