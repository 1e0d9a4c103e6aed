"""The job that adds up what lists of licences show."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.accounts import create_account
from central.actions.figures import keep_figures
from central.domain.accounts.queries import by_domain, default_virtual_account
from central.domain.ledger.rules import LotSpec
from central.domain.ledger.services import add_lots
from serverkit.actor import OPERATOR
from tests.unit.central.factories import DOMAIN, add_licences, server_of


@pytest.mark.row("C3.1")
def test_what_changed_is_added_up_once(tmp_path: Path) -> None:
    """A purchase is added up by the next run; a run after it has nothing to do."""
    server = server_of(tmp_path / "home")
    with server.database.write(OPERATOR) as unit:
        create_account(unit, DOMAIN, "Customer", export_allowed=False)
        add_licences(unit, tmp_path)
        here = default_virtual_account(unit, by_domain(unit, DOMAIN).id)
        add_lots(unit, here.account_id, [(here.id, LotSpec(here.name, "ADVANTAGE", 3))], {"ADVANTAGE": "Advantage"})
    said = keep_figures(server), keep_figures(server)
    server.database.dispose()

    assert said == ("1 licence added up", "0 licences added up")
