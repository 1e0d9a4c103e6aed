"""Accounts, virtual accounts, agreement, users and tokens, as the commands show them."""

from __future__ import annotations

import pytest

from tests.world import ACCOUNT, World


@pytest.mark.row("C1.1", "C1.2")
def test_an_account_begins_with_one_default_virtual_account(vendor: World) -> None:
    """A new account has exactly one default; moving the mark leaves exactly one."""
    vendor.central("virtual-account", "default", ACCOUNT, "Site")
    items = vendor.central("virtual-account", "list", ACCOUNT)["items"]

    assert [item["name"] for item in items if item["default"]] == ["Site"]
    assert ACCOUNT in {item["domain"] for item in vendor.central("account", "list")["items"]}


@pytest.mark.row("C1.2")
def test_only_an_empty_virtual_account_is_deleted(vendor: World) -> None:
    """One with licences and the default one stay; an empty one goes."""
    vendor.central("virtual-account", "create", ACCOUNT, "Empty")
    codes = {
        name: vendor.central("virtual-account", "delete", ACCOUNT, name, code=1)["error"]["code"]
        for name in ("DEFAULT", "Site")
    }
    vendor.central("virtual-account", "delete", ACCOUNT, "Empty")

    assert codes == {"DEFAULT": "default_virtual_account", "Site": "virtual_account_not_empty"}
    assert "Empty" not in {item["name"] for item in vendor.central("virtual-account", "list", ACCOUNT)["items"]}


@pytest.mark.both_databases
@pytest.mark.row("C1.2")
def test_names_of_virtual_accounts_are_unique(vendor: World) -> None:
    """The same name again is refused and nothing is made."""
    before = len(vendor.central("virtual-account", "list", ACCOUNT)["items"])
    refused = vendor.central("virtual-account", "create", ACCOUNT, "Site", code=1)

    assert refused["error"]["code"] == "virtual_account_exists"
    assert len(vendor.central("virtual-account", "list", ACCOUNT)["items"]) == before


@pytest.mark.row("C1.4", "C2.2")
def test_without_the_agreement_no_token_is_made(empty_world: World) -> None:
    """While the agreement waits a token is refused with the reason, and an alert says what to do."""
    world = empty_world
    world.central("init", "--vendor", "V", "--root-keys", world.file("keys"), "--lab")
    world.central("account", "create", ACCOUNT, "--name", "Customer")
    words = ("token", "create", ACCOUNT, "--virtual-account", "DEFAULT", "--days", "3")
    refused = world.central(*words, code=1)["error"]
    pending = world.alerts()
    world.central("agreement", "accept", ACCOUNT)
    made = world.central(*words)

    assert refused["code"] == "agreement_pending"
    assert pending == {"agreement_pending"}
    assert made["token"]
    assert world.alerts() == set()


@pytest.mark.row("C1.3", "C2.2")
def test_virtual_account_of_a_satellite_belongs_to_the_site(site: World) -> None:
    """Central makes no token there, does not delete it and does not make it the default."""
    token = site.central("token", "create", ACCOUNT, "--virtual-account", "Site", "--days", "3", code=1)
    deleted = site.central("virtual-account", "delete", ACCOUNT, "Site", code=1)
    default = site.central("virtual-account", "default", ACCOUNT, "Site", code=1)

    assert {x["error"]["code"] for x in (token, deleted, default)} == {"managed_by_satellite"}


@pytest.mark.row("C1.3")
def test_devices_of_a_site_are_moved_and_removed_on_the_site_only(site: World) -> None:
    """Central shows them and refuses to change them."""
    device = site.device("SN1")
    site.synchronize()
    number = str(device.state.instance)
    moved = site.central("instance", "transfer", ACCOUNT, number, "--to", "Spare", code=1)
    removed = site.central("instance", "remove", ACCOUNT, number, code=1)

    assert {x["error"]["code"] for x in (moved, removed)} == {"managed_by_satellite"}


@pytest.mark.row("C2.3")
def test_a_revoked_token_registers_nothing_and_can_then_be_removed(site: World) -> None:
    """An active token is not removed; revoked it registers nothing; then it goes from the list."""
    made = site.satellite("token", "create", "--virtual-account", "Site", "--days", "3")
    early = site.satellite("token", "remove", made["id"], code=1)["error"]["code"]
    site.satellite("token", "revoke", made["id"])
    with pytest.raises(Exception, match="cannot register a device"):
        site.device("SN1", token=made["token"])
    site.satellite("token", "remove", made["id"])

    assert early == "token_active"
    assert site.satellite("token", "list")["items"] == []


@pytest.mark.both_databases
@pytest.mark.row("C2.2", "C2.3")
def test_a_token_with_one_use_registers_one_device(site: World) -> None:
    """The second device is refused in the same words as with a wrong token; the same device may repeat."""
    made = site.satellite("token", "create", "--virtual-account", "Site", "--days", "3", "--uses", "1")
    site.device("SN1", token=made["token"])
    with pytest.raises(Exception, match="cannot register a device here") as used_up:
        site.device("SN2", token=made["token"])
    with pytest.raises(Exception, match="cannot register a device here") as wrong:
        site.device("SN3", token="pst_wrong")

    assert str(used_up.value) == str(wrong.value)
    assert len(site.satellite("instances")["items"]) == 1


@pytest.mark.row("C2.2")
def test_token_terms_outside_their_range_are_refused(site: World) -> None:
    """1 to 365 days, at least one use; a refused token is not in the list."""
    for option, value in (("--days", "0"), ("--days", "366"), ("--uses", "0")):
        words = ["--virtual-account", "Site", "--days", "3", option, value]
        refused = site.satellite("token", "create", *words, code=1)

        assert refused["error"]["code"] == "invalid_token_terms", (option, value)
    assert site.satellite("token", "list")["items"] == []


@pytest.mark.row("C2.2", "C8.1")
def test_export_control_is_offered_only_where_the_account_is_permitted(empty_world: World) -> None:
    """An account without the permission gets no token for restricted licences."""
    empty_world.found_central(export_allowed=False)
    words = ("--virtual-account", "Spare", "--days", "3", "--export-controlled")
    refused = empty_world.central("token", "create", ACCOUNT, *words, code=1)

    assert refused["error"]["code"] == "export_not_permitted"


@pytest.mark.row("C1.5", "C1.6")
def test_a_user_of_one_virtual_account_changes_nothing_elsewhere(vendor: World) -> None:
    """The role is enforced below the command: another virtual account and the vendor's rows are refused."""
    vendor.central(
        "user", "add", "uma", "--role", "virtual_account_user", "--account", ACCOUNT, "--virtual-account", "Spare"
    )
    refused = vendor.central("agreement", "accept", ACCOUNT, "--as", "uma", code=1)

    assert refused["error"]["code"] == "forbidden"


@pytest.mark.row("C1.8", "C12.4")
def test_every_change_is_in_the_event_log_with_its_actor(vendor: World) -> None:
    """Who did what and when is in the log, the newest first."""
    vendor.central("virtual-account", "create", ACCOUNT, "Lab")
    newest = vendor.central("events", ACCOUNT)["items"][0]

    assert newest["kind"] == "virtual_account:created"
    assert newest["actor"] == "console"
    assert "Lab" in newest["message"]
