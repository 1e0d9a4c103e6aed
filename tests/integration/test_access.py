"""Roles: one table says who may do what, and it holds below every edge."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from central.domain.access.errors import NotPermittedError
from central.domain.access.rules import Role
from central.domain.access.services import add_user
from central.domain.accounts.errors import UnknownVirtualAccountError
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.accounts.services import (
    change_account,
    create_account,
    create_virtual_account,
    describe_virtual_account,
)
from central.domain.agreements.services import accept_agreement
from central.domain.ledger.rules import LotSpec
from central.domain.ledger.services import add_lots
from central.domain.policies.services import set_policy
from central.domain.satellites.queries import find_satellite
from central.domain.satellites.services import approve_satellite, rename_satellite
from central.domain.tokens.services import create_token
from central.domain.transfers.services import transfer_licences
from central.runtime import Central, open_central
from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from tests.world import ACCOUNT, World

Act = Callable[[Unit, Central, SmartAccount], Any]


def token_in(name: str) -> Act:
    """Making a token in a virtual account."""

    def act(unit: Unit, made: Central, account: SmartAccount) -> object:
        home = virtual_account(unit, account.id, name)
        terms = {"days": 1, "uses": None, "export_controlled": False, "description": ""}
        return create_token(unit, made.keyring.box, account, home, **terms)

    return act


def moved(unit: Unit, _made: Central, account: SmartAccount) -> object:
    """Moving licences from one virtual account to another."""
    rows = [virtual_account(unit, account.id, name) for name in ("Spare", "DEFAULT")]
    return transfer_licences(unit, rows[0], rows[1], "ADVANTAGE", 1)


VENDOR, SUPPORT = Role.VENDOR_ADMINISTRATOR, Role.VENDOR_SUPPORT
ADMIN, USER = Role.ACCOUNT_ADMINISTRATOR, Role.ACCOUNT_USER
VA_ADMIN, VA_USER = Role.VIRTUAL_ACCOUNT_ADMINISTRATOR, Role.VIRTUAL_ACCOUNT_USER
EVERYONE = {VENDOR, SUPPORT, ADMIN, USER, VA_ADMIN, VA_USER}
# Written down once more, by hand: what the specification gives to each role; VA roles are those of `Spare`.
ALLOWED: dict[str, tuple[Act, set[Role]]] = {
    "set a policy": (lambda unit, *_: set_policy(unit, "grant_days", "90"), {VENDOR}),
    "make an account": (lambda unit, *_: create_account(unit, "x.example", "X", export_allowed=False), {VENDOR}),
    "change an account": (lambda unit, _, account: change_account(unit, account, "New", None), {VENDOR}),
    "give a role": (lambda unit, *_: add_user(unit, "new", Role.VENDOR_SUPPORT, "", ""), {VENDOR}),
    "add licences": (
        lambda unit, _, a: add_lots(
            unit,
            a.id,
            [(virtual_account(unit, a.id, "Spare").id, LotSpec("Spare", "ADVANTAGE", 1))],
            {"ADVANTAGE": "A"},
        ),
        {VENDOR, SUPPORT},
    ),
    "approve a satellite": (
        lambda unit, _, a: approve_satellite(unit, find_satellite(unit, a.id, "North")),
        {VENDOR},
    ),
    "accept the agreement": (lambda unit, _, account: accept_agreement(unit, account), {ADMIN}),
    "make a virtual account": (
        lambda unit, _, account: create_virtual_account(unit, account.id, "New"),
        {VENDOR, ADMIN},
    ),
    "rename a satellite": (
        lambda unit, _, a: rename_satellite(unit, find_satellite(unit, a.id, "North"), "East"),
        {VENDOR, SUPPORT, ADMIN},
    ),
    "describe a virtual account": (
        lambda unit, _, a: describe_virtual_account(unit, virtual_account(unit, a.id, "Spare"), "text"),
        {VENDOR, SUPPORT, ADMIN, VA_ADMIN},
    ),
    "make a token in one's own": (token_in("Spare"), EVERYONE),
    "make a token elsewhere": (token_in("DEFAULT"), EVERYONE - {VA_ADMIN, VA_USER}),
    "move licences between two": (moved, EVERYONE - {VA_ADMIN, VA_USER}),
}


@pytest.mark.row("C1.5")
def test_each_role_does_what_it_is_given_and_nothing_else(vendor: World) -> None:
    """Every role tries every act on the services themselves; a stranger and another account's people do nothing."""
    vendor.central("policy", "set", "satellite_authorization", "approval")
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("reg"))
    add = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site")
    vendor.central(*add, "--registration", vendor.file("reg"))
    vendor.central("account", "create", "other.example", "--name", "Other")
    vendor.central("policy", "set", "agreement_version", "1")
    for role in Role:
        where = [] if role in {VENDOR, SUPPORT} else ["--account", ACCOUNT]
        where += ["--virtual-account", "Spare"] if role in {VA_ADMIN, VA_USER} else []
        vendor.central("user", "add", role.value, "--role", role.value, *where)
    vendor.central("user", "add", "foreign", "--role", ADMIN.value, "--account", "other.example")
    ids = {item["name"]: item["id"] for item in vendor.central("user", "list")["items"]}
    made = open_central(vendor.folder / "central")
    found: dict[str, set[str]] = {name: set() for name in ALLOWED}
    for name, (act, _) in ALLOWED.items():
        for user, number in ids.items():
            with made.database.write(Actor(ActorKind.OPERATOR, "x", "x")) as unit:
                account = by_domain(unit, ACCOUNT)
                unit.actor = Actor(ActorKind.USER, number, user)
                try:
                    act(unit, made, account)
                    found[name].add(user)
                except NotPermittedError:
                    pass
                except UnknownVirtualAccountError:
                    pass  # what one may not see is not there
                unit.session.rollback()
                unit.touched.clear()  # nothing was changed
    made.database.dispose()

    assert found == {name: {role.value for role in roles} for name, (_, roles) in ALLOWED.items()}


@pytest.mark.row("C1.1")
def test_the_list_of_accounts_shows_alerts_and_roles(vendor: World) -> None:
    """Beside each account stand its open major and minor alerts and how many users hold each role."""
    vendor.central("account", "create", "second.example", "--name", "Second")
    for name in ("ann", "bob"):
        vendor.central("user", "add", name, "--role", "account_user", "--account", "second.example")
    items = {item["domain"]: item for item in vendor.central("account", "list")["items"]}

    assert items["second.example"]["alerts"] == {"major": 1, "minor": 0}
    assert items["second.example"]["roles"] == {"account_user": 2}
    assert items[ACCOUNT]["alerts"] == {"major": 0, "minor": 0}


@pytest.mark.row("C1.8", "C12.4")
def test_the_vendor_permits_export_control_and_takes_it_away(vendor: World) -> None:
    """The property shows in what tokens may be; each change is an event, no change is none."""
    words = ("token", "create", ACCOUNT, "--virtual-account", "Spare", "--days", "3", "--export-controlled")
    vendor.central(*words)
    vendor.central("account", "change", ACCOUNT, "--no-export-allowed")
    vendor.central("account", "change", ACCOUNT, "--no-export-allowed")
    refused = vendor.central(*words, code=1)["error"]["code"]
    events = [x for x in vendor.central("events", ACCOUNT)["items"] if x["kind"] == "account:changed"]

    assert refused == "export_not_permitted"
    assert [event["subject"] for event in events] == [{"export_allowed": False}]


@pytest.mark.row("C2.1", "C1.2")
def test_a_virtual_account_is_described_and_renamed(vendor: World) -> None:
    """Its general facts change where they are changed, and are in the log."""
    vendor.central("virtual-account", "describe", ACCOUNT, "Spare", "for spares")
    vendor.central("virtual-account", "rename", ACCOUNT, "Spare", "Depot")
    row = next(x for x in vendor.central("virtual-account", "list", ACCOUNT)["items"] if x["name"] == "Depot")
    kinds = [event["kind"] for event in vendor.central("events", ACCOUNT, "--virtual-account", "Depot")["items"]]

    assert (row["description"], row["default"]) == ("for spares", False)
    assert kinds[:2] == ["virtual_account:renamed", "virtual_account:described"]


@pytest.mark.row("C1.4", "C2.2", "C10.2")
def test_a_new_agreement_is_to_be_accepted_again(vendor: World) -> None:
    """The alert returns under its other name; no token, no registration until someone with authority accepts."""
    token = vendor.token("central", pool="Spare")
    vendor.central("policy", "set", "agreement_version", "2")
    waiting = vendor.alerts()
    words = ("token", "create", ACCOUNT, "--virtual-account", "Spare", "--days", "3")
    refused = vendor.central(*words, code=1)["error"]["code"]
    with pytest.raises(Exception, match="agreement"):
        vendor.device("SN1", "central", token)
    alert = next(x for x in vendor.central("alerts", ACCOUNT)["items"] if x["kind"] == "agreement_updated")
    dismissed = vendor.central("alert", "dismiss", ACCOUNT, alert["id"], code=1)["error"]["code"]
    vendor.central("user", "add", "ann", "--role", "account_user", "--account", ACCOUNT)
    vendor.central("user", "add", "eve", "--role", "account_administrator", "--account", ACCOUNT)
    without = vendor.central("agreement", "accept", ACCOUNT, "--as", "ann", code=1)["error"]["code"]
    accepted = vendor.central("agreement", "accept", ACCOUNT, "--as", "eve")
    vendor.device("SN1", "central", token)

    assert waiting == {"agreement_updated"}
    assert (refused, dismissed, without) == ("agreement_pending", "alert_not_dismissible", "forbidden")
    assert accepted["accepted_by"] == "eve"
    assert vendor.alerts() == set()


@pytest.mark.row("C2.3", "S4.1", "C12.4")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_a_bad_token_is_refused_in_the_same_words_and_its_cause_is_logged(site: World, server: str) -> None:
    """Unknown, revoked, used up, another server's, expired: one answer for the device, the cause for administrators."""
    pool = "Spare" if server == "central" else "Site"
    side = (lambda *w: site.central(*w[:2], ACCOUNT, *w[2:])) if server == "central" else site.satellite
    other = site.token("satellite" if server == "central" else "central", pool="Site" if pool == "Spare" else "Spare")
    terms = ("token", "create", "--virtual-account", pool, "--days")
    revoked, once, short = side(*terms, "9"), side(*terms, "9", "--uses", "1"), side(*terms, "1")
    side("token", "revoke", revoked["id"])
    site.device("FIRST", server, once["token"])
    site.advance("2d")
    said = set()
    for number, text in enumerate(("nonsense", revoked["token"], once["token"], other, short["token"])):
        with pytest.raises(Exception, match="cannot register a device") as refused:
            site.device(f"SN{number}", server, text)
        said.add((type(refused.value), str(refused.value), getattr(refused.value, "reason", "")))
    events = site.central("events", ACCOUNT) if server == "central" else site.satellite("events")
    vendor = site.central("events")["items"] if server == "central" else []
    refusals = [x for x in [*events["items"], *vendor] if x["kind"] == "token:refused"]
    causes = sorted(x["subject"]["cause"] for x in refusals)

    assert len(said) == 1
    assert causes == sorted(["unknown", "unknown", "revoked", "used_up", "expired"])
    assert all(text not in json.dumps(refusals) for text in (revoked["token"], once["token"], short["token"], other))


@pytest.mark.both_databases
@pytest.mark.row("C1.2")
def test_virtual_accounts_are_found_by_the_first_letters_of_name_and_tag(vendor: World) -> None:
    """Tags occur once whatever their case, are taken off again, and go with the virtual account."""
    vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "Depot", "depot", "Europe")
    by_name = vendor.central("virtual-account", "list", ACCOUNT, "--search", "si")["items"]
    by_tag = vendor.central("virtual-account", "list", ACCOUNT, "--search", "EUR")["items"]
    left = vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "EUROPE", "--remove")
    refused = vendor.central("virtual-account", "tag", ACCOUNT, "Spare", "a\tb", code=1)["error"]["code"]

    assert [row["name"] for row in by_name] == ["Site"]
    assert [row["name"] for row in by_tag] == ["Spare"]
    assert len(by_tag[0]["tags"]) == 2
    assert [tag.lower() for tag in left["tags"]] == ["depot"]
    assert refused == "invalid_name"


@pytest.mark.row("C1.2", "C7.1")
def test_a_virtual_account_with_a_device_or_a_token_is_not_empty(vendor: World) -> None:
    """A device that uses nothing and a token that still registers keep it; without both it goes."""
    vendor.central("virtual-account", "create", ACCOUNT, "Lab")
    device = vendor.device("SN1", "central", vendor.token("central", pool="Lab"))
    with_both = vendor.central("virtual-account", "delete", ACCOUNT, "Lab", code=1)["error"]["code"]
    device.deregister()
    with_token = vendor.central("virtual-account", "delete", ACCOUNT, "Lab", code=1)["error"]["code"]
    token = vendor.central("token", "list", ACCOUNT)["items"][0]
    vendor.central("token", "revoke", ACCOUNT, token["id"])
    vendor.central("virtual-account", "delete", ACCOUNT, "Lab")

    assert (with_both, with_token) == ("virtual_account_not_empty", "virtual_account_not_empty")
    assert "Lab" not in {x["name"] for x in vendor.central("virtual-account", "list", ACCOUNT)["items"]}
