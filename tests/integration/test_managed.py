"""What a satellite manages, central never pretends to change; and what the agreement keeps a site from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import satellite.sync.make_request as making
from agent.device import Device
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.files.site_rows import TokenRow
from exchange.identity import Udi
from tests.integration.test_reservation_updates import started, update
from tests.world import ACCOUNT, World


@pytest.mark.row("C1.3", "C2.3")
def test_a_satellites_token_is_changed_on_the_site_only(site: World) -> None:
    """Central shows what the site last said, and when; it refuses to revoke or remove, and says where that is done."""
    token = site.satellite("token", "create", "--virtual-account", "Site", "--days", "30")
    site.synchronize("a")
    shown = site.central("token", "list", ACCOUNT)["items"][0]
    said = site.central("satellite", "list", ACCOUNT)["items"][0]["last_sync"]
    refused = [site.central("token", word, ACCOUNT, token["id"], code=1)["error"] for word in ("revoke", "remove")]
    still = site.device("SN1", token=token["token"])
    site.satellite("token", "revoke", token["id"])
    site.synchronize("b")

    assert (shown["state"], shown["satellite_name"]) == ("active", "North")
    assert shown["as_of"] == said
    assert {error["code"] for error in refused} == {"managed_by_satellite"}
    assert all("North" in error["message"] for error in refused)
    assert f"satellite token revoke {token['id']}" in refused[0]["remedy"]
    assert still.state.instance
    assert site.central("token", "list", ACCOUNT)["items"][0]["state"] == "revoked"


@pytest.mark.row("C2.3", "C11.3")
def test_tokens_of_a_removed_satellite_are_not_active(site: World) -> None:
    """They register nothing at central, are shown as revoked, and can be removed from its list."""
    token = site.satellite("token", "create", "--virtual-account", "Site", "--days", "30")
    site.synchronize()
    site.central("satellite", "remove", ACCOUNT, "North")
    shown = site.central("token", "list", ACCOUNT)["items"][0]
    with pytest.raises(Exception, match="cannot register a device"):
        site.device("SN1", "central", token["token"])
    site.central("token", "remove", ACCOUNT, token["id"])

    assert shown["state"] == "revoked"
    assert site.central("token", "list", ACCOUNT)["items"] == []


@pytest.mark.row("C1.2", "C1.3")
def test_why_a_satellites_virtual_account_stays(site: World) -> None:
    """The refusal to delete it names the satellite and says when it can go; that to make a token names the site's command."""
    deleted = site.central("virtual-account", "delete", ACCOUNT, "Site", code=1)["error"]
    token = site.central("token", "create", ACCOUNT, "--virtual-account", "Site", "--days", "3", code=1)["error"]

    assert "North" in deleted["message"]
    assert "when satellite North is removed" in deleted["remedy"]
    assert "`satellite token create" in token["remedy"]


@pytest.mark.row("S4.1", "C2.2")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_a_token_of_another_virtual_account_is_refused_at_a_second_registration(site: World, server: str) -> None:
    """The device is told; it stays where it was with its use, no token is used, and its own token still serves."""
    if server == "satellite":
        site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
        site.synchronize()
    mine, other = ("DEFAULT", "Spare") if server == "central" else ("Site", "Spare")
    own, foreign = site.token(server, pool=mine), site.token(server, pool=other)
    device = site.device("SN1", server, own)
    for key in ("same", "new"):
        again = device if key == "same" else site.unregistered("SN1-new", server)
        with pytest.raises(Exception, match="another virtual account") as refused:
            _register(site, again, foreign)
        assert getattr(refused.value, "reason", "") == "other_virtual_account"
    _register(site, device, own)
    seen = site.central("instances", ACCOUNT) if server == "central" else site.satellite("instances")
    tokens = site.central("token", "list", ACCOUNT) if server == "central" else site.satellite("token", "list")

    assert [row["virtual_account"] for row in seen["items"]] == [mine]
    assert {row["virtual_account"]: row["uses"] for row in tokens["items"]} == {mine: 1, other: 0}


def _register(world: World, device: Device, token: str) -> None:
    registration_request = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial="SN1"))
    device.register(
        registration_request, (world.folder / "root.json").read_bytes(), Server("https://in.process", None, None)
    )


@pytest.mark.row("C1.4", "S3.2", "S4.1")
def test_a_site_tells_of_a_pending_agreement_and_refuses_what_is_new_after_the_grace(site: World) -> None:
    """The alert comes with the response; after the days of grace no token and no new device, while all else goes on."""
    token = site.token()
    first = site.device("SN1", token=token)
    site.central("policy", "set", "agreement_grace_days", "10")
    site.central("policy", "set", "agreement_version", "2")
    site.synchronize("a")
    reply = site.alerts("satellite")
    site.advance("9d", first)
    site.device("SN2", token=token)
    site.advance("1d", first)
    refused = site.satellite("token", "create", "--virtual-account", "Site", "--days", "3", code=1)["error"]
    with pytest.raises(Exception, match="agreement") as device:
        site.device("SN3", token=token)
    _register(site, first, token)
    first.use("ADVANTAGE", 1)
    status = site.satellite("status")
    site.central("agreement", "accept", ACCOUNT)
    site.synchronize("b")
    site.device("SN3", token=site.token())

    assert "agreement_pending" in reply
    assert refused["code"] == getattr(device.value, "reason", "") == "agreement_pending"
    assert status["agreement_pending"] == 2
    assert "agreement_pending" not in site.alerts("satellite")
    assert len(site.satellite("instances")["items"]) == 3


@pytest.mark.row("C1.4")
def test_an_agreement_that_was_never_accepted_waits_since_the_account_is_there(empty_world: World) -> None:
    """With no days of grace the site refuses from its authorization on; acceptance and one round trip open it."""
    world = empty_world
    world.found_central()
    world.central("account", "create", "new.example", "--name", "New")
    world.central("virtual-account", "create", "new.example", "Plant")
    world.central("policy", "set", "agreement_grace_days", "0")
    world.satellite("init", "--name", "South", "--root", world.file("root.json"), "--lab")
    world.satellite("registration", "export", "--output", world.file("reg"))
    add = ("satellite", "add", "new.example", "--name", "South", "--virtual-account", "Plant")
    world.central(*add, "--registration", world.file("reg"))
    world.central("satellite", "authorize", "new.example", "South", "--output", world.file("auth"))
    world.satellite("registration", "import", world.file("auth"))
    words = ("token", "create", "--virtual-account", "Plant", "--days", "3")
    refused = world.satellite(*words, code=1)["error"]["code"]
    world.central("agreement", "accept", "new.example")
    world.synchronize()
    world.satellite(*words)

    assert refused == "agreement_pending"
    assert world.central("policy", "set", "agreement_grace_days", "91", code=1)["error"]["code"] == "invalid_policy"


@pytest.mark.both_databases
@pytest.mark.row("C1.5", "C1.7")
def test_a_role_is_taken_away_and_does_not_outlive_its_virtual_account(vendor: World) -> None:
    """Who lost a role may no more; deleting a virtual account takes its roles; what is not held is not taken."""
    vendor.central("virtual-account", "create", ACCOUNT, "Lab")
    pool = ("--account", ACCOUNT, "--virtual-account", "Lab")
    vendor.central("user", "add", "uma", "--role", "virtual_account_user", *pool)
    vendor.central("user", "add", "eve", "--role", "account_administrator", "--account", ACCOUNT)
    vendor.central("virtual-account", "delete", ACCOUNT, "Lab")
    orphans = [x for x in vendor.central("user", "list", "--account", ACCOUNT)["items"] if x["name"] == "uma"]
    role = ("--role", "account_administrator", "--account", ACCOUNT)
    vendor.central("user", "remove-role", "EVE", *role)
    refused = vendor.central("agreement", "accept", ACCOUNT, "--as", "eve", code=1)["error"]["code"]
    again = vendor.central("user", "remove-role", "eve", *role, code=1)["error"]["code"]
    kinds = [event["kind"] for event in vendor.central("events", ACCOUNT)["items"]]

    assert orphans == []
    assert (refused, again) == ("unknown_account", "role_not_held")
    assert kinds.count("user:role_taken") == 2
    assert {(x["name"], x["role"]) for x in vendor.central("user", "list")["items"]} == {("uma", None), ("eve", None)}


@pytest.mark.row("C1.4", "C6.3")
def test_a_reservation_is_updated_while_the_agreement_waits(vendor: World) -> None:
    """Only tokens and new products wait for it; what is reserved may be raised, lowered and confirmed."""
    _, row, _ = started(vendor, "ADVANTAGE=1")
    vendor.central("policy", "set", "agreement_version", "2")
    updated = update(vendor, row["id"], "ADVANTAGE=2")
    new = (
        "--request-code",
        "CB-ZSW-48:SN9-A6rZG7jGd-75",
        "--licence",
        "ADVANTAGE=1",
        "--output",
        vendor.file("new.xml"),
    )
    made = vendor.central("reservation", "create", ACCOUNT, "--virtual-account", "Spare", *new, code=1)["error"]["code"]

    assert updated
    assert made == "agreement_pending"


@pytest.mark.row("C6.1", "C6.4", "C6.5")
def test_codes_are_read_as_people_paste_them_where_that_is_safe(vendor: World) -> None:
    """Line breaks, typographic hyphens and unseen signs go; small letters are taken where the check value proves them."""
    device = vendor.unregistered("AIR-1", "central")
    root = (vendor.folder / "root.json").read_bytes()
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    head, digits, check = code.rsplit("-", 2)
    pasted = f"\ufeff{head.lower()}\u2011{digits}\r\n\u2013 {check}\u200b"
    words = ("--licence", "ADVANTAGE=1", "--output", vendor.file("code"))
    create = ("reservation", "create", ACCOUNT, "--virtual-account", "Spare", "--request-code")
    lost = vendor.central(*create, code.lower(), *words, code=1)["error"]
    made = vendor.central(*create, pasted, *words)
    device.reserve_install((vendor.folder / "code").read_text())
    shown = device.reserve_confirmation()
    confirmed = vendor.central(
        "reservation", "confirm", ACCOUNT, made["id"], "--code", f" cp{shown[2:]} ".replace("-", "\u2010")
    )

    assert lost["code"] == "invalid_code"
    assert "capitals and small letters count" in lost["message"]
    assert made["request_code"] == code
    assert confirmed["installed"]


@pytest.mark.row("C2.3", "S3.2", "S4.1")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_a_token_is_known_with_what_came_along_when_it_was_pasted(site: World, server: str) -> None:
    """It registers with blanks and line ends around it, and is revoked by its id or its text; a wrong one is not repeated."""
    pool = "DEFAULT" if server == "central" else "Site"
    text = site.token(server, pool=pool)
    site.device("SN1", server, f"\ufeff {text} ")
    words = ("token", "revoke", *((ACCOUNT,) if server == "central" else ()))
    side = site.central if server == "central" else site.satellite
    revoked = side(*words, f" {text}\n")
    again = side(*words, f"{revoked['id']} ")
    wrong = side(*words, text[:-2] + "xx", code=1)["error"]

    assert revoked["state"] == again["state"] == "revoked"
    assert wrong["code"] == "unknown_token"
    assert text[4:12] not in wrong["message"]


def forged_token(site: World, monkeypatch: pytest.MonkeyPatch, token: str) -> str:
    """A request of the site that gives its own token the id of another one."""
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "30")
    usual = making._rows

    def forged(*words: Any, **more: Any) -> Iterator[Any]:
        for row in usual(*words, **more):
            yield replace(row, id=token) if isinstance(row, TokenRow) else row

    monkeypatch.setattr(making, "_rows", forged)
    request = site.file("request")
    site.satellite("sync", "export", "--output", request)
    return request


@pytest.mark.row("C2.3", "E2")
def test_a_site_cannot_write_over_a_token_of_central(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file signed by the site that names the id of one of central's tokens is refused; the token stays as it is."""
    central = site.central("token", "create", ACCOUNT, "--virtual-account", "Spare", "--days", "30")
    request = forged_token(site, monkeypatch, central["id"])
    refused = site.central("sync", "import", request, "--output", site.file("response"), code=1)["error"]
    kept = next(row for row in site.central("token", "list", ACCOUNT)["items"] if row["id"] == central["id"])

    assert refused["code"] == "malformed"
    assert (kept["state"], kept["virtual_account"]) == ("active", "Spare")


@pytest.mark.row("C2.3", "C11.3", "E2")
def test_a_site_cannot_take_over_a_token_of_another_site(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token stays the other site's for as long as central knows that site; what a removed one left refuses no file."""
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.found_satellite("South", home="satellite-2", pool="South")
    made = site.satellite("token", "create", "--virtual-account", "South", "--days", "30", home="satellite-2")
    site.satellite("sync", "export", "--output", site.file("south"), home="satellite-2")
    site.central("sync", "import", site.file("south"), "--output", site.file("south-response"))
    request = forged_token(site, monkeypatch, made["id"])
    refused = site.central("sync", "import", request, "--output", site.file("response"), code=1)["error"]
    kept = next(row for row in site.central("token", "list", ACCOUNT)["items"] if row["id"] == made["id"])
    site.central("satellite", "remove", ACCOUNT, "South")
    site.central("sync", "import", request, "--output", site.file("response"))

    assert refused["code"] == "malformed"
    assert (kept["satellite_name"], kept["virtual_account"]) == ("South", "South")
    assert site.satellite("sync", "import", site.file("response"))["outcome"] == "applied"
