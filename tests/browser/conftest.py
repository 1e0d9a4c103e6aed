"""One browser for each module, and one server of the exhibit for all tests of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from serverkit.web.console import Visitor
from serverkit.web.security import Cookies
from tests.browser.serve import ARGS, CHROMIUM, serving
from tests.console import PEOPLE, app_of
from tests.exhibit import ExhibitConsole, things


@dataclass
class Watched:
    """A page, and what it did that no page may do: errors, violations of the policy, requests to other hosts."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open an address of the server."""
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, name: str, password: str) -> None:
        """Sign in by the form, as a person does."""
        self.open("/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's browser. Its event loop runs in this thread, where the tests of other modules need loops of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shown() -> ExhibitConsole:
    """The console that shows every part."""
    return ExhibitConsole()


@pytest.fixture(scope="session")
def exhibit_address(shown: ExhibitConsole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the one server of that console."""
    with serving(app_of(shown), tmp_path_factory.mktemp("tls")) as address:
        yield address


@pytest.fixture
def exhibit(shown: ExhibitConsole, exhibit_address: str) -> str:
    """The address of the console, which shows all its things again whatever a test before has removed."""
    shown.server.items[:] = things()
    return exhibit_address


@pytest.fixture
def visit(chromium: Browser, shown: ExhibitConsole, exhibit: str) -> Iterator[Callable[..., Watched]]:
    """Open a window: `visit(width=390, color_scheme="dark")`; signed in to the exhibit unless another address is given."""
    contexts: list[BrowserContext] = []
    made: list[Watched] = []

    def window(address: str = "", width: int = 1440, person: str = "anna", look: str = "", **options: Any) -> Watched:
        options = {"locale": "en-GB", "reduced_motion": "reduce", **options}
        context = chromium.new_context(ignore_https_errors=True, viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(30_000)  # what a slow machine may take; what is there is waited for no longer
        contexts.append(context)
        watched = Watched(context.new_page(), address or exhibit)
        watch(watched)
        made.append(watched)
        if not address:
            context.add_cookies([session_of(shown, exhibit, person), *look_of(shown, exhibit, look)])
        return watched

    yield window
    for context in contexts:
        context.close()
    assert [one for watched in made for one in watched.wrong] == []


def session_of(console: ExhibitConsole, address: str, person: str) -> Any:
    """The cookie of a session that was begun without the form, which has a test of its own."""
    entered = console.sign_in(person, PEOPLE[person][0], Visitor("", "", None), None)
    return {"name": Cookies(console.cookie).session, "value": entered.secret, "url": address, "secure": True}


def look_of(console: ExhibitConsole, address: str, look: str) -> list[Any]:
    """The cookie of a look, such as `language=de`; none for the usual one."""
    return [{"name": Cookies(console.cookie).look, "value": look, "url": address, "secure": True}] if look else []


def watch(watched: Watched) -> None:
    """Note what no page may do."""

    def said(message: Any) -> None:
        if message.type == "error" and "the server responded with a status of" not in message.text:
            watched.wrong.append(message.text)

    def asked(request: Any) -> None:
        if not request.url.startswith((watched.address, "data:", "blob:")):
            watched.wrong.append(request.url)

    watched.page.on("console", said)
    watched.page.on("pageerror", lambda error: watched.wrong.append(str(error)))
    watched.page.on("request", asked)


# What styles can tell elements apart by: their own names, classes and states, and those of all that they stand in.
SHAPES = """known => {
  const asked = ["class", "type", "open", "disabled", "readonly", "hidden", "role", "aria-current", "aria-pressed", "aria-invalid", "data-label"];
  const shapes = new Set(known);
  window.unseen = [];
  for (const one of document.body.querySelectorAll("*")) {
    let shape = "";
    for (let at = one; at !== document.documentElement; at = at.parentElement)
      shape += at.tagName + asked.filter(name => at.hasAttribute(name)).map(name => `[${name}=${at.getAttribute(name)}]`).join("") + "<";
    if (!shapes.has(shape)) { shapes.add(shape); window.unseen.push(one); }
  }
  return [...shapes];
}"""
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults_of(page: Page, *rules: str, without: Iterable[str] = (), of: str = "document") -> list[str]:
    """What axe finds, each with the place; with `rules` those alone, which takes a tenth of the time.

    `of` is what it looks at: the document, or the name of a list of elements of the window.
    """
    # Through the debugger, not by a script element: the policy of the pages forbids those.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": ALL}
    # Nothing plays, and no style depends on how a screen is held: axe need not fetch the styles again for the rules of those.
    options = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False, "selectors": False}
    options["rules"] = {rule: {"enabled": False} for rule in without}
    found = page.evaluate("([options, of]) => axe.run(window[of], options)", [options, of])
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def moved_sideways(page: Page) -> list[str]:
    """Whether a page is wider than its window."""
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0
    return ["it moves sideways"] if wider else []
