"""Windows of events, transactions and tokens: limited to a place, filtered, forth and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.actions.accounts import change_account
from central.actions.event_log import list_event_window, list_transaction_window
from central.actions.orders import import_orders
from central.actions.tokens import create_token, list_token_window, list_usable_tokens, revoke_token
from central.actions.users import give_role
from central.actions.virtual_accounts import list_places
from central.domain.access.errors import NotPermittedError
from central.domain.access.services import actor_of
from serverkit.db.windows import Part
from serverkit.secrets_box import SecretBox
from tests.unit.central.factories import DOMAIN, POOL, add_licences, unit_of


@pytest.mark.row("C12.4", "C12.6")
def test_events_are_those_of_the_place_and_of_the_filter(tmp_path: Path) -> None:
    """A virtual account's user sees that account's alone; the vendor's log needs the vendor; windows go on by keys."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        change_account(unit, DOMAIN, name="Customer of many")
        give_role(unit, "vic", "virtual_account_user", DOMAIN, POOL)
        unit.session.flush()
        everything = list_event_window(unit, DOMAIN)
        number = str(next(one["number"] for one in list_places(unit, DOMAIN) if one["name"] == POOL))
        here = list_event_window(unit, DOMAIN, number)
        assert {one["virtual_account"] for one in here.items} == {POOL}
        assert 0 < here.count < everything.count
        found = list_event_window(unit, DOMAIN, None, Part(filters={"q": "of many", "kind": "account:"}))
        assert [one["kind"] for one in found.items] == ["account:changed"]
        first = list_event_window(unit, DOMAIN, None, Part(most=2))
        then = list_event_window(unit, DOMAIN, None, Part(most=2, after=first.next))
        assert [one["number"] for one in [*first.items, *then.items]] == [one["number"] for one in everything.items[:4]]
        assert list_event_window(unit, DOMAIN, None, Part(filters={"until": "2000-01-01T00:00:00Z"})).items == []
        assert [one["count"] for one in list_transaction_window(unit, DOMAIN, Part(filters={"q": "o-1"})).items] == [3]
        assert list_transaction_window(unit, DOMAIN, Part(filters={"type": "term"})).count == 0
        assert list_event_window(unit, None).count > 0
        unit.actor = actor_of(unit, "vic")
        assert list_event_window(unit, DOMAIN).count == list_event_window(unit, DOMAIN, number).count
        with pytest.raises(NotPermittedError):
            list_event_window(unit, None)


@pytest.mark.row("C2.3")
def test_tokens_are_those_of_one_virtual_account_by_state(tmp_path: Path) -> None:
    """Filtered by text and state, ordered by each column."""
    box = SecretBox.create(tmp_path / "box")
    with unit_of() as unit:
        places = {one["name"]: str(one["number"]) for one in list_places(unit, DOMAIN)}
        for name in ("rack 1", "rack 2"):
            create_token(unit, box, DOMAIN, POOL, days=3, uses=None, export_controlled=False, description=name)
        unit.session.flush()
        listed = list_token_window(unit, DOMAIN, places[POOL], Part(sort="description"))
        assert [one["description"] for one in listed.items] == ["rack 1", "rack 2"]
        revoke_token(unit, DOMAIN, listed.items[0]["id"])
        unit.session.flush()
        for state, name in (("revoked", "rack 1"), ("active", "rack 2")):
            found = list_token_window(unit, DOMAIN, places[POOL], Part(filters={"state": state, "q": "RACK"}))
            assert [one["description"] for one in found.items] == [name]
        assert len(list_usable_tokens(unit, box, DOMAIN, POOL)) == 1
        other = next(number for name, number in places.items() if name != POOL)
        assert list_token_window(unit, DOMAIN, other).count == 0
