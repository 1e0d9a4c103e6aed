"""A console without a server behind it: the kit is tested with it, whatever pages a real console has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from werkzeug.test import Client

from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.errors import AppError, ForbiddenError, NotFoundError, Remedy
from serverkit.http.app import make_flask
from serverkit.tasks.errors import TaskStoppedError
from serverkit.web import bulk_work
from serverkit.web.assets import Static
from serverkit.web.console import (
    Entered,
    Found,
    Frame,
    Gate,
    HelpFolder,
    NavItem,
    SignedIn,
    Visitor,
)
from serverkit.web.own_pages import own_urls
from serverkit.web.stages import Pages
from serverkit.web.urls import Url

T = TypeVar("T")
NOW = datetime(2027, 3, 1, 9, 12, tzinfo=UTC)
PEOPLE = {"anna": ("correct horse battery", frozenset({"thing:manage"})), "rudi": ("only looks at things", frozenset())}
HOST = "https://site.example"


class Permission(StrEnum):
    """What can be permitted."""

    MANAGE = "thing:manage"


class WrongError(AppError):
    code = "sign_in_refused"
    message = "The name or the password is not valid."
    remedy = Remedy("Check both.")
    status = 401


class _Session:
    @contextmanager
    def begin_nested(self) -> Iterator[None]:
        yield


class Memory:
    """Units of work over nothing; it counts what was written."""

    def __init__(self) -> None:
        self.writes = 0

    @contextmanager
    def read(self, actor: Actor) -> Iterator[Unit]:
        yield Unit(_Session(), NOW, actor, writing=False)  # type: ignore[arg-type]  # nothing is asked of it

    def run(self, actor: Actor, work: Callable[[Unit], T]) -> T:
        found = work(Unit(_Session(), NOW, actor, writing=True))  # type: ignore[arg-type]  # nothing is asked of it
        self.writes += 1
        return found


@dataclass
class MemoryWorks:
    """Changes of many rows in memory: a test says when they run, and after which part they are stopped."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    eager: Any = None
    parts: int = 0
    stop_after: int | None = None

    def begin(self, unit: Unit, wanted: Mapping[str, Any]) -> str:
        task = {"id": str(len(self.asked)), "wanted": dict(wanted), "state": "waiting", "stage": "", "stopping": False}
        self.asked.append({**task, "done": 0, "total": 0, "result": None, "error": None, "actor": unit.actor})
        if self.eager is not None:
            self.run(self.eager)
        return str(task["id"])

    def find(self, unit: Unit, task_id: str) -> Mapping[str, Any]:
        own = [one for one in self.asked if one["id"] == task_id and one["actor"].id == unit.actor.id]
        if not own:
            raise NotFoundError
        return own[0]

    def stop(self, unit: Unit, task_id: str) -> None:
        one = self.asked[int(task_id)]
        one["state"], one["stopping"] = ("stopped" if one["state"] == "waiting" else one["state"]), True

    def is_scheduled(self, unit: Unit) -> bool:
        return self.eager is not None

    def stage(self, name: str, total: int = 0) -> None:
        self.asked[-1].update(stage=name, total=total)

    def advance(self, done: int, result: dict[str, Any]) -> None:
        self.parts += 1
        self.asked[-1].update(done=done, result=json.loads(json.dumps(result)))
        if self.parts == self.stop_after:
            raise TaskStoppedError

    def run(self, console: Any) -> None:
        """Run the newest."""
        task = self.asked[-1]
        task["state"] = "running"
        try:
            task["result"] = bulk_work.run(console, task["actor"], json.loads(json.dumps(task["wanted"])), self)
            task["state"] = "done"
        except TaskStoppedError:
            task["state"] = "stopped"
        except AppError as error:
            task["state"] = "failed"
            task["error"] = {"code": error.code, "message": str(error), "remedy": str(error.remedy)}


@dataclass
class TestConsole:
    """A console whose people, pages and gate a test chooses."""

    __test__ = False
    pages: Sequence[Url] = ()
    navigation: Sequence[NavItem] = ()
    closed: Gate | None = None
    key: str = "satellite"
    package: str = "serverkit.web"
    title: str = "Satellite"
    cookie: str = "test"
    server: Any = None
    provider: str = ""
    works: Any = None
    operations: Mapping[str, Any] = field(default_factory=dict)
    roots: tuple[type[Exception], ...] = (AppError,)
    database: Any = field(default_factory=Memory)
    sessions: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, datetime] = field(default_factory=dict)
    chosen: dict[str, dict[str, Any]] = field(default_factory=dict)
    help: HelpFolder = field(default_factory=lambda: HelpFolder(Path(__file__).parents[1] / "docs" / "admin"))

    @property
    def urls(self) -> Sequence[Url]:
        return (*own_urls(look="S3.1", sign_in="S3.4"), *self.pages)

    def recognise(self, secret: str, *, note: bool) -> SignedIn | None:
        del note
        name = self.sessions.get(secret)
        if name is None:
            return None
        permissions = PEOPLE[name][1]
        actor = Actor(ActorKind.USER, name, name, permissions)
        return SignedIn(actor, secret[:8], "role", permissions, self.fresh.get(secret))

    def sign_in(self, name: str, password: str, visitor: Visitor, previous: str | None) -> Entered:
        del visitor
        if name not in PEOPLE or PEOPLE[name][0] != password:
            raise WrongError
        self.sessions.pop(previous or "", None)
        secret = f"secret-of-{name}-{len(self.sessions)}"
        self.sessions[secret] = name
        return Entered(secret, known_by="browser")

    def second_step(self, secret: str, code: str, visitor: Visitor) -> Entered:
        raise WrongError

    def step_up(self, secret: str, password: str, visitor: Visitor) -> str:
        name = self.sessions[secret]
        if PEOPLE[name][0] != password:
            raise WrongError
        del self.sessions[secret]
        self.sessions[f"{secret}+"] = name
        self.fresh[f"{secret}+"] = NOW.replace(year=2028)
        return f"{secret}+"

    def sign_out(self, secret: str) -> None:
        self.sessions.pop(secret, None)

    def gate(self, unit: Unit, who: SignedIn | None) -> Gate | None:
        del unit, who
        return self.closed

    def permit(self, unit: Unit, needed: Sequence[StrEnum], parts: Mapping[str, str]) -> None:
        del parts
        scopes = unit.actor.scopes or frozenset()
        if not any(one in scopes or not isinstance(one, Permission) for one in needed):
            raise ForbiddenError

    def placed(self, unit: Unit, who: SignedIn, parts: Mapping[str, str]) -> SignedIn:
        del unit, parts
        return who

    def frame(self, unit: Unit, who: SignedIn | None, parts: Mapping[str, str]) -> Frame:
        del unit, who, parts
        return Frame("North Site", self.navigation)

    def preferences(self, unit: Unit, who: SignedIn) -> Mapping[str, Any]:
        del unit
        return self.chosen.get(who.name, {})

    def keep_preference(self, unit: Unit, name: str, value: Any) -> None:
        self.chosen.setdefault(unit.actor.name, {})[name] = value

    def search(self, unit: Unit, who: SignedIn, text: str) -> Sequence[Found]:
        del unit, who
        return [Found(text, "/", "Things")]


def app_of(console: TestConsole) -> Flask:
    """The application of a console."""
    return make_flask("test", (Static(), Pages(console)))


@dataclass
class Browser:
    """A browser without a window: it keeps cookies and sends what browsers send."""

    app: Any
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = Client(getattr(self.app, "rest", self.app))  # pages are behind the fast path of devices

    def get(self, path: str, **headers: str) -> Any:
        """Open an address."""
        sent = {"Accept": "text/html", "Sec-Fetch-Site": "none", **self.headers, **_named(headers)}
        return self.client.get(path, base_url=HOST, headers=sent)

    def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, token: str | None = None, **headers: str
    ) -> Any:
        """Send a form, with the token of the page that was opened last unless another is given."""
        sent = {
            "Accept": "text/html",
            "Sec-Fetch-Site": "same-origin",
            "Origin": HOST,
            **self.headers,
            **_named(headers),
        }
        data = {"csrf_token": self.token() if token is None else token, **(fields or {})}
        return self.client.post(path, data=data, base_url=HOST, headers=sent)

    def token(self) -> str:
        """A token of a page that everybody may open."""
        text = self.get(
            "/sign-in",
        ).get_data(as_text=True)
        if 'name="csrf_token" value="' not in text:
            text = self.get("/me/look").get_data(as_text=True)
        return text.split('name="csrf_token" value="')[1].split('"')[0]

    def sign_in(self, name: str, password: str = "") -> Any:
        """Sign in."""
        return self.post("/sign-in", {"name": name, "password": password or PEOPLE[name][0]})


def hidden(answer: Any) -> dict[str, list[str]]:
    """The hidden fields of the form in the middle of a page."""
    found: dict[str, list[str]] = {}
    text = answer.get_data(as_text=True).split('id="title"')[-1]
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text):
        found.setdefault(name, []).append(unescape(value))
    return found


def guard(answer: Any) -> dict[str, str]:
    """What the form of a page says about the values that it was opened with."""
    return {name: found[0] for name, found in hidden(answer).items() if name in {"version", "opened"}}


def press(browser: Browser, answer: Any, **typed: str) -> Any:
    """Send the form of a page with what is typed into it."""
    text = answer.get_data(as_text=True).split('id="title"')[-1]
    fields = {**hidden(answer), **typed}
    [action] = re.findall(r'<form [^>]*action="([^"]*)"', text)
    [token, *_others] = fields.pop("csrf_token")
    return browser.post(unescape(action), fields, token=token)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
