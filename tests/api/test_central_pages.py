"""Central's portal: the first administrator, places and what each person sees of them, users, agreement, tokens, alerts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest

from central.app import make_app
from central.runtime import Central, open_central
from serverkit.users.first import SETUP_CODE
from tests.console import Browser, press
from tests.served import cheap_hashes
from tests.world import ACCOUNT, World, call

PASSWORD = "a long enough secret"
A = f"/a/{ACCOUNT}"
Enter = Callable[..., Browser]


@pytest.fixture
def portal(vendor: World) -> Iterator[tuple[World, Central, Enter]]:
    """The vendor's central; `enter(name, role, pool)` signs someone in who holds a role of the account, or the vendor's."""
    server = open_central(vendor.folder / "central")
    app = make_app(server).rest
    secret = vendor.file("secret", PASSWORD + "\n")

    def enter(name: str = "anna", role: str = "vendor_administrator", pool: str | None = None) -> Browser:
        account = () if role.startswith("vendor") else ("--account", ACCOUNT)
        vendor.central("user", "add", name, "--role", role, *account, *(("--virtual-account", pool) if pool else ()))
        vendor.central("user", "password", name, "--password-file", secret)
        browser = Browser(app)
        assert browser.sign_in(name, PASSWORD).status_code == 303
        return browser

    with cheap_hashes():
        yield vendor, server, enter
    server.database.dispose()


def text_of(found: Any) -> str:
    """What a person reads on a page."""
    text = found if isinstance(found, str) else found.get_data(as_text=True)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def numbers(world: World) -> dict[str, str]:
    """The numbers of the virtual accounts by name."""
    rows = world.central("virtual-account", "list", ACCOUNT)["items"]
    return {one["name"]: str(one["number"]) for one in rows}


def keys_of(browser: Browser, path: str) -> list[str]:
    """The keys of the rows of a list."""
    return re.findall(r'data-row="([^"]+)"', browser.get(path).get_data(as_text=True))


@pytest.mark.row("C1.5")
def test_the_console_waits_for_its_first_administrator_and_nothing_else_does(vendor: World) -> None:
    """`init` gives a code; pages lead to it, programs and satellites are served; the code makes one administrator."""
    code = (vendor.folder / "central" / SETUP_CODE).read_text(encoding="ascii").strip()
    server = open_central(vendor.folder / "central")
    browser = Browser(make_app(server).rest)
    assert browser.get("/a").headers["Location"] == "/setup/code"
    assert call(make_app(server), "GET", "/api/v1/me")[0] == 401
    assert call(make_app(server), "POST", "/sync/v1/request", b"x")[0] in {400, 401, 422}

    form = {"code": "0000-0000-0000-0000", "name": "Anna", "password": PASSWORD}

    def send(**fields: str) -> Any:
        return press(browser, browser.get("/setup/code"), **{**form, **fields})

    refused = send()
    assert (refused.status_code, "setup_code_refused" in refused.get_data(as_text=True)) == (401, True)
    assert send(code=code, password="short").status_code == 422
    assert send(code=code).headers["Location"] == "/"
    assert "Smart accounts" in text_of(browser.get("/a"))
    assert Browser(browser.app).get("/setup/code").headers["Location"] == "/"
    assert not (vendor.folder / "central" / SETUP_CODE).exists()
    assert vendor.central("setup", "code", code=1)["error"]["code"] == "administrator_exists"
    eve = Browser(browser.app)
    assert eve.post("/setup/code", {**form, "code": code, "name": "Eve"}).headers["Location"] == "/"
    assert eve.get("/a").headers["Location"].startswith("/sign-in")
    server.database.dispose()


@pytest.mark.row("C1.5")
def test_a_password_by_command_opens_the_console_and_voids_the_code(portal: tuple[World, Central, Enter]) -> None:
    """An administrator without a password, as programs have one, does not; with one the code makes no one any more."""
    world, _server, enter = portal
    made = world.central("setup", "code")["setup_code"]
    world.central("user", "add", "script", "--role", "vendor_administrator")
    assert world.central("setup", "code")["setup_code"] != made
    admin = enter()
    assert admin.get("/a").status_code == 200
    assert world.central("setup", "code", code=1)["error"]["code"] == "administrator_exists"
    sent = {"code": made, "name": "Eve", "password": PASSWORD}
    eve = Browser(admin.app)
    assert eve.post("/setup/code", sent).headers["Location"] == "/"
    assert eve.get("/a").headers["Location"].startswith("/sign-in")
    assert "Eve" not in [one["name"] for one in world.central("user", "list")["items"]]


@pytest.mark.row("C1.1", "C1.5", "C1.6")
def test_each_person_sees_the_places_of_the_own_roles_and_no_others(portal: tuple[World, Central, Enter]) -> None:
    """Others' accounts and virtual accounts are not there (404); pickers, lists and search hold only what may be seen."""
    world, _server, enter = portal
    world.central("account", "create", "other.example", "--name", "Other <b>Customer</b>")
    number = numbers(world)
    admin = enter()
    owner = enter("owner", "account_administrator")
    guest = enter("guest", "virtual_account_user", "Spare")

    accounts = text_of(admin.get("/a"))
    assert "Other <b>Customer</b>" in accounts
    assert "Account administrator: 1" in accounts
    assert "<b>Customer</b>" not in admin.get("/a").get_data(as_text=True)
    assert owner.get("/").headers["Location"] == f"{A}/alerts"
    assert admin.get("/").headers["Location"] == "/a"
    for browser in (owner, guest):
        assert keys_of(browser, "/a") == keys_of(browser, "/a?q=customer")
        assert len(keys_of(browser, "/a")) == 1
        assert browser.get("/a/other.example/va").status_code == 404
        assert "Other" not in text_of(browser.get("/search?q=other"))
    assert "Choose another account" in admin.get(f"{A}/va").get_data(as_text=True)
    assert "Choose another account" not in owner.get(f"{A}/va").get_data(as_text=True)

    assert guest.get(f"{A}/va/{number['Spare']}/general").status_code == 200
    for path in (f"va/{number['Site']}/general", f"va/{number['Site']}/edit", "va/0/general", "va/x/general"):
        assert guest.get(f"{A}/{path}").status_code == 404, path
    assert guest.get(f"{A}/va/{number['Spare']}/edit").status_code == 403
    assert guest.get(f"{A}/users").status_code == 403
    shown = text_of(guest.get(f"{A}/va"))
    assert ("Spare" in shown, "Site" in shown, "New virtual account" in shown) == (True, False, False)
    assert "Site" not in text_of(guest.get("/search?q=si"))
    assert "Site" in text_of(owner.get("/search?q=si"))
    for browser, path in ((admin, "/orders?q=O-1"), (owner, f"{A}/transactions?q=O-1")):
        assert f'href="{path}"' in browser.get("/search?q=O-").get_data(as_text=True)
    assert [path for path in ("/users", "/events", "/accounts/new") if owner.get(path).status_code != 403] == []


@pytest.mark.row("C1.2")
def test_virtual_accounts_are_made_tagged_moved_to_default_and_deleted(portal: tuple[World, Central, Enter]) -> None:
    """Bad input comes back filled; a deletion lists every reason against it; a rename breaks no address."""
    world, _server, enter = portal
    admin = enter()
    owner = enter("owner", "account_administrator")
    assert owner.post(f"{A}/va/new", {"name": ""}).status_code == 422
    assert owner.post(f"{A}/va/new", {"name": "Site"}).status_code == 409
    made = owner.post(f"{A}/va/new", {"name": "<i>Lab</i>", "description": "ع " * 40})
    path = made.headers["Location"].removesuffix("/general")
    assert "<i>Lab</i>" in text_of(owner.get(f"{A}/va"))
    form = owner.get(f"{path}/edit")
    assert press(owner, form, name="", description="x").status_code == 422
    assert press(owner, form, name="Lab", description="racks").headers["Location"] == f"{path}/general"
    assert press(owner, form, name="Lab", description="of another").status_code == 409  # changed meanwhile
    properties = admin.get(f"{A}/properties")
    assert press(admin, properties, name="Customer", reservation_allowed="true").status_code == 303
    assert press(admin, properties, name="Customer").status_code == 409  # or the permission would be lost
    assert owner.post(f"{path}/tags", {"tags": "North, rack 4"}).status_code == 303
    assert owner.post(f"{path}/tags", {"tags": "north, South"}).status_code == 303
    assert [one["tags"] for one in world.central("virtual-account", "list", ACCOUNT, "--search", "Lab")["items"]] == [
        ["North", "South"]
    ]
    assert len(keys_of(owner, f"{A}/va?q=sou")) == 1
    assert owner.post(f"{path}/default").status_code == 303
    assert "★ default" in text_of(owner.get(f"{A}/va"))
    refused = owner.post(f"{path}/delete")
    assert (refused.status_code, "default_virtual_account" in refused.get_data(as_text=True)) == (409, True)
    spare = f"{A}/va/{numbers(world)['Spare']}"
    reasons = text_of(owner.get(f"{spare}/delete"))
    assert "Spare holds licences" in reasons
    owner.post(f"{spare}/default")
    assert owner.post(f"{path}/delete").headers["Location"] == f"{A}/va"
    assert owner.get(f"{path}/general").status_code == 404
    assert owner.get(f"{A}/va?as=csv").get_data(as_text=True).count("\n") == 4


@pytest.mark.row("C1.2", "C1.5")
def test_a_shown_command_names_its_thing_as_a_shell_reads_it(portal: tuple[World, Central, Enter]) -> None:
    """A name with quotes and a substitution stays one word: nothing in it runs when the command is pasted."""
    world, _server, enter = portal
    admin = enter()
    name = """O'Neil "$(id)\""""
    world.central("virtual-account", "create", ACCOUNT, name)
    world.central("user", "add", name, "--role", "vendor_support")
    user = next(one["id"] for one in world.central("user", "list")["items"] if one["name"] == name)
    shown = {
        f"{A}/va/{numbers(world)[name]}/default": ["central", "virtual-account", "default", ACCOUNT, name],
        f"/users/{user}/reset": ["central", "user", "password", name, "--password-file", "FILE"],
    }
    for path, words in shown.items():
        found = re.search(r"<code>(central .*?)</code>", admin.get(path).get_data(as_text=True))
        assert found, path
        assert shlex.split(unescape(found[1])) == words


@pytest.mark.row("C1.4", "C2.2")
def test_the_agreement_is_read_ticked_and_accepted_and_tokens_wait_for_it(portal: tuple[World, Central, Enter]) -> None:
    """A new text raises the notice on every page; who has no authority reads it; until then the button says why not."""
    world, _server, enter = portal
    admin, owner, clerk = enter(), enter("owner", "account_administrator"), enter("clerk", "account_user")
    published = world.central("agreement", "publish", "--text", world.file("text", "1. Be <fair>.\n"))
    assert published == {"version": 2, "published": True}
    general = f"{A}/va/{numbers(world)['Spare']}/general"
    assert "Read and accept" in text_of(owner.get(general))
    blocked = clerk.get(general).get_data(as_text=True)
    assert ('type="button" disabled' in blocked, "until the licensing agreement is accepted" in blocked) == (True, True)
    token = {"days": "30", "terms": "yes"}
    refused = clerk.post(general.replace("general", "tokens/new"), token)
    assert (refused.status_code, "agreement_pending" in refused.get_data(as_text=True)) == (409, True)
    for browser in (admin, clerk):
        assert "Be <fair>." in text_of(browser.get(f"{A}/agreement"))
        assert browser.post(f"{A}/agreement", {"read_version": "2", "agree": "yes"}).status_code == 403
    assert owner.post(f"{A}/agreement", {"read_version": "2"}).status_code == 422
    assert owner.post(f"{A}/agreement", {"read_version": "1", "agree": "yes"}).status_code == 422
    assert owner.post(f"{A}/agreement", {"read_version": "2", "agree": "yes"}).headers["Location"] == f"{A}/alerts"
    assert "waits to be accepted" not in text_of(owner.get(general))
    assert "owner" in text_of(owner.get(f"{A}/agreement"))
    assert clerk.post(general.replace("general", "tokens/new"), token).status_code == 200


@pytest.mark.row("C2.1", "C2.2", "C2.3")
def test_tokens_are_made_shown_again_revoked_and_removed(portal: tuple[World, Central, Enter]) -> None:
    """Terms are ticked, those of restricted functions too; the text as a page and a file; a satellite's stays as it is."""
    world, _server, enter = portal
    enter()
    clerk = enter("clerk", "virtual_account_user", "Spare")
    root = f"{A}/va/{numbers(world)['Spare']}"
    fields = {"description": "Rack 4", "days": "30", "uses": "", "terms": "yes"}
    assert clerk.post(f"{root}/tokens/new", {**fields, "terms": ""}).status_code == 200  # a box that is sent is ticked
    unticked = {name: value for name, value in fields.items() if name != "terms"}
    assert clerk.post(f"{root}/tokens/new", unticked).status_code == 422
    assert clerk.post(f"{root}/tokens/new", {**fields, "days": "366"}).status_code == 422
    assert clerk.post(f"{root}/tokens/new", {**fields, "export_controlled": "yes"}).status_code == 422
    made = clerk.post(f"{root}/tokens/new", {**fields, "export_controlled": "yes", "export_terms": "yes"})
    text = re.findall(r'id="secret-token"[^>]* value="([^"]+)"', made.get_data(as_text=True))[0]
    assert text.startswith("pct")
    [one, other] = keys_of(clerk, f"{root}/general?sort=created_at")
    keys = {one, other}
    assert text not in clerk.get(f"{root}/general").get_data(as_text=True)
    files = {clerk.post(f"{root}/tokens/{key}/download").get_data(as_text=True).strip() for key in keys}
    assert text in files
    assert clerk.post(f"{root}/tokens/{one}/remove").status_code == 409
    assert clerk.post(f"{root}/tokens/{one}/revoke").headers["Location"] == f"{root}/general"
    assert clerk.post(f"{root}/tokens/{one}/remove").headers["Location"] == f"{root}/general"
    bulk = clerk.post(f"{root}/general/bulk/revoke", {"key": [other], "step": "act"})
    assert "All rows were changed" in text_of(bulk)
    assert f'href="{root}/general' in bulk.get_data(as_text=True)
    assert "registration token revoked" in text_of(clerk.get(f"{root}/events"))


@pytest.mark.row("C1.5", "C1.7")
def test_users_get_and_lose_roles_and_passwords_in_the_browser(portal: tuple[World, Central, Enter]) -> None:
    """The account's administrator gives roles; the vendor sets passwords; a lost role counts at once; CSV of the list."""
    world, _server, enter = portal
    admin, owner = enter(), enter("owner", "account_administrator")
    assert owner.post(f"{A}/users/new", {"name": "mira", "role": "virtual_account_user"}).status_code == 422
    wrong = {"name": "mira", "role": "account_user", "virtual_account": "Spare"}
    assert owner.post(f"{A}/users/new", wrong).status_code == 422
    good = {"name": "mira", "role": "virtual_account_user", "virtual_account": "Spare"}
    assert owner.post(f"{A}/users/new", good).headers["Location"] == f"{A}/users"
    assert owner.post(f"{A}/users/new", good).status_code == 409
    assert owner.post(f"{A}/users/new", {**good, "role": "vendor_administrator"}).status_code == 422
    mira = next(one["id"] for one in world.central("user", "list")["items"] if one["name"] == "mira")
    assert "Virtual account user (Spare)" in text_of(owner.get(f"{A}/users"))
    assert "mira,Virtual account user (Spare)" in owner.get(f"{A}/users?as=csv").get_data(as_text=True)

    assert "No password" in text_of(admin.get("/users"))
    assert owner.post(f"/users/{mira}/reset", {"password": PASSWORD}).status_code == 403
    form = admin.get(f"/users/{mira}/reset")
    assert press(admin, form, password="short").status_code == 422
    assert press(admin, form, password=PASSWORD).headers["Location"] == "/users"
    assert press(admin, form, password=f"{PASSWORD} of another").status_code == 409  # set meanwhile
    browser = Browser(admin.app)
    assert browser.sign_in("Mira", PASSWORD).status_code == 303
    spare = f"{A}/va/{numbers(world)['Spare']}/general"
    assert browser.get(spare).status_code == 200
    assert owner.post(f"{A}/users/{mira}/take", {"held": "account_user:"}).status_code == 409
    assert owner.post(f"{A}/users/{mira}/take", {"held": "virtual_account_user:Spare"}).status_code == 303
    assert browser.get(spare).status_code == 404
    assert owner.get(f"{A}/users/{mira}/give").status_code == 404

    assert admin.post("/users/new", {"name": "mira", "role": "vendor_support", "password": PASSWORD}).status_code == 409
    assert admin.post(f"/users/{mira}/give", {"role": "vendor_support"}).status_code == 303
    assert admin.post(f"/users/{mira}/take", {"role": "vendor_support"}).status_code == 303
    anna = next(one["id"] for one in world.central("user", "list")["items"] if one["name"] == "anna")
    last = admin.post(f"/users/{anna}/take", {"role": "vendor_administrator"})
    assert (last.status_code, "own_role" in last.get_data(as_text=True)) == (409, True)
    for _ in range(7):
        Browser(admin.app).sign_in("mira", "wrong")
    assert "Slowed" in text_of(admin.get("/users"))
    assert admin.post(f"/users/{mira}/unlock").status_code == 303
    assert browser.sign_in("mira", PASSWORD).status_code == 303
    assert "password of mira set" in text_of(admin.get("/events"))


@pytest.mark.row("C10.1", "C12.4")
def test_alerts_are_put_away_and_restored_and_the_log_says_who_did_what(portal: tuple[World, Central, Enter]) -> None:
    """Bar, navigation and list agree; dismissed ones are listed apart; events and transactions are filtered and exported."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    device = world.device("SN1", "central", world.token("central", pool="Site"), hostname="edge-1")
    device.use("ADVANTAGE", 9)
    world.advance("35d")
    browser = Browser(owner.app)
    assert browser.sign_in("owner", PASSWORD).status_code == 303
    page = browser.get(f"{A}/alerts").get_data(as_text=True)
    counts = re.findall(r"(\d+) major", text_of(page))
    assert counts
    assert len(set(counts)) == 1
    before = keys_of(browser, f"{A}/alerts")
    [short] = keys_of(browser, f"{A}/alerts?severity=major&q=Advantage")
    assert browser.post(f"{A}/alerts/{short}/dismiss").status_code == 409
    silent = keys_of(browser, f"{A}/alerts?severity=minor")[0]
    assert browser.post(f"{A}/alerts/{silent}/dismiss").headers["Location"] == f"{A}/alerts"
    assert silent not in keys_of(browser, f"{A}/alerts")
    assert keys_of(browser, f"{A}/alerts?state=hidden") == [silent]
    assert browser.post(f"{A}/alerts/{silent}/restore").status_code == 303
    assert keys_of(browser, f"{A}/alerts") == before

    events = text_of(browser.get(f"{A}/events?kind=alert:"))
    assert "alert dismissed" in events
    assert "registration token created" not in events
    assert "owner" in browser.get(f"{A}/events?as=csv&q=dismissed").get_data(as_text=True)
    site = numbers(world)["Site"]
    assert "edge-1" in text_of(browser.get(f"{A}/va/{site}/events"))
    assert "edge-1" not in text_of(browser.get(f"{A}/va/{numbers(world)['Spare']}/events"))
    transactions = browser.get(f"{A}/transactions?q=o-1&as=csv").get_data(as_text=True)
    assert transactions.count("O-1") == 3
    first = browser.get(f"{A}/events?rows=50").get_data(as_text=True)
    assert first.count("data-row=") > 5
