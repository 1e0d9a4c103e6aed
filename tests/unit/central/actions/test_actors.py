"""How logs name people."""

from __future__ import annotations

import pytest

from central.actions.actors import hidden_names, named_for
from central.actions.users import give_role
from serverkit.actor import OPERATOR, Actor, ActorKind
from tests.unit.central.factories import DOMAIN, unit_of


@pytest.mark.row("C12.6")
def test_customers_read_no_names_of_the_vendors_people_and_nothing_for_the_system() -> None:
    """The vendor reads all names; customers their own people's, those of devices and satellites."""
    with unit_of() as unit:
        give_role(unit, "helga", "vendor_support")
        owner = give_role(unit, "owner", "account_administrator", DOMAIN)
        unit.session.flush()
        assert (named_for(unit)("helga"), hidden_names(unit)) == ("helga", frozenset())

        unit.actor = Actor(ActorKind.USER, owner["id"], "owner")
        label = named_for(unit)
        said = [label(one) for one in ("helga", OPERATOR.label, "job terms", "system", "owner", "satellite North")]
        assert said == ["vendor support", "vendor support", "", "", "owner", "satellite North"]
