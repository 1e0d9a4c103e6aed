"""Tags on licences and lots: set, removed, renamed, deleted, filtered; rules by command and by REST."""

from __future__ import annotations

import pytest

from central.actions.licence_lists import list_licence_window
from central.app import make_app
from central.domain.licence_tags.errors import NoTagsError, TooManyTagsError
from central.domain.licence_tags.rules import MOST_AT_ONCE, read_tags
from central.domain.licence_tags.services import drop_lost_tags, tags_lost
from central.runtime import open_central
from serverkit.actor import OPERATOR
from serverkit.db.windows import Part
from tests.api.callers import Api, central_token
from tests.world import ACCOUNT, World

SPARE = ("--virtual-account", "Spare")


@pytest.mark.row("C3.7")
@pytest.mark.one_database("a rule asks no database")
def test_tags_are_read_from_texts_with_commas_each_once() -> None:
    """Blanks and case make no other tag; nothing, and too many at once, are refused."""
    assert read_tags(["North,  west wing ,north", "NORTH\nLab"]) == {
        "north": "North",
        "west wing": "west wing",
        "lab": "Lab",
    }
    with pytest.raises(NoTagsError):
        read_tags([" , ", ""])
    with pytest.raises(TooManyTagsError):
        read_tags([",".join(f"t{one}" for one in range(MOST_AT_ONCE + 1))])


@pytest.mark.row("C3.7", "C3.8", "C3.10")
def test_tags_are_set_renamed_removed_and_dropped_with_what_leaves(vendor: World) -> None:
    """A clash is refused; a tag belongs to its virtual account; lots and licences are counted; a transfer drops what leaves whole."""
    rows = vendor.file("o.csv", "virtual_account,tag,quantity\nSpare,ESSENTIALS,5\nSite,ESSENTIALS,5\n")
    vendor.central("order", "import", ACCOUNT, rows)
    words = ("licence", "tag", ACCOUNT, "North, lab", *SPARE, "--licence", "ESSENTIALS", "--licence", "Advantage")
    assert vendor.central(*words)["tags"] == ["North", "lab"]
    assert vendor.central("licence", "tag", ACCOUNT, "NORTH", *SPARE, "--licence", "ESSENTIALS")["tags"] == ["North"]
    vendor.central("licence", "tag", ACCOUNT, "North", "--virtual-account", "Site", "--licence", "ESSENTIALS")
    shown = [
        (one["name"], one["virtual_account"], one["licences"])
        for one in vendor.central("tag", "list", ACCOUNT)["items"]
    ]
    assert sorted(shown) == [("North", "Site", 1), ("North", "Spare", 2), ("lab", "Spare", 2)]
    for words, code in (
        (("licence", "tag", ACCOUNT, " , ", *SPARE, "--licence", "ESSENTIALS"), "no_tags"),
        (("licence", "tag", ACCOUNT, "x", *SPARE), "no_tags"),
        (("licence", "tag", ACCOUNT, "x", *SPARE, "--licence", "STRONG"), "unknown_licence"),
        (("licence", "tag", ACCOUNT, "x", *SPARE, "--lot", "0" * 32), "unknown_lot"),
        (("licence", "tag", ACCOUNT, "x" * 65, *SPARE, "--licence", "ESSENTIALS"), "invalid_name"),
        (("licence", "untag", ACCOUNT, "other", *SPARE, "--licence", "ESSENTIALS"), "unknown_licence_tag"),
        (("tag", "rename", ACCOUNT, "lab", "north", *SPARE), "licence_tag_exists"),
        (("tag", "rename", ACCOUNT, "lab", "a,b", *SPARE), "invalid_name"),
    ):
        assert vendor.central(*words, code=1)["error"]["code"] == code, words
    assert vendor.central("tag", "rename", ACCOUNT, "lab", "Laboratory", *SPARE)["licences"] == 2

    server = open_central(vendor.folder / "central")
    number = next(
        str(one["number"])
        for one in vendor.central("virtual-account", "list", ACCOUNT)["items"]
        if one["name"] == "Spare"
    )
    with server.database.read(OPERATOR) as unit:
        for text, wanted in (("north", 2), ("north, LABORATORY", 2), ("north,other", 0)):
            part = Part(filters={"tags": text}, most=None)
            assert len(list_licence_window(unit, ACCOUNT, number, part).items) == wanted, text
    vendor.central("licence", "untag", ACCOUNT, "laboratory", *SPARE, "--licence", "Advantage")
    assert vendor.central("tag", "delete", ACCOUNT, "laboratory", *SPARE)["deleted"] is True

    with server.database.write(OPERATOR) as unit:
        from sqlalchemy import select

        from central.domain.accounts.models import VirtualAccount
        from central.domain.ledger.models import Holding, Lot

        pool = unit.session.scalars(select(VirtualAccount).where(VirtualAccount.name == "Spare")).one()
        query = select(Lot.id).join(Holding, Holding.lot_id == Lot.id)
        lot = unit.session.scalars(query.where(Lot.tag == "ESSENTIALS", Holding.virtual_account_id == pool.id)).one()
        assert tags_lost(unit, pool.account_id, pool.id, {lot: 4}) == {}
        assert tags_lost(unit, pool.account_id, pool.id, {lot: 5}) == {"ESSENTIALS": ["North"]}
        assert drop_lost_tags(unit, pool.account_id, pool.id, {lot: 5}) == ["North"]
    server.database.dispose()
    left = {(one["virtual_account"], one["licences"]) for one in vendor.central("tag", "list", ACCOUNT)["items"]}
    assert left == {("Spare", 1), ("Site", 1)}
    kinds = [one["kind"] for one in vendor.central("events", ACCOUNT)["items"]]
    assert {"licences:tagged", "licences:untagged", "licences:tag_renamed", "licences:tag_deleted"} <= set(kinds)


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
