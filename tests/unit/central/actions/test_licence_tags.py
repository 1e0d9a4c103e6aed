"""Tags on licences and lots: set, removed, renamed, deleted, filtered, dropped with what leaves; by REST the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from central.actions.event_log import list_events
from central.actions.licence_lists import list_licence_window
from central.actions.licence_tags import (
    delete_licence_tag,
    find_licence_tag,
    list_licence_tags,
    rename_licence_tag,
    tag_licences,
)
from central.actions.orders import import_orders
from central.actions.virtual_accounts import create_virtual_account
from central.app import make_app
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.errors import UnknownLicenceError, UnknownLotError
from central.domain.ledger.models import Lot
from central.domain.licence_tags.errors import LicenceTagExistsError, NoTagsError, UnknownLicenceTagError
from central.domain.licence_tags.services import drop_lost_tags, tags_lost
from central.runtime import open_central
from serverkit.db.paging import Slice
from serverkit.db.windows import Part
from serverkit.names import InvalidNameError
from tests.api.callers import Api, central_token
from tests.unit.central.factories import DOMAIN, POOL, add_licences, unit_of
from tests.world import ACCOUNT, World


@pytest.mark.row("C3.7", "C3.8")
def test_tags_are_set_renamed_removed_and_dropped_with_what_leaves(tmp_path: Path) -> None:
    """A clash is refused; a tag belongs to its virtual account; licences and lots are counted; a transfer drops what leaves whole."""
    with unit_of() as unit:
        import_orders(unit, DOMAIN, add_licences(unit, tmp_path))
        place = create_virtual_account(unit, DOMAIN, "Spare")
        pool = virtual_account(unit, by_domain(unit, DOMAIN).id, POOL)
        lot = unit.session.scalars(select(Lot).where(Lot.tag == "ADVANTAGE")).one()

        tag_licences(unit, DOMAIN, POOL, ["North, lab"], ["ADVANTAGE"], [lot.id])
        assert tag_licences(unit, DOMAIN, POOL, ["NORTH"], ["ADVANTAGE"])["tags"] == ["North"]
        listed = [(one["name"], one["licences"], one["lots"]) for one in list_licence_tags(unit, DOMAIN)]
        assert listed == [("lab", 1, 1), ("North", 1, 1)]
        for error, tags, licences, lots in (
            (NoTagsError, [" , "], ["ADVANTAGE"], []),
            (NoTagsError, ["x"], [], []),
            (UnknownLotError, ["x"], [], ["0" * 32]),
            (InvalidNameError, ["x" * 65], ["ADVANTAGE"], []),
        ):
            with pytest.raises(error):
                tag_licences(unit, DOMAIN, POOL, tags, licences, lots)
        with pytest.raises(UnknownLicenceError):
            tag_licences(unit, DOMAIN, place["name"], ["x"], ["ADVANTAGE"])
        with pytest.raises(UnknownLicenceTagError):
            tag_licences(unit, DOMAIN, POOL, ["other"], ["ADVANTAGE"], remove=True)
        with pytest.raises(LicenceTagExistsError):
            rename_licence_tag(unit, DOMAIN, POOL, "lab", "north")
        with pytest.raises(InvalidNameError):
            rename_licence_tag(unit, DOMAIN, POOL, "lab", "a,b")
        assert rename_licence_tag(unit, DOMAIN, POOL, "lab", "Laboratory")["licences"] == 1

        for text, wanted in (("north", 1), ("north, LABORATORY", 1), ("north,other", 0)):
            part = Part(filters={"tags": text}, most=None)
            assert len(list_licence_window(unit, DOMAIN, str(pool.number), part).items) == wanted, text
        tag_licences(unit, DOMAIN, POOL, ["laboratory"], [], [lot.id], remove=True)
        assert find_licence_tag(unit, DOMAIN, POOL, "LABORATORY")["lots"] == 0
        delete_licence_tag(unit, DOMAIN, POOL, "laboratory")

        assert tags_lost(unit, pool.account_id, pool.id, {lot.id: lot.quantity - 1}) == {}
        lost = {"ADVANTAGE": ["North"], lot.id: ["North"]}
        assert tags_lost(unit, pool.account_id, pool.id, {lot.id: lot.quantity}) == lost
        assert drop_lost_tags(unit, pool.account_id, pool.id, {lot.id: lot.quantity}) == ["North"]
        assert [(one["licences"], one["lots"]) for one in list_licence_tags(unit, DOMAIN, POOL)] == [(0, 0)]
        kinds = {one["kind"] for one in list_events(unit, DOMAIN, None, Slice()).items}
        assert {"licences:tagged", "licences:untagged", "licences:tag_renamed", "licences:tag_deleted"} <= kinds


@pytest.mark.row("C3.7", "C1.5")
def test_programs_tag_licences_with_the_same_rules(vendor: World) -> None:
    """Set, rename, remove and delete over REST; a refusal changes nothing; an unknown tag is 404."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    server = open_central(vendor.folder / "central")
    api = Api(make_app(server), central_token(vendor, "write"))
    root = f"/smart-accounts/{ACCOUNT}/licence-tags"
    body = {"virtual_account": "Spare", "tags": ["a, b"], "licences": ["ADVANTAGE"]}
    status, made = api.ask("POST", f"{root}/set", body)
    assert (status, made["tags"]) == (200, ["a", "b"])
    tags = {one["name"]: one["id"] for one in api.items(root)}
    change = {"virtual_account": "Spare", "name": "B"}
    assert api.ask("PATCH", f"{root}/{tags['a']}", change)[1]["code"] == "licence_tag_exists"
    assert api.ask("PATCH", f"{root}/{tags['a']}", {**change, "name": "c"})[1]["name"] == "c"
    assert api.ask("POST", f"{root}/remove", {**body, "tags": ["c"]})[0] == 200
    assert sorted(one["licences"] for one in api.items(root)) == [0, 1]
    assert api.ask("DELETE", f"{root}/{tags['b']}?virtual_account=Spare")[0] == 200
    assert api.ask("DELETE", f"{root}/{tags['b']}?virtual_account=Spare")[0] == 404
    server.database.dispose()
