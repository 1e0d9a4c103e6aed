"""The search of the portal finds what people know: names, serial numbers, ids, orders; each person only what they may see."""

from __future__ import annotations

import pytest

from central.actions.search import Hits, search
from central.runtime import open_central
from serverkit.actor import OPERATOR, Actor, ActorKind
from tests.world import ACCOUNT, World


def _found(world: World, text: str, user: str = "") -> dict[str, list[str]]:
    """The names that a text finds, by kind; a kind that finds nothing is left out."""
    server = open_central(world.folder / "central")
    try:
        with server.database.read(Actor(ActorKind.USER, user, "someone") if user else OPERATOR) as unit:
            hits = search(unit, text)
    finally:
        server.database.dispose()
    named = {kind: [one.name for one in getattr(hits, kind)] for kind in Hits.__slots__}
    return {kind: names for kind, names in named.items() if names}


@pytest.mark.both_databases
@pytest.mark.row("B5", "C1.6", "C3.8")
def test_a_text_finds_things_of_every_kind_that_the_person_may_see(site: World) -> None:
    """Parts of names in any case, serial numbers, a standby's own record not; ids whole; the beginning of an order number."""
    made = site.device("SN1", "central", site.token("central", pool="Spare"), hostname="core-1")
    made.use("ADVANTAGE", 1)
    site.central("jobs", "run", "figures")
    role = ("--role", "virtual_account_user", "--account", ACCOUNT, "--virtual-account")
    users = {name: str(site.central("user", "add", f"of-{name}", *role, name)["id"]) for name in ("Spare", "Site")}

    assert _found(site, "CORE-") == {"instances": ["core-1"]}
    assert _found(site, "sw-48 sn1")["instances"] == ["core-1"]
    assert _found(site, str(made.state.instance)) == {"instances": ["core-1"]}
    assert _found(site, "advant") == {"licences": ["Advantage"]}
    assert _found(site, "nort") == {"satellites": ["North"]}
    assert _found(site, "O-") == {"orders": ["O-1"]}
    assert _found(site, "-1")["instances"] == ["core-1"]
    assert _found(site, "%") == _found(site, "o-1") == _found(site, "é") == {}

    assert _found(site, "core-1", users["Spare"]) == {"instances": ["core-1"]}
    assert _found(site, "advant", users["Spare"]) == {"licences": ["Advantage"]}
    assert _found(site, "strong", users["Spare"]) == _found(site, "core-1", users["Site"]) == {}
    assert _found(site, "nort", users["Site"]) == _found(site, "O-1", users["Site"]) == {}
