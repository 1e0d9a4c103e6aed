"""A console that shows every part of the kit, for tests with a browser and for looking at the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from serverkit.db.unit import Unit
from serverkit.errors import RefusedError
from serverkit.http.operations import Operation, Strict
from serverkit.web.answers import Answer, Moved, Shown, Unchanged
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.console import AlertLine, Chip, Frame, NavItem, Severity, SignedIn
from serverkit.web.figures import Chart, Ladder, Part, Rung
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Balance,
    Column,
    Empty,
    Figure,
    Filter,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.urls import SIGNED_IN, Grade, Url
from serverkit.web.wizard import Step, Wizard
from tests.console import NOW, Permission, TestConsole

STATES = {
    "enough": StateWords("In order"),
    "short": StateWords("60 missing", Severity.MAJOR),
    "ends": StateWords("Ends 12 Jan 2027", Severity.MINOR),
    "new": StateWords("Not available", Severity.INFO),
}
ODD_NAMES = (
    "<script>alert(1)</script>",
    "=1+1",
    "A" * 255,
    "\u0645\u0648\u0642\u0639 \u0634\u0645\u0627\u0644",
    "Z\u00fcrich & S\u00f6hne \U0001f6f0",
    "-3 as a text",
)


def things(count: int = 212) -> list[dict[str, Any]]:
    """Things of all kinds; some share every value but the id."""
    found = []
    for number in range(count):
        name = ODD_NAMES[number] if number < len(ODD_NAMES) else f"SW-{number % 60:02} Advantage"
        short = number % 17 == 0
        found.append(
            {
                "id": f"{number:032x}",
                "name": name,
                "serial": f"FDO{number * 7919 % 99991:08}",
                "purchased": 60 + number % 5,
                "balance": -60 if short else number % 4,
                "state": "short" if short else "ends" if number % 23 == 1 else "new" if number % 41 == 2 else "enough",
                "seen": (NOW - timedelta(hours=number * 5)).isoformat(),
                "place": ("Campus", "Core", "Edge")[number % 3],
                "note": None if number % 2 else "in the basement",
            }
        )
    return found


class Target(BaseModel):
    """Where to."""

    place: Literal["Campus", "Core", "Edge"]


class NewThing(BaseModel):
    """A thing with every kind of field."""

    name: str = Field(max_length=40)
    place: Literal["Campus", "Core", "Edge"] = "Campus"
    days: int = Field(default=30, ge=1, le=365)
    note: str = Field(default="", max_length=1000)
    way: Literal["file", "network"] = "file"
    tags: list[str] = Field(default_factory=list, max_length=5)
    secret: SecretStr | None = None
    restricted: bool = False


class ThingBody(Strict):
    """A thing as a program makes it."""

    name: str
    days: int = 30
    tags: list[str] = Field(default_factory=list)
    secret: str = ""


OPERATION: Operation[Any] = Operation(
    "make_thing", "POST", "/api/v1/things", "Make a thing.", lambda _asked: {}, {}, body=ThingBody, changes=True,
    permission=Permission.MANAGE, row="S3.2",
)  # fmt: skip


class BusyThingError(RefusedError):
    code = "busy_thing"
    message = "{name} is in use by 2 devices. Nothing was changed."


@dataclass
class Exhibit:
    """What the pages show."""

    items: list[dict[str, Any]]


def rows_of(page: Page, wanted: Wanted) -> Rows:
    """The things."""
    return from_list(THINGS, page.server.items, wanted)


def judge(_page: Page, items: Sequence[Item], _read: Any) -> list[Judged]:
    """Some may not be moved."""
    return [
        Judged(one["id"], one["name"], "It is reserved." if one["state"] == "short" else None, "moves") for one in items
    ]


def move(_page: Page, item: Item, read: Any) -> str:
    """Move one; one of them fails at the last moment."""
    if item["name"] == "=1+1":
        raise BusyThingError(name=item["name"])
    if read is not None:
        item["place"] = read.place  # type: ignore[index]  # the things of this exhibit are dictionaries
    return "moved"


MOVE = Form(Target, "Move", {"place": Ui("Place")})
THINGS = Table(
    "things",
    "Things",
    "/things",
    (
        Column(
            "name", "Name", sort=True, fixed=True, phone=True, link=lambda one: f"/parts?of={one['id']}", sub="note"
        ),
        Ident("serial", "Serial number", sort=True),
        Column("place", "Place", sort=True),
        Figure("purchased", "Purchased", sort=True, link=lambda one: f"/parts?why={one['id']}"),
        Balance("balance", "Balance", sort=True, phone=True),
        State("state", "State", STATES, sort=True, phone=True),
        Moment("seen", "Last contact", sort=True),
        Ident("id", "Id", shown=False),
    ),
    rows_of,
    filters=(
        Filter("q", "Name or serial number", "text", on=("name", "serial")),
        Filter("place", "Place", choices=tuple(Choice(one, one) for one in ("Campus", "Core", "Edge"))),
        Filter("state", "State", choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
    ),
    acts=(
        Act(
            "Remove",
            lambda one: f"/things/{one['id']}/remove",
            Permission.MANAGE,
            lambda one: "It is reserved." if one["state"] == "short" else None,
            danger=True,
        ),
        Act("Change", lambda one: f"/things/{one['id']}/change", Permission.MANAGE),
    ),
    bulk=(Bulk("move", "Move", Permission.MANAGE, judge, move, "S3.2", form=MOVE),),
    empty=Empty(
        "No things yet", "A thing appears when somebody makes one.", ("New thing", "/things/new"), Permission.MANAGE
    ),
)
NEW = Form(
    NewThing,
    "Make thing",
    {
        "name": Ui("Name", "As it is on the door."),
        "place": Ui("Place", kind="select"),
        "days": Ui("Days", "1 to 365", width="narrow"),
        "way": Ui(
            "Way", kind="radios", choices=(Choice("file", "I carry files"), Choice("network", "Over the network"))
        ),
        "tags": Ui("Tags", "Separated by commas.", kind="tags"),
        "secret": Ui("Secret"),
        "restricted": Ui("It may be used abroad", warning="This cannot be taken back."),
        "note": Ui("Note"),
    },
)
STEPS = Wizard(
    (
        Step("check", "Check", "/steps/check", lambda _page: True),
        Step("register", "Register", "/steps/register", lambda _page: True),
        Step("time", "Time", "/steps/time", lambda _page: False),
        Step("summary", "Summary", "/steps/summary", lambda _page: False),
    )
)


def list_page(page: Page) -> Answer:
    """The table."""
    return table_page(page, THINGS, help="inventory")


def new_page(page: Page) -> Answer:
    """The form."""
    view = NEW.view(page, "/things/new", cancel="/things", version="v1")
    return Shown(
        "thing-new", "New thing", "form_page.html", {"view": view}, crumbs=(("Things", "/things"),), nav="things"
    )


def make(page: Page) -> Answer:
    """Make a thing, unless its name is taken."""
    read: Any = page.read
    if read.name == "taken":
        raise BusyThingError(name=read.name)
    return Moved("/things", f"Made {read.name}.")


def remove_page(page: Page) -> Answer:
    """Ask first."""
    form = Form(BaseModel, "Remove thing")
    view = form.view(page, page.path, cancel="/things", cancel_words="Keep it", danger=True)
    effect = f"Remove {page.thing['name'][:40]}? It must register again."
    context = {"view": view, "effect": effect, "effects": ("Its 2 licences come free.",), "about": ()}
    return Shown("thing-remove", "Remove thing", "confirm.html", context, crumbs=(("Things", "/things"),), nav="things")


def find_thing(page: Page) -> dict[str, Any]:
    """The thing of the address."""
    from serverkit.errors import NotFoundError

    found = next((one for one in page.server.items if one["id"] == page.parts["id"]), None)
    if found is None:
        raise NotFoundError
    return found


def remove(page: Page) -> Answer:
    """Remove it."""
    page.server.items.remove(page.thing)
    return Moved("/things", "Thing removed.")


class Change(BaseModel):
    """What can be changed of a thing."""

    place: Literal["Campus", "Core", "Edge"] = "Campus"
    note: str = Field(default="", max_length=200)


CHANGE = Form(Change, "Change thing", {"place": Ui("Place", kind="select"), "note": Ui("Note")})


def current(page: Page) -> dict[str, Any]:
    """What the thing is now."""
    return {"place": page.thing["place"], "note": page.thing["note"] or ""}


def change_page(page: Page) -> Answer:
    """The form, with what is so now."""
    view = CHANGE.view(page, page.path, cancel="/things", current=current(page))
    return Shown("thing-change", "Change thing", "form_page.html", {"view": view}, nav="things")


def change(page: Page) -> Answer:
    """Change it."""
    read: Any = page.read
    page.thing.update(place=read.place, note=read.note)
    return Moved("/things", "Thing changed.")


def destroy_page(page: Page) -> Answer:
    """Ask for the name first."""
    name = page.thing["name"]
    view = Form(BaseModel, "Destroy thing").view(
        page, page.path, cancel="/things", cancel_words="Keep it", danger=True, typed_name=name
    )
    context = {"view": view, "effect": "The thing and all that it holds are gone.", "effects": (), "about": ()}
    return Shown("thing-destroy", "Destroy thing", "confirm.html", context, nav="things")


def parts_page(_page: Page) -> Answer:
    """Every part that no other page shows."""
    card = SimpleNamespace(
        kind="request",
        title="request-14.pgx",
        facts=(
            ("From", "North Site to Example Networks"),
            ("Made", "2 Dec 2026, 09:12 CET"),
            ("Holds", "220 instances"),
        ),
        digest="9f3c21aa07de5b10" * 4,
    )
    ladder = Ladder(
        "Synchronization",
        "Last synchronization 9 Oct 2026; reminder 8 Nov, overdue 14 Dec, removed 7 Jan 2027.",
        NOW - timedelta(days=40),
        (
            Rung(NOW - timedelta(days=40), "9 Oct"),
            Rung(NOW - timedelta(days=5), "reminder"),
            Rung(NOW + timedelta(days=30), "overdue 14 Dec"),
            Rung(NOW + timedelta(days=50), "removed 7 Jan", gone=True),
        ),
        NOW,
    )
    pie = Chart("Used by virtual account", (Part("Campus", 60), Part("Core", 40), Part("Edge", 20)), name="used-by")
    bars = Chart("Licences in use", (Part("Advantage", 120), Part("Core Premier", 47)), "bars", "in-use")
    task = SimpleNamespace(
        id="83", title="Import request-14.pgx", path="/task", stage="Applying", at=134, of=220, done=False,
        log=((NOW, "read"), (NOW, "verified")), result="", kind="", stop="/things/new",
    )  # fmt: skip
    context = {"card": card, "ladder": ladder, "pie": pie, "bars": bars, "task": task}
    return Shown("parts", "Parts", "exhibit.html", context, nav="parts")


def step_page(page: Page) -> Answer:
    """A step of the wizard."""
    view = NEW.view(page, "/things/new")
    context = {"steps_view": STEPS.view(page), "current": "time", "view": view}
    return Shown("step-time", "Time", "exhibit_step.html", context, nav="parts")


def broken_page(_page: Page) -> Answer:
    """A fault of the program."""
    raise RuntimeError("a fault with a secret in it")


def take_upload(page: Page) -> Answer:
    """Take a file in."""
    file = page.files.get("file")
    return Moved("/parts", f"Took {len(file.read()) if file else 0} bytes.")


PAGES = (
    Url("GET", "/", parts_page, SIGNED_IN, "S3.1"),
    Url("GET", "/parts", parts_page, SIGNED_IN, "S3.1"),
    Url("GET", "/task", lambda _page: Unchanged(done=True), SIGNED_IN, "S3.1"),
    Url("GET", "/steps/time", step_page, SIGNED_IN, "S1.1"),
    Url("GET", "/broken", broken_page, SIGNED_IN, "S3.1"),
    Url("GET", "/things", list_page, SIGNED_IN, "S3.2", table=THINGS),
    Url("GET", "/things/new", new_page, Permission.MANAGE, "S3.2"),
    Url("POST", "/things/new", make, Permission.MANAGE, "S3.2", form=NewThing, twin="make_thing"),
    Url("POST", "/things/fresh", make, Permission.MANAGE, "S3.2", form=NewThing, again=new_page, fresh=True),
    Url("GET", "/things/{id}/remove", remove_page, Permission.MANAGE, "S3.2", load=find_thing, fresh=True),
    Url(
        "POST",
        "/things/{id}/remove",
        remove,
        Permission.MANAGE,
        "S3.2",
        load=find_thing,
        grade=Grade.DIALOG,
        fresh=True,
    ),
    Url("GET", "/things/{id}/destroy", destroy_page, Permission.MANAGE, "S3.2", load=find_thing, fresh=True),
    Url(
        "POST",
        "/things/{id}/destroy",
        remove,
        Permission.MANAGE,
        "S3.2",
        load=find_thing,
        grade=Grade.TYPED,
        fresh=True,
        names=lambda page: page.thing["name"],
    ),
    Url("GET", "/things/{id}/change", change_page, Permission.MANAGE, "S3.2", load=find_thing),
    Url(
        "POST", "/things/{id}/change", change, Permission.MANAGE, "S3.2", form=Change, load=find_thing, current=current
    ),
    Url("POST", "/parts/upload", take_upload, Permission.MANAGE, "S2.1", most_bytes=1024 * 1024),
    *bulk_urls(THINGS),
)
NAVIGATION = (
    NavItem("parts", "Parts", "/parts", keys="p", icon="page"),
    NavItem("things", "Things", "/things", "Inventory", keys="t", icon="device"),
    NavItem("step", "Steps", "/steps/time", "Inventory", icon="events"),
    NavItem("thing-new", "New thing", "/things/new", "Inventory", permission=Permission.MANAGE, icon="file"),
)


class ExhibitConsole(TestConsole):
    """The console of the exhibit, with everything around a page."""

    __test__ = False

    def __init__(self, count: int = 212, **more: Any) -> None:
        super().__init__(PAGES, NAVIGATION, server=Exhibit(things(count)), package="tests.exhibit_templates", **more)
        self.operations = {OPERATION.name: OPERATION}

    def frame(self, unit: Unit, who: SignedIn | None, parts: Mapping[str, str]) -> Frame:
        """Chips, alerts and a band."""
        del parts
        if who is None:
            return Frame("North Site")
        chips = (
            Chip("sync", "Overdue in 12 days", "/parts", Severity.MINOR),
            Chip("clock", "Clock right", "/parts", note="within 4 ms"),
        )
        alerts = (
            AlertLine(Severity.MAJOR, "60 more of SW-48 Advantage needed in Campus.", "/things"),
            AlertLine(Severity.MINOR, "North Site: no synchronization for 54 days.", "/parts"),
            AlertLine(Severity.MINOR, "This machine was restored from an older copy.", "/parts", stays=True),
        )
        return Frame("North Site", self.navigation, chips, alerts, zone="Europe/Vienna")
