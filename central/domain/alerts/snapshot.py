"""What alerts read: an account in a unit of work, its names, its rows in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from serverkit.db.unit import Unit

STREAM = 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account with what its alerts look at."""

    unit: Unit
    account: SmartAccount
    _names: dict[str, str] = field(default_factory=dict)

    def name(self, virtual_account_id: str) -> str:
        """The name of a virtual account."""
        if virtual_account_id not in self._names:
            row = self.unit.session.get(VirtualAccount, (self.account.id, virtual_account_id))
            self._names[virtual_account_id] = row.name if row else self.account.name
        return self._names[virtual_account_id]

    def stream(self, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
        """Rows of a query, a piece at a time."""
        return iter(self.unit.session.execute(query.execution_options(yield_per=STREAM)))
