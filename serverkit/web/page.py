"""One visit of a page: what was asked, who asks, the unit of work, and what was sent. Handlers get nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel
from werkzeug.datastructures import FileStorage, MultiDict

from serverkit.actor import Actor, ActorKind
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.http.operations import Access, alternatives
from serverkit.http.request import Request
from serverkit.web.console import Console, SignedIn, Visitor
from serverkit.web.differences import Stale
from serverkit.web.look import Look
from serverkit.web.refusals import Refusal
from serverkit.web.security import local_path
from serverkit.web.urls import Url

NOBODY = Actor(ActorKind.USER, "", "", frozenset())


def _storable(values: MultiDict[str, str]) -> MultiDict[str, str]:
    """Texts without the one character that a database cannot hold; no keyboard types it."""
    if not any("\0" in text for _, text in values.items(multi=True)):
        return values
    return MultiDict((name, text.replace("\0", "")) for name, text in values.items(multi=True))


@dataclass
class Page:
    """A visit.

    `parts` are the parts of the address, decoded. `thing` is what `load` found. `read` is the model that the form of a
    change was read by; `expired` is set where its form is not one of this session: nothing is done with it.
    `refusal` is why a change came back, and `typed` what had been typed then; `blank` where the form was not read, `stale`
    where someone else was faster. `permit` is what a cookie holds that lets someone without a session do one thing.
    """

    console: Console
    request: Request
    url: Url
    parts: Mapping[str, str]
    look: Look
    token: str = ""
    secret: str = ""
    session_cookie: str = ""
    known_by: str | None = None
    permit: str = ""
    who: SignedIn | None = None
    work: Unit | None = None
    thing: Any = None
    read: BaseModel | None = None
    expired: AppError | None = None
    refusal: Refusal | None = None
    notice: str = ""
    typed_again: bool = False
    blank: bool = False
    stale: Stale | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> Unit:
        """The unit of work."""
        if self.work is None:
            raise RuntimeError("this address opens its units itself")
        return self.work

    @property
    def server(self) -> Any:
        """The server, for use cases."""
        return self.console.server

    @property
    def actor(self) -> Actor:
        """Who asks; no one in particular where there is no session."""
        return self.who.actor if self.who is not None else NOBODY

    @cached_property
    def preferences(self) -> Mapping[str, Any]:
        """What the person chose of how pages are shown, by name."""
        return self.console.preferences(self.unit, self.who) if self.who is not None else {}

    def keep_preference(self, name: str, value: Any) -> None:
        """Keep what the person chose; None goes back to what is usual."""
        self.console.keep_preference(self.unit, name, value)

    @property
    def now(self) -> datetime:
        """The time of this unit."""
        return self.unit.now

    @property
    def path(self) -> str:
        """The address, as it was routed."""
        return self.request.path

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address; of one that is repeated the last value."""
        return {name: values[-1] for name, values in self.asked.lists()}

    @cached_property
    def asked(self) -> MultiDict[str, str]:
        """All parameters of the address."""
        return _storable(self.request.args)

    @cached_property
    def sent(self) -> MultiDict[str, str]:
        """The fields of the form that was sent."""
        return _storable(self.request.form)

    @property
    def files(self) -> MultiDict[str, FileStorage]:
        """The files that were sent; their names are never trusted."""
        return self.request.files

    @property
    def typed(self) -> MultiDict[str, str] | None:
        """What was typed into a form that came back; None for a fresh one."""
        came_back = self.refusal is not None or self.typed_again
        return self.sent if came_back and not self.blank else None

    @property
    def visitor(self) -> Visitor:
        """From where the visit comes."""
        return Visitor(self.request.address, self.request.headers.get("User-Agent", "")[:255], self.known_by)

    def may(self, permission: str | None) -> bool:
        """Whether the role of the person has a permission; None asks for nothing."""
        return permission is None or (self.who is not None and str(permission) in self.who.permissions)

    @cached_property
    def _pages(self) -> Mapping[int, Sequence[Url]]:
        """The pages of this console by the number of slashes in their addresses: a page asks of twenty links and more."""
        found: defaultdict[int, list[Url]] = defaultdict(list)
        for url in self.console.urls:
            if not url.changes:
                found[url.path.count("/")].append(url)
        return found

    def may_open(self, path: str) -> bool:
        """Whether there is a page at an address of this console and the person may open it: what is not so is no link."""
        plain = path.partition("#")[0].partition("?")[0]
        found = next((url for url in self._pages[plain.count("/")] if url.leads_to(plain)), None)
        if found is None:
            return False
        needed = alternatives(found.permission)
        return Access.OPEN in needed or (
            self.who is not None and (Access.SIGNED_IN in needed or any(self.may(one) for one in needed))
        )

    def wants_part(self, target: str) -> bool:
        """Whether htmx asks for this element of the page alone."""
        head = self.request.headers
        return "HX-Request" in head and head.get("HX-Target") == target

    def here(self, **changed: str | None) -> str:
        """This address with other parameters; None takes one out."""
        values = {**self.query, **changed}
        kept = {name: value for name, value in values.items() if value is not None}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def leads_here(self, path: str) -> str:
        """The address of a page that leads back to this one."""
        where = self.path if self.url.changes else self.here()
        return path if where == "/" else f"{path}?{urlencode({'next': local_path(where)})}"
