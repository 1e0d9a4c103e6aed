"""Satellites in central's portal: from a registration file to a synchronized site, what is refused, and what is left."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from central.actions import site_files, tasks
from central.domain.operations.models import UploadPart
from serverkit.actor import OPERATOR
from tests.console import Browser, press
from tests.portal import ADMIN, PASSWORD, A, Portal, central_portal, main_of, text_of, verdict_of
from tests.world import ACCOUNT, World

S = f"{A}/satellites"


@pytest.fixture
def portal(vendor: World) -> Iterator[Portal]:
    """The vendor's central."""
    with central_portal(vendor) as found:
        yield found


def registration(world: World, name: str = "North", home: str = "satellite") -> bytes:
    """The registration file of a satellite that was just set up."""
    if not (world.folder / home).exists():
        world.satellite("init", "--name", name, "--root", world.file("root.json"), "--lab", home=home)
    world.satellite("registration", "export", "--output", world.file("registration"), home=home)
    return Path(world.file("registration")).read_bytes()


def send(browser: Browser, path: str, content: bytes) -> Any:
    """Send a file."""
    return browser.post(path, {"file": (io.BytesIO(content), "a file")})


def numbers(portal: Portal) -> dict[str, str]:
    """The numbers of the virtual accounts by name."""
    rows = portal.world.central("virtual-account", "list", ACCOUNT)["items"]
    return {one["name"]: str(one["number"]) for one in rows}


def ask(portal: Portal, browser: Browser, name: str = "North", pool: str = "Site", email: str = "") -> str:
    """Go through the steps to a new satellite; the address of its page."""
    assert send(browser, f"{S}/new/file", registration(portal.world)).status_code == 303
    named = browser.post(f"{S}/new/name", {"name": name, "email": email, "compared": "yes"})
    assert named.headers["Location"] == f"{S}/new/accounts", main_of(named)
    chosen = browser.post(f"{S}/new/accounts", {"virtual_account": numbers(portal)[pool]})
    assert chosen.headers["Location"] == f"{S}/new/review", main_of(chosen)
    asked = browser.post(f"{S}/new/review")
    assert asked.status_code == 303, main_of(asked)
    return str(asked.headers["Location"]).removesuffix("/authorization")


def bring(portal: Portal, browser: Browser, content: bytes) -> Any:
    """Send a request file, have its task run, and look at it."""
    sent = send(browser, f"{S}/files", content)
    assert sent.status_code == 303, main_of(sent)
    task = str(sent.headers["Location"])
    assert tasks.run_next_task(portal.server) == task.rpartition("/")[2]
    return browser.get(task)


def links(answer: Any) -> list[str]:
    """The addresses that the main part of a page leads to."""
    return re.findall(r'href="([^"]+)"', answer.get_data(as_text=True).partition("<main")[2])


@pytest.mark.row("C11.1", "C11.2", "C11.3")
def test_a_site_is_registered_and_synchronized_by_files_in_the_portal(portal: Portal) -> None:
    """File, key, virtual accounts, review, authorization; a request as a task, its response, both files again."""
    world, admin = portal.world, portal.enter("owner", "account_administrator")
    assert "No satellites yet" in main_of(admin.get(S))
    for step in ("accounts", "review"):
        assert admin.get(f"{S}/new/{step}").headers["Location"] == f"{S}/new/file"
    one = ask(portal, admin, "North <b>", email="team@customer.example")
    assert "The file is ready" in main_of(admin.get(f"{one}/authorization"))
    assert "Authorization ready" in main_of(admin.get(S))
    file = admin.post(f"{one}/authorization")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert admin.post(f"{one}/authorization").data == file.data
    world.satellite("registration", "import", world.file("authorization", file.data))
    world.satellite("setup", "finish", "--mode", "manual")
    assert "Authorization downloaded" in main_of(admin.get(S))

    world.satellite("sync", "export", "--output", world.file("request"))
    request = Path(world.file("request")).read_bytes()
    done = bring(portal, admin, request)
    assert "Request 1 of North <b> was applied" in text_of(done)
    assert "<b>" not in done.get_data(as_text=True).partition("<main")[2].partition("<h1")[2].partition("</h1>")[0]
    response = admin.get(next(path for path in links(done) if "/files/" in path))
    assert world.satellite("sync", "import", world.file("response", response.data))["outcome"] == "applied"
    again = bring(portal, admin, request)
    assert "Here is the same response again" in text_of(again)
    assert admin.get(next(path for path in links(again) if "/files/" in path)).data == response.data

    assert "Synchronized" in main_of(admin.get(S))
    history = admin.get(f"{one}/history")
    assert "request 1, response 1" in main_of(history)
    assert "authorization of epoch 1" in main_of(history)
    assert admin.get(f"{one}/files/1/1/request").data == request
    assert admin.get(f"{one}/files/1/0").data == file.data
    for path in ("files/1/9", "files/1/9/request", "files/x/1", "files/1/0/request"):
        assert admin.get(f"{one}/{path}").status_code == 404, path
    details = main_of(admin.get(one))
    assert all(
        word in details for word in (one.rpartition("/")[2], "team@customer.example", "none: its files are carried")
    )
    reader = portal.enter("reader", "account_user")
    assert reader.get(one).status_code == 200
    assert [reader.get(f"{one}/{path}").status_code for path in ("files/1/1", "remove", "rename")] == [403, 403, 403]
    assert "File synchronization" not in main_of(reader.get(S))
    mails = world.central("mail", "list")["items"]
    assert sorted(one["subject"].split(" of ")[0] for one in mails) == ["Authorization file", "Synchronization file 1"]


@pytest.mark.row("C11.2")
def test_a_file_whose_task_is_refused_is_not_kept(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has too many files waiting cannot fill the disk with further ones."""
    monkeypatch.setattr(site_files, "MOST_WAITING", 1)
    admin = portal.enter("owner", "account_administrator")
    sent = [send(admin, f"{S}/files", b"x" * 2000) for _ in range(3)]
    assert [one.status_code for one in sent] == [303, 409, 409]
    with portal.server.database.read(OPERATOR) as unit:
        assert unit.session.scalar(select(func.count()).select_from(UploadPart)) == 1


@pytest.mark.row("C11.2")
def test_each_refused_file_has_one_cause_and_changes_nothing(portal: Portal) -> None:
    """Wrong kind, truncated, altered, another account's, before the authorization, out of order; then a good one."""
    world, admin = portal.world, portal.enter("owner", "account_administrator")
    one = ask(portal, admin)
    file = admin.post(f"{one}/authorization").data
    world.satellite("registration", "import", world.file("authorization", file))
    world.satellite("setup", "finish", "--mode", "manual")
    world.satellite("sync", "export", "--output", world.file("first"))
    first = Path(world.file("first")).read_bytes()
    world.satellite("token", "create", "--virtual-account", "Site", "--days", "9")
    world.satellite("sync", "export", "--output", world.file("second"))
    second = Path(world.file("second")).read_bytes()
    other = (
        portal.world.central("account", "create", "other.example", "--name", "Other") and "/a/other.example/satellites"
    )
    assert verdict_of(admin.post(f"{S}/files", {})) == "no_file"

    middle = len(second) // 2
    bad = {
        "wrong_kind": file,
        "truncated": second[:-9],
        "altered": second[:middle] + bytes([second[middle] ^ 1]) + second[middle + 1 :],
        "malformed": b"no\nfile\nat\nall\n",
    }
    for code, content in bad.items():
        found = bring(portal, admin, content)
        assert verdict_of(found) == code, (code, main_of(found))
        assert "Nothing was changed" in main_of(found)
    boss = portal.admin
    task = send(boss, f"{other}/files", first).headers["Location"]
    tasks.run_next_task(portal.server)
    assert verdict_of(boss.get(task)) == "not_of_account"
    assert boss.get(task.replace("other.example", ACCOUNT)).status_code == 404

    assert "was applied" in main_of(bring(portal, admin, second))
    assert verdict_of(bring(portal, admin, first)) == "superseded"
    alert = [one for one in world.central("alerts", ACCOUNT)["items"] if one["kind"] == "satellite_sync_failed"]
    assert alert == []  # the good file that came last cleared it
    trouble = bring(portal, admin, second[:-9])
    assert verdict_of(trouble) == "truncated"


@pytest.mark.row("C10.1", "C10.4", "C11.1", "C11.3")
def test_alerts_of_satellites_stand_above_the_list_and_lead_to_what_is_done_about_them(portal: Portal) -> None:
    """A request that waits leads the vendor to its approval and the customer to its state; then to the file; then it is removed."""
    world, admin, owner = portal.world, portal.admin, portal.enter("owner", "account_administrator")
    world.central("policy", "set", "satellite_authorization", "approval")
    one = ask(portal, owner)
    assert "The vendor approves it within 48 hours" in main_of(owner.get(f"{one}/authorization"))
    assert f"{one}/approve" in links(admin.get(S))
    assert f"{one}/approve" not in links(owner.get(S))
    assert f"{one}/authorization" in links(owner.get(f"{A}/alerts"))
    assert "Satellites 1 minor" in text_of(owner.get(f"{A}/va"))
    assert f"{A}/alerts?q=North" in links(owner.get(S))
    assert verdict_of(owner.post(f"{one}/authorization")) == "approval_pending"
    world.advance("3d")
    for browser, name in ((owner, "owner"), (admin, ADMIN)):
        browser.sign_in(name, PASSWORD)  # sessions end meanwhile
    assert "contact the vendor's support" in main_of(owner.get(f"{one}/authorization"))
    assert "Approval overdue" in main_of(owner.get(S))
    assert owner.post(f"{one}/approve").status_code == 403
    assert admin.post(f"{one}/approve").status_code == 303
    assert verdict_of(admin.post(f"{one}/approve")) == "nothing_to_approve"
    assert "Authorization ready" in main_of(owner.get(S))

    renamed = press(owner, owner.get(f"{one}/rename"), name="East")
    assert (renamed.status_code, "East" in main_of(owner.get(one))) == (303, True)
    assert "Spare" in main_of(owner.get(f"{one}/extend"))
    assert owner.post(f"{one}/extend", {"virtual_account": "DEFAULT"}).status_code == 409
    assert owner.post(f"{one}/extend", {"virtual_account": "Spare"}).status_code == 303
    owner.post("/step-up", {"password": PASSWORD, "next": one})
    assert press(owner, owner.get(f"{one}/remove"), typed_name="North").status_code == 422
    assert press(owner, owner.get(f"{one}/remove"), typed_name="East").status_code == 303
    assert owner.get(one).status_code == 404
    assert "No satellites yet" in main_of(owner.get(S))


@pytest.mark.row("C8.1")
def test_the_form_of_a_token_for_restricted_functions_links_to_the_vendors_page(vendor: World) -> None:
    """The setting names it; another kind of address stops the start; without one there is no link."""
    config, page = vendor.folder / "central" / "config.toml", "https://vendor.example/export"
    before = config.read_text(encoding="utf-8") if config.exists() else ""
    config.write_text(before + f'\n[portal]\nexport_page = "{page}"\n', encoding="utf-8")
    with central_portal(vendor) as portal:
        assert page in links(portal.admin.get(f"{A}/va/{numbers(portal)['Spare']}/tokens/new"))
    config.write_text(before + '\n[portal]\nexport_page = "javascript:alert(1)"\n', encoding="utf-8")
    assert vendor.central("user", "list", code=1)["error"]["code"] == "invalid_setting"
