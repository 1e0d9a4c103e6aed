"""Saved reports: saved, scheduled, run as tasks, fetched by command, REST and page; a mail says only that there is a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import pytest

from central.app import make_app
from tests.api.callers import Api, central_token
from tests.portal import A, Portal, central_portal, main_of, verdict_of
from tests.world import ACCOUNT, World

SAVED = f"{A}/reports/saved"


@pytest.fixture
def portal(vendor: World) -> Iterator[Portal]:
    """The vendor's central, which has a mail server by its settings."""
    path = vendor.folder / "central" / "config.toml"
    path.write_text('[mail]\nhost = "127.0.0.1"\n[portal]\naddress = "https://central.example/"\n')
    with central_portal(vendor) as found:
        yield found


def saved(world: World, name: str = "Weekly", *words: str, user: str = "owner") -> dict[str, Any]:
    """Save a report of a user by command."""
    return world.central("report", "save", ACCOUNT, user, name, *(words or ("--report", "licences")))


def addressed(world: World, user: str = "owner") -> str:
    """Give a user an address."""
    to = f"{user}@site.example"
    world.central("preferences", "set", ACCOUNT, user, "--address", to)
    return to


def history(world: World, name: str = "Weekly", user: str = "owner") -> list[dict[str, Any]]:
    """The runs of a report."""
    return list(world.central("report", "history", ACCOUNT, user, name)["items"])


def mails(world: World) -> list[tuple[str, str]]:
    """Recipient and subject of what is in the outbox."""
    return [(one["to"], one["subject"]) for one in world.central("mail", "list")["items"]]


@pytest.mark.row("C12.1")
def test_a_scheduled_report_runs_as_a_task_and_its_mail_has_a_link_and_no_data(portal: Portal) -> None:
    """At its time one run, one file, one mail to its owner; nothing before it, and no second one until the next day."""
    world = portal.world
    portal.enter("owner", "virtual_account_user", "Site")
    to = addressed(world)
    world.central("clock", "set", "2027-03-01T05:00:00Z")
    one = saved(world)
    world.central("report", "schedule", ACCOUNT, "owner", "Weekly", "daily", "--zone", "Europe/Vienna", "--at", "08:00")
    told = []
    for moment in ("2027-03-01T06:59:00Z", "2027-03-01T07:00:00Z", "2027-03-01T07:05:00Z"):
        world.central("clock", "set", moment)
        world.central("jobs", "run", "reports")
        told.append(world.central("task", "run")["task"])
    [run] = history(world)
    world.central("report", "download", ACCOUNT, "owner", "Weekly", run["id"], "--output", world.file("f.csv"))
    rows = list(csv.DictReader(io.StringIO((world.folder / "f.csv").read_text(encoding="utf-8"))))
    with portal.server.database.engine.connect() as connection:
        text = str(connection.exec_driver_sql("SELECT payload FROM outbox").scalar())

    assert [one is not None for one in told] == [False, True, False]
    assert (run["state"], run["scheduled"], run["rows"], run["kept"]) == ("done", True, len(rows), True)
    assert {row["virtual_account"] for row in rows} == {"Site"}
    assert mails(world) == [(to, "Customer: report Weekly is ready")]
    assert f"https://central.example{SAVED}/{one['id']}" in text
    assert "ADVANTAGE" not in text
    assert world.central("report", "list", ACCOUNT, "owner")["items"][0]["next_run"] == "2027-03-02T07:00:00Z"


@pytest.mark.row("C12.1")
def test_a_user_who_lost_the_role_gets_no_mail_and_no_file(portal: Portal) -> None:
    """Lost before the run, the schedule ends; lost after it, the file is not given; lost in part, neither."""
    world = portal.world
    role = ("--role", "virtual_account_user", "--account", ACCOUNT, "--virtual-account")
    owner = portal.enter("owner", "virtual_account_user", "Site")
    world.central("user", "add", "owner", *role, "Spare")
    addressed(world)
    one = saved(world)
    saved(world, "Spare alone", "--report", "licences", "--virtual-account", "Spare")
    for name in ("Weekly", "Spare alone"):
        world.central("report", "schedule", ACCOUNT, "owner", name, "daily")
    world.central("report", "run-saved", ACCOUNT, "owner", "Weekly")
    world.central("task", "run")
    [run] = history(world)
    path = f"{SAVED}/{one['id']}/runs/{run['id']}"
    whole = owner.get(path)
    world.central("user", "remove-role", "owner", *role, "Spare")
    part = owner.get(path)
    world.central("clock", "advance", "1d")
    world.central("jobs", "run", "reports")
    world.central("task", "run")
    in_part = mails(world)
    world.central("report", "run-saved", ACCOUNT, "owner", "Weekly")
    world.central("user", "remove-role", "owner", *role, "Site")
    world.central("task", "run")
    world.central("clock", "advance", "1d")
    said = world.central("jobs", "run", "reports")["detail"]

    assert (whole.status_code, "Spare" in whole.get_data(as_text=True)) == (200, True)
    assert (part.status_code, verdict_of(part)) == (409, "report_not_visible")
    assert [subject for _, subject in in_part] == [
        "Customer: report Spare alone failed",
        "Customer: report Weekly is ready",
    ] or [subject for _, subject in in_part] == [
        "Customer: report Weekly is ready",
        "Customer: report Spare alone failed",
    ]
    assert said == "0 of 2 asked for"
    assert world.central("jobs", "run", "reports")["detail"] == "0 of 0 asked for"
    assert mails(world) == in_part


REFUSED = (
    (("--report", "instances", "--tags", "gold"), "report_choice"),
    (("--report", "licences", "--products", "sw"), "report_choice"),
    (("--report", "licences", "--tags", "gold", "--untagged"), "report_choice"),
    (("--report", "licences", "--va-tags", "x" * 256), "report_choice"),
    (("--report", "licences", "--virtual-account", "Nowhere"), "unknown_virtual_account"),
    (("--report", "licences", "--description", "x" * 1025), "invalid_name"),
)


@pytest.mark.row("C12.1")
def test_what_cannot_be_saved_is_refused_and_nothing_is_kept(portal: Portal) -> None:
    """A filter that the report has not, tags and none, a place that is unknown, texts that are too long."""
    world = portal.world
    world.central("user", "add", "owner", "--role", "account_user", "--account", ACCOUNT)
    for words, code in REFUSED:
        refused = world.central("report", "save", ACCOUNT, "owner", "Weekly", *words, code=1)["error"]
        assert (words, refused["code"]) == (words, code)

    assert world.central("report", "list", ACCOUNT, "owner")["items"] == []


@pytest.mark.row("C12.1")
def test_reports_are_each_persons_own_and_limited_in_number(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user sees and changes none of them; without an address nothing is scheduled; names differ."""
    world = portal.world
    portal.enter("owner", "account_user")
    other = portal.enter("eve", "account_administrator")
    monkeypatch.setattr("central.domain.reports.services.MOST_SAVED", 1)
    one = saved(world)
    again = saved(world, "WEEKLY", "--report", "licences", "--untagged")
    more = world.central("report", "save", ACCOUNT, "owner", "Other", "--report", "licences", code=1)["error"]
    mute = world.central("report", "schedule", ACCOUNT, "owner", "Weekly", "daily", code=1)["error"]
    bad = world.central("report", "schedule", ACCOUNT, "owner", "Weekly", "weekly", "--day", "8", code=1)["error"]

    assert (again["id"], again["name"], again["untagged"]) == (one["id"], "WEEKLY", True)
    assert [one["code"] for one in (more, mute, bad)] == ["too_many_saved_reports", "address_missing", "report_choice"]
    assert [other.get(f"{SAVED}/{one['id']}{rest}").status_code for rest in ("", "/view", "/edit")] == [404] * 3
    assert world.central("report", "list", ACCOUNT, "eve")["items"] == []


@pytest.mark.row("C12.1")
def test_the_page_saves_runs_schedules_and_removes(portal: Portal) -> None:
    """Every reason comes back with the form; a run's file is on the page; a removed report takes its files along."""
    world, owner = portal.world, portal.enter("owner", "account_user")
    addressed(world)
    wrong = owner.post(f"{SAVED}/new", {"name": "<b>x</b>", "report": "instances", "tags": "gold", "format": "xlsx"})
    lost = owner.post(
        f"{SAVED}/new", {"name": "x", "report": "licences", "virtual_accounts": "Nowhere", "format": "csv"}
    )
    sent = {"name": "<b>x</b>", "description": "for <i>Ann</i>", "report": "licences", "format": "xlsx"}
    made = owner.post(f"{SAVED}/new", {**sent, "virtual_accounts": "Site, Spare"})
    page = made.headers["Location"]
    begun = owner.post(f"{page}/run", {})
    twice = owner.post(f"{page}/run", {})
    world.central("task", "run")
    shown = owner.get(page).get_data(as_text=True)
    file = owner.get(f"{page}/runs/{history(world, '<b>x</b>')[0]['id']}")
    view, sheet = owner.get(f"{page}/view"), owner.get(f"{page}/view?as=csv").get_data(as_text=True)
    zone = owner.post(f"{page}/schedule", {"every": "weekly", "day": "9", "at": "25:00", "own_zone": "Mars"})
    kept = owner.post(f"{page}/schedule", {"every": "weekly", "day": "7", "at": "05:00", "own_zone": "Asia/Tokyo"})
    tasks = main_of(owner.get("/tasks"))
    asked = main_of(owner.get(f"{page}/remove"))
    removed = owner.post(f"{page}/remove", {})
    with portal.server.database.engine.connect() as connection:
        parts = connection.exec_driver_sql("SELECT count(*) FROM upload_parts").scalar()
    kinds = {one["kind"] for one in world.central("events", ACCOUNT)["items"]}

    assert (wrong.status_code, "This report has no such filter." in main_of(wrong)) == (422, True)
    assert (lost.status_code, "Nowhere" in main_of(lost)) == (422, True)
    assert (made.status_code, begun.status_code, twice.status_code) == (303, 303, 409)
    assert f"{page}/runs/" in shown
    assert "<b>x</b>" not in shown
    assert ZipFile(io.BytesIO(file.get_data())).namelist()
    assert "Advantage" in main_of(view)
    assert "Advantage" in sheet
    for reason in ("A week has the days 1 to 7.", "A time such as 06:00 is needed.", "This is no time zone"):
        assert reason in main_of(zone)
    assert (kept.status_code, removed.status_code, owner.get(page).status_code) == (303, 303, 404)
    assert "<b>x</b> goes with its schedule, its runs and their files." in asked
    assert "Saved report" in tasks
    assert parts == 0
    assert {"report:saved", "report:scheduled", "report:removed"} <= kinds


@pytest.mark.row("C12.1")
def test_saved_reports_by_rest_within_the_scope_of_a_token(portal: Portal) -> None:
    """Saved, changed with its mark, scheduled, run, fetched, removed; a token that only reads changes nothing."""
    world = portal.world
    portal.enter("owner", "account_user")
    addressed(world)
    app = make_app(portal.server)
    api, reader = (Api(app, central_token(world, scope, user="owner")) for scope in ("write", "read"))
    root = f"/smart-accounts/{ACCOUNT}/saved-reports"
    status, one = api.ask("POST", root, {"name": "Daily", "report": "licences", "virtual_accounts": ["Site"]})
    path = f"{root}/{one['id']}"
    answers = [
        reader.ask("POST", root, {"name": "Two", "report": "licences"})[0],
        api.ask("POST", root, {"name": "DAILY", "report": "licences"})[0],
        api.ask("PUT", f"{path}/schedule", {"every": "monthly", "day": 31, "zone": "Mars"})[0],
        api.ask("PUT", f"{path}/schedule", {"every": "monthly", "day": 31})[0],
        reader.ask("POST", f"{path}/runs", {})[0],
        api.ask("POST", f"{path}/runs", {})[0],
        api.ask("POST", f"{path}/runs", {})[0],
    ]
    world.central("task", "run")
    run = reader.ask("GET", f"{path}/runs")[1]["items"][0]
    file = reader.ask("GET", f"{path}/runs/{run['id']}/file")[1]
    gone = reader.ask("GET", f"{path}/runs/nothing/file")[0]
    shown = reader.ask("GET", root)[1]["items"]
    removed = api.ask("DELETE", path)[0]

    assert status == 200
    assert answers == [403, 409, 422, 200, 403, 200, 409]
    assert (run["state"], run["kept"], gone, removed) == ("done", True, 404, 200)
    assert file.startswith(b"name,licence,virtual_account")
    assert [(one["name"], one["every"], one["virtual_accounts"]) for one in shown] == [("Daily", "monthly", ["Site"])]


@pytest.mark.row("C12.1")
def test_a_run_reads_a_part_at_a_time_and_keeps_the_newest_files(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is stored in parts of a fixed size; what is computed is computed for one virtual account at a time."""
    world = portal.world
    portal.enter("owner", "account_user")
    saved(world)
    asked: list[Any] = []
    from central.actions import report_runs

    true = report_runs.run_report
    monkeypatch.setattr(report_runs, "run_report", lambda *one: asked.append(one[4]) or true(*one))
    monkeypatch.setattr(report_runs, "TOLD_ROWS", 1)
    monkeypatch.setattr("central.domain.operations.uploads.PART_BYTES", 16)
    monkeypatch.setattr("central.domain.reports.services.MOST_FILES", 2)
    for _ in range(3):
        world.central("report", "run-saved", ACCOUNT, "owner", "Weekly")
        world.central("task", "run")
        world.central("clock", "advance", "1m")
    runs = history(world)
    with portal.server.database.engine.connect() as connection:
        longest = connection.exec_driver_sql("SELECT max(length(content)) FROM upload_parts").scalar()

    assert all(len(names) == 1 for names in asked)
    assert [one["kept"] for one in runs] == [True, True, False]
    assert longest == 16
