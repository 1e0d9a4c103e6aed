"""Names that a reader cannot tell apart, hints for names that are not there, and names that central changes."""

from __future__ import annotations

import json

import pytest

from central.app import make_app as central_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, central_token, satellite_token
from tests.world import ACCOUNT, World

UNSEEN = {
    " Lab": "SPACE (U+0020)",
    "Lab ": "SPACE (U+0020)",
    "La\u200bb": "ZERO WIDTH SPACE (U+200B)",
    "La\u200fb": "RIGHT-TO-LEFT MARK (U+200F)",
    "\ufeffLab": "ZERO WIDTH NO-BREAK SPACE (U+FEFF)",
    "La\u00a0b": "NO-BREAK SPACE (U+00A0)",
    "La\u3164b": "HANGUL FILLER (U+3164)",
    "La  b": "two blanks in a row",
}
ALIKE = {
    "SITE": "only the case",
    "Ѕite": "CYRILLIC CAPITAL LETTER DZE (U+0405)",
    "Ｓite": "only the case or the form",
    "Sιte": "GREEK SMALL LETTER IOTA (U+03B9)",
}


@pytest.mark.row("C1.2", "C1.7")
def test_a_name_with_what_nobody_sees_is_refused_and_the_character_named(vendor: World) -> None:
    """Blanks at the ends and in a row, zero width characters and marks of direction name nothing, anywhere."""
    ways = {
        "account": lambda name: ("account", "create", "x.example", f"--name={name}"),
        "virtual account": lambda name: ("virtual-account", "create", ACCOUNT, "--", name),
        "user": lambda name: ("user", "add", "--role", "vendor_support", "--", name),
        "tag": lambda name: ("virtual-account", "tag", ACCOUNT, "Spare", "--", name),
        "renamed": lambda name: ("virtual-account", "rename", ACCOUNT, "Spare", "--", name),
    }
    before = json.dumps([vendor.central("virtual-account", "list", ACCOUNT), vendor.central("user", "list")])
    for what, way in ways.items():
        for name, called in UNSEEN.items():
            error = vendor.central(*way(name), code=1)["error"]
            assert error["code"] == "invalid_name", what
            assert called in error["message"], what

    assert json.dumps([vendor.central("virtual-account", "list", ACCOUNT), vendor.central("user", "list")]) == before


@pytest.mark.both_databases
@pytest.mark.row("C1.2", "C11.3")
def test_a_name_that_reads_like_one_that_is_there_is_refused(site: World) -> None:
    """Other case, wide letters and letters of other alphabets do not make another virtual account, account or satellite."""
    site.central("virtual-account", "create", ACCOUNT, "Ostbahn")
    for name, said in ALIKE.items():
        made = site.central("virtual-account", "create", ACCOUNT, name, code=1)["error"]
        moved = site.central("virtual-account", "rename", ACCOUNT, "Ostbahn", name, code=1)["error"]
        assert {made["code"], moved["code"]} == {"name_too_similar"}
        assert "'Site'" in made["message"]
        assert said in made["message"]
    other = site.central("account", "create", "second.example", "--name", "CUSTOMER", code=1)["error"]
    same = site.central("account", "create", "second.example", "--name", "Customer", code=1)["error"]
    site.central("virtual-account", "rename", ACCOUNT, "Ostbahn", "OSTBAHN")

    assert (other["code"], same["code"]) == ("name_too_similar", "account_exists")


@pytest.mark.both_databases
@pytest.mark.row("C1.7", "C1.5")
def test_a_user_is_one_whatever_the_case_of_the_name(vendor: World) -> None:
    """`anna` and `ANNA` hold their roles together; a look-alike of another alphabet is no one's name."""
    first = vendor.central("user", "add", "anna", "--role", "vendor_support")
    again = vendor.central("user", "add", "ANNA", "--role", "account_user", "--account", ACCOUNT)
    twice = vendor.central("user", "add", "Anna", "--role", "vendor_support", code=1)["error"]["code"]
    foreign = vendor.central("user", "add", "аnna", "--role", "vendor_support", code=1)["error"]
    accepted = vendor.central("user", "add", "Anna", "--role", "account_administrator", "--account", ACCOUNT)
    vendor.central("agreement", "accept", ACCOUNT, "--as", "aNNa")

    assert first["id"] == again["id"] == accepted["id"]
    assert (twice, foreign["code"]) == ("role_exists", "name_too_similar")
    assert "CYRILLIC SMALL LETTER A" in foreign["message"]
    assert {x["name"] for x in vendor.central("user", "list")["items"]} == {"anna"}


@pytest.mark.both_databases
@pytest.mark.row("C1.2")
def test_tags_are_compared_and_kept_by_one_rule(vendor: World) -> None:
    """A tag that grows when its letters are folded is neither cut nor taken for another; it goes by any of its forms."""
    vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "s" * 64)
    both = vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "ß" * 64, "ﷺ" * 64)["tags"]
    same = vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "ẞ" * 64)["tags"]
    left = vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "ẞ" * 64, "S" * 64, "--remove")["tags"]
    long = vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "s" * 65, code=1)["error"]["code"]

    assert sorted(both) == sorted(same) == sorted(["s" * 64, "ß" * 64, "ﷺ" * 64])
    assert left == ["ﷺ" * 64]
    assert long == "invalid_name"


@pytest.mark.row("C1.2")
def test_a_name_that_is_not_there_brings_the_one_that_may_be_meant(site: World) -> None:
    """Accounts, virtual accounts, satellites and users, on both servers; nothing is guessed from what is far off."""
    site.central("user", "add", "anna", "--role", "vendor_support")
    token = ("token", "create", "--virtual-account", "site", "--days", "3")
    said = [
        site.central("virtual-account", "list", "custmer.example", code=1),
        site.central("licences", ACCOUNT, "--virtual-account", "spare", code=1),
        site.central("satellite", "rename", ACCOUNT, "Nort", "South", code=1),
        site.central("user", "remove-role", "ana", "--role", "vendor_support", code=1),
        site.satellite(*token, code=1),
    ]
    far = site.central("licences", ACCOUNT, "--virtual-account", "Elsewhere", code=1)["error"]["message"]

    for found, name in zip(said, (ACCOUNT, "Spare", "North", "anna", "Site"), strict=True):
        assert f"did you mean '{name}'?" in found["error"]["message"]
    assert "did you mean" not in far


@pytest.mark.row("C2.1", "C1.3")
def test_licences_policies_jobs_and_choices_bring_what_may_be_meant(site: World) -> None:
    """By command and through REST, on both servers."""
    site.central("user", "add", "root", "--role", "vendor_administrator")
    move = ("--from", "Site", "--to", "Spare", "--quantity", "1")
    said = {
        "ADVANTAGE": site.central("licence", "transfer", ACCOUNT, "ADVANTGE", *move, code=1),
        "Strong encryption": site.central(
            "ledger", "explain", ACCOUNT, "Strong encrypton", "--virtual-account", "Site", code=1
        ),
        "grant_days": site.central("policy", "set", "grant_day", "30", code=1),
        "alerts": site.central("jobs", "run", "alert", code=1),
        "devices": site.satellite("jobs", "run", "device", code=1),
        "hostname": site.satellite("privacy", "set", "hostnam", "drop", code=1),
    }
    central = Api(central_app(open_central(site.folder / "central")), central_token(site, "write"))
    local = Api(satellite_app(open_satellite(site.folder / "satellite")), satellite_token(site))
    asked = {
        "grant_days": central.ask("PUT", "/policies/grant_day", {"value": "30"}),
        "alerts": central.ask("POST", "/jobs/alert/run"),
        "devices": local.ask("POST", "/jobs/device/run"),
    }

    for name, found in said.items():
        assert f"did you mean '{name}'?" in found["error"]["message"]
    for name, (status, problem) in asked.items():
        assert status in {404, 422}
        assert f"did you mean '{name}'?" in problem["detail"]


@pytest.mark.row("C11.3", "C1.2")
def test_names_that_central_changes_reach_the_site_with_the_next_response(site: World) -> None:
    """Satellite, account and virtual account are called on the site as at central; the site's log tells it."""
    site.central("satellite", "rename", ACCOUNT, "North", "North hall")
    site.central("account", "change", ACCOUNT, "--name", "Customer Limited", "--no-export-allowed")
    site.central("virtual-account", "rename", ACCOUNT, "Site", "Hall")
    site.synchronize()
    device = site.device("SN1", token=site.token(export=False, pool="Hall"))
    events = [event["message"] for event in site.satellite("events")["items"]]
    restricted = ("token", "create", "--virtual-account", "Hall", "--days", "3", "--export-controlled")

    assert site.satellite("status")["name"] == "North hall"
    assert device.state.account == "Customer Limited"
    assert any("North hall" in message for message in events)
    assert any("Customer Limited" in message for message in events)
    assert site.satellite(*restricted, code=1)["error"]["code"] == "export_not_permitted"


@pytest.mark.row("C11.1")
def test_satellite_exists_says_which_of_name_and_machine(site: World) -> None:
    """A taken name and a registered machine are told apart, each with its own way out."""
    site.central("virtual-account", "create", ACCOUNT, "Lab")
    add = ("satellite", "add", ACCOUNT, "--virtual-account", "Lab")
    site.satellite("init", "--name", "x", "--root", site.file("root.json"), "--lab", home="satellite-2")
    site.satellite("registration", "export", "--output", site.file("other"), home="satellite-2")
    machine = site.central(*add, "--name", "New", "--registration", site.file("registration"), code=1)["error"]
    name = site.central(*add, "--name", "North", "--registration", site.file("other"), code=1)["error"]
    alike = site.central(*add, "--name", "NORTH", "--registration", site.file("other"), code=1)["error"]

    assert machine["code"] == name["code"] == "satellite_exists"
    assert "this machine is registered already, as satellite 'North'" in machine["message"]
    assert "another machine is registered under the name 'North'" in name["message"]
    assert alike["code"] == "name_too_similar"
