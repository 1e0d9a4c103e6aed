"""Says that what is kept of a pool for lists is not right any more (row C3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from central.domain.ledger.models import PoolTotal
from serverkit.db.unit import Unit
from serverkit.db.upsert import forget, table_of

Pool = tuple[str, str]
"""A virtual account by its id, and the tag of a licence."""


def outdate(unit: Unit, account_id: str, changed: Iterable[Pool]) -> None:
    """What is kept of these pools is not right any more."""
    rows = [
        {"account_id": account_id, "virtual_account_id": va, "tag": tag, "claimed": 0, "due_at": None, "managed": False}
        for va, tag in sorted(set(changed))
        if va
    ]
    if not rows:
        return
    unit.session.flush()  # a virtual account may be new
    table = table_of(PoolTotal)
    statement = import_module(f"sqlalchemy.dialects.{unit.session.get_bind().dialect.name}").insert(table)
    outdated = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_={"due_at": None})
    unit.session.connection().execute(outdated, rows)
    forget(unit.session, PoolTotal)
