"""Central's pages of product instances: list with filters, details, transfer, removal, and both for many at once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from central.runtime import Central
from tests.api.test_central_pages import A, Enter, keys_of, numbers, portal, text_of
from tests.console import press
from tests.world import ACCOUNT, World

__all__ = ["portal"]
Portal = tuple[World, Central, Enter]
CATALOGUE = """kind,tag,name,description,restricted
product,SW-48,Switch with 48 ports,A switch for racks,
"""


def holding(world: World, serial: str = "SN1", *, restricted: bool = True) -> str:
    """A device at central that uses two of Advantage and holds one of Strong encryption; its id."""
    device = world.device(serial, "central", hostname=f"rack-{serial}")
    device.use("ADVANTAGE", 2)
    if restricted:
        device.request_export("STRONG", 1)
    return str(device.state.instance)


@pytest.mark.row("C7.1", "C1.3")
def test_instances_are_listed_with_what_they_are_and_found_by_what_people_know(portal: Portal) -> None:
    """Of one virtual account or of all; by text, state, compliance, silence; a satellite's are told and stay as they are."""
    world, _server, enter = portal
    world.found_satellite("North", pool="Spare")
    enter()
    owner, guest = enter("owner", "account_administrator"), enter("guest", "virtual_account_user", "Site")
    number = numbers(world)
    mine = holding(world)
    quiet = holding(world, "SN2", restricted=False)
    there = world.device("SN9", "satellite", world.token("satellite", pool="Spare"), hostname="far-away")
    there.use("ADVANTAGE", 1)
    world.synchronize()
    site, every = f"{A}/va/{number['Site']}/instances", f"{A}/va/all/instances"

    assert set(keys_of(owner, site)) == {mine, quiet}
    assert set(keys_of(owner, every)) == {mine, quiet, str(there.state.instance)}
    assert guest.get(every).status_code == 403
    assert guest.get(site).status_code == 200
    shown = text_of(owner.get(every))
    for words in ("rack-SN1", "SW-48", "Out of compliance", "1 major", "North"):
        assert words in shown, words
    assert "It is managed by satellite North." in owner.get(every).get_data(as_text=True)
    finds = {
        "q=sn1": {mine},
        "q=RACK-sn": {mine, quiet},
        f"q={quiet}": {quiet},
        "q=nothing": set(),
        "state=out_of_compliance": {mine, quiet},
        "state=active": {mine, quiet, str(there.state.instance)},
        "state=released": set(),
        "restricted=yes": {mine},
        "satellite=central": {mine, quiet},
        "tag=STRONG": {mine},
        "silent=30": set(),
    }
    for query, expected in finds.items():
        assert set(keys_of(owner, f"{every}?{query}")) == expected, query
    first = keys_of(owner, f"{every}?sort=-name")
    assert first == [quiet, mine, str(there.state.instance)]
    assert owner.get(f"{every}?as=csv").get_data(as_text=True).count("\n") == 4
    assert owner.get(f"{every}?as=xlsx").status_code == 200
    spare = f"{A}/va/{number['Spare']}/instances/{there.state.instance}"
    assert "disabled" in owner.get(spare).get_data(as_text=True)
    refused = owner.post(f"{spare}/remove")
    assert (refused.status_code, "managed_by_satellite" in refused.get_data(as_text=True)) == (409, True)
    assert owner.get(f"{site}/{there.state.instance}").status_code == 404
    assert guest.get(f"{A}/va/{number['Spare']}/instances").status_code == 404


@pytest.mark.row("C7.1")
def test_details_tell_everything_that_is_known_of_an_instance(portal: Portal) -> None:
    """Device, product of the catalogue, registration, licences with their ends, alerts, and the events on their tab."""
    world, _server, enter = portal
    world.central("catalogue", "import", world.file("products.csv", CATALOGUE))
    heads = "virtual_account,tag,quantity,type,start,end,order_number,order_line"
    world.central(
        "order",
        "import",
        ACCOUNT,
        world.file("more.csv", f"{heads}\nSite,ADVANTAGE,5,term,2020-01-01,2190-12-31,O-2,1\n"),
    )
    enter()
    owner = enter("owner", "account_administrator")
    mine = holding(world)
    path = f"{A}/va/{numbers(world)['Site']}/instances/{mine}"
    shown = text_of(owner.get(path))
    for words in (
        "Switch with 48 ports",
        "A switch for racks",
        "Product number",
        "SN1",
        "rack-SN1",
        "held, restricted",
    ):
        assert words in shown, words
    assert "multiple terms" in shown
    assert "3: never" in shown
    assert "5: 2190-12-31" in shown
    log = text_of(owner.get(f"{path}/events"))
    assert "product instance rack-SN1 added" in log
    assert "requested 2 of Advantage" in log
    view = world.central("instance", "show", ACCOUNT, mine)
    assert [(one["name"], one["count"], one["how"]) for one in view["licences"]] == [
        ("Strong encryption", 1, "held"),
        ("Advantage", 2, "used"),
    ]
    assert (view["product_number"], view["description"]) == ("SW-48", "A switch for racks")


@pytest.mark.row("C7.2")
def test_a_transfer_shows_first_which_restricted_licences_stay_assigned(portal: Portal) -> None:
    """Name, description, end and quantity; the preview says what the target lacks; the command shows the same."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    mine = holding(world)
    number = numbers(world)
    path = f"{A}/va/{number['Site']}/instances/{mine}"
    form = owner.get(f"{path}/transfer")
    shown = text_of(form)
    assert shown.index("They remain assigned") < shown.index("Other licences do not move")
    assert "Strong encryption" in shown
    plan = world.central("instance", "transfer", ACCOUNT, mine, "--to", "DEFAULT", "--preview")
    assert [one["name"] for one in plan["restricted"]] == ["Strong encryption"]
    assert plan["short"] == [{"tag": "ADVANTAGE", "name": "Advantage", "count": 2}]
    target = next(
        one["id"] for one in world.central("virtual-account", "list", ACCOUNT)["items"] if one["name"] == "DEFAULT"
    )
    preview = press(owner, form, virtual_account=target)
    assert "DEFAULT then lacks 2 of Advantage" in text_of(preview)
    assert world.licence("STRONG")["in_use"] == 1
    assert press(owner, preview).headers["Location"] == f"{A}/va/{number['DEFAULT']}/instances/{mine}"
    assert world.licence("STRONG", pool="DEFAULT")["in_use"] == 1
    unknown = owner.post(f"{A}/va/{number['DEFAULT']}/instances/{mine}/transfer", {"virtual_account": "f" * 32})
    assert unknown.status_code in {404, 422}


@pytest.mark.row("C7.3", "C7.7")
def test_restricted_licences_stop_a_removal_and_the_others_can_be_released(portal: Portal) -> None:
    """The refusal names both; released are the unrestricted ones alone; with none of them there is nothing to press."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    mine = holding(world)
    path = f"{A}/va/{numbers(world)['Site']}/instances/{mine}"
    refused = world.central("instance", "remove", ACCOUNT, mine, code=1)["error"]
    assert refused["code"] == "restricted_licences_held"
    assert "1 of Strong encryption" in refused["message"]
    assert "2 of Advantage" in refused["message"]
    asked = owner.get(f"{path}/remove")
    assert "Release only the unrestricted licences?" in text_of(asked)
    assert press(owner, asked).headers["Location"] == path
    assert (world.licence("ADVANTAGE")["in_use"], world.licence("STRONG")["in_use"]) == (0, 1)
    assert "its unrestricted licences were released; 2 of Advantage free again" in text_of(owner.get(f"{path}/events"))
    again = owner.get(f"{path}/remove")
    assert "Release only" not in text_of(again)
    assert owner.post(f"{path}/release").status_code == 409
    error = world.central("instance", "remove", ACCOUNT, mine, "--release-unrestricted", code=1)["error"]
    assert error["code"] == "nothing_to_release"
    plain = holding(world, "SN2", restricted=False)
    other = path.replace(mine, plain)
    assert press(owner, owner.get(f"{other}/remove")).headers["Location"] == path.removesuffix(f"/{mine}")
    assert owner.get(other).status_code == 404


@pytest.mark.row("C6.5", "C7.1", "C7.3")
def test_a_reserving_device_gives_its_code_and_is_removed_by_its_return_code(portal: Portal) -> None:
    """The authorization code is a file for as long as licences are reserved; a wrong return code removes nothing."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    made = reserve(world)
    path = f"{A}/va/{numbers(world)['Site']}/instances/{made['instance']}"
    assert "Download the authorization code" in text_of(owner.get(path))
    update = f"{A}/va/{numbers(world)['Site']}/reservations/{made['id']}/update"
    assert f'href="{update}"' in owner.get(path).get_data(as_text=True)
    assert owner.get(update).status_code == 200
    code = owner.get(f"{path}/authorization")
    assert (code.status_code, "attachment" in code.headers["Content-Disposition"]) == (200, True)
    assert code.get_data(as_text=True).strip() == (world.folder / "code").read_text().strip()
    wrong = press(owner, owner.get(f"{path}/remove"), return_code="nonsense")
    assert wrong.status_code in {409, 422}
    assert owner.get(path).status_code == 200
    bulk = owner.post(f"{path.rsplit('/', 1)[0]}/bulk/remove", {"key": [made["instance"]]})
    assert "removing it needs its return code" in text_of(bulk)


def reserve(world: World) -> dict[str, Any]:
    """Licences reserved for another maker's device."""
    words = ("--request-code", "CE-ZX:1-A6rZG7jGd-75", "--licence", "ADVANTAGE=1", "--output", world.file("code"))
    return world.central("reservation", "create", ACCOUNT, "--virtual-account", "Site", *words)


@pytest.mark.row("C7.2", "C7.3", "C1.3")
def test_many_instances_are_moved_or_removed_with_a_result_for_each(portal: Portal) -> None:
    """The preview judges each; what may not be changed stays, with its reason."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    mine, plain, third = (
        holding(world),
        holding(world, "SN2", restricted=False),
        holding(world, "SN3", restricted=False),
    )
    list_path = f"{A}/va/{numbers(world)['Site']}/instances"
    preview = owner.post(f"{list_path}/bulk/remove", {"key": [mine, plain]})
    assert "Without them can be released: 2 of Advantage" in text_of(preview)
    done = owner.post(f"{list_path}/bulk/remove", {"key": [mine, plain], "step": "act"})
    assert "1 row done" in text_of(done)
    assert set(keys_of(owner, list_path)) == {mine, third}
    target = next(
        one["id"] for one in world.central("virtual-account", "list", ACCOUNT)["items"] if one["name"] == "Spare"
    )
    asked = owner.post(f"{list_path}/bulk/transfer", {"key": [mine, third]})
    assert "Choose where it goes." in text_of(asked)
    judged = owner.post(
        f"{list_path}/bulk/transfer", {"key": [mine, third], "step": "preview", "virtual_account": target}
    )
    previewed = re.findall(r'name="previewed" value="([^"]+)"', judged.get_data(as_text=True))[0].replace("&#34;", '"')
    fields = {"key": [mine, third], "step": "act", "virtual_account": target, "previewed": previewed}
    assert "2 rows done" in text_of(owner.post(f"{list_path}/bulk/transfer", fields))
    assert keys_of(owner, list_path) == []


@pytest.mark.row("C7.4", "C7.7")
def test_licences_that_a_product_brings_are_chosen_reviewed_and_added(portal: Portal) -> None:
    """What is wrong comes back filled; the review is read-only; back keeps what was typed; added once."""
    world, _server, enter = portal
    world.central("catalogue", "import", world.file("products.csv", CATALOGUE))
    world.central("catalogue", "include", "SW-48", "--licence", "Essentials=4", "--licence", "ADVANTAGE=2")
    enter()
    owner = enter("owner", "account_administrator")
    mine = holding(world, restricted=False)
    path = f"{A}/va/{numbers(world)['Site']}/instances/{mine}"
    assert "Add licences to inventory" in text_of(owner.get(path))
    form = owner.get(f"{path}/add-licences")
    assert "Essentials" in text_of(form)
    tags = ["ADVANTAGE", "ESSENTIALS"]
    wrong = owner.post(f"{path}/add-licences", {"tag": tags, "quantity": ["1", "9"], "step": "review"})
    assert (wrong.status_code, 'value="9"' in wrong.get_data(as_text=True)) == (422, True)
    odd = owner.post(f"{path}/add-licences", {"tag": tags, "quantity": ["-1", "x"], "step": "review"})
    assert odd.status_code == 422
    for twice in ({"tag": ["ADVANTAGE", "ADVANTAGE"], "quantity": ["1", "2"]}, {"tag": tags, "quantity": ["1"]}):
        assert owner.post(f"{path}/add-licences", {**twice, "step": "act"}).status_code == 422
    assert (
        owner.post(f"{path}/add-licences", {"tag": tags, "quantity": ["1", "1"], "step": ["x", "act"]}).status_code
        == 422
    )
    assert [one["added"] for one in world.central("instance", "add-licences", ACCOUNT, mine)["items"]] == [False, False]
    review = owner.post(f"{path}/add-licences", {"tag": tags, "quantity": ["", "3"], "step": "review"})
    assert "Nothing takes them back" in text_of(review)
    assert 'type="text"' not in review.get_data(as_text=True).split('id="title"')[-1]
    back = owner.post(f"{path}/add-licences", {"tag": ["ESSENTIALS"], "quantity": ["3"], "step": "back"})
    assert 'value="3"' in back.get_data(as_text=True)
    assert press(owner, review).headers["Location"] == path
    assert world.licence("ESSENTIALS")["purchased"] == 3
    assert "added already" in text_of(owner.get(f"{path}/add-licences"))
    assert "3 of Essentials added to the inventory" in text_of(owner.get(f"{path}/events"))
    again = world.central("instance", "add-licences", ACCOUNT, mine, "--licence", "ESSENTIALS=1", code=1)["error"]
    assert again["code"] == "licence_added_already"
    left = world.central("instance", "add-licences", ACCOUNT, mine)["items"]
    assert [(one["tag"], one["available"]) for one in left] == [("ADVANTAGE", 2), ("ESSENTIALS", 0)]


@pytest.mark.row("C7.4")
def test_a_device_of_which_only_an_unchecked_code_speaks_brings_nothing(portal: Portal) -> None:
    """Anyone can write the code of another maker's device, for any serial: no licences come of it."""
    world, _server, _enter = portal
    world.central("catalogue", "import", world.file("products.csv", CATALOGUE))
    world.central("catalogue", "include", "SW-48", "--licence", "ESSENTIALS=4")
    code = "XX-ZSW-48:MADE-UP-1-smczDWRiK-YK"
    words = ("--virtual-account", "Site", "--request-code", code, "--licence", "ADVANTAGE=1")
    made = world.central("reservation", "create", ACCOUNT, *words, "--output", world.file("code"))
    assert made["verified_code"] is False
    add = ("instance", "add-licences", ACCOUNT, made["instance"])
    assert world.central(*add)["items"] == []
    refused = world.central(*add, "--licence", "ESSENTIALS=4", code=1)["error"]
    assert refused["code"] == "product_not_entitled"
    assert world.central("ledger", "verify")["ok"]
