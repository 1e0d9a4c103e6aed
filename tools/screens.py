"""Pictures of every page of a running demonstration: `make screens`.

Reads `build/demo/access.json`, signs in, follows the links of the console, and takes one picture of each page (by its
`data-page`) at 1440 and 390 pixels, light and dark, and of some states. `build/screens/index.html` shows them all.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Response, sync_playwright

ACCESS, OUTPUT = Path("build") / "demo" / "access.json", Path("build") / "screens"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
CONSOLES = ("satellite", "central")
WIDTHS, THEMES = (1440, 390), ("light", "dark")
MOST_PAGES = 150
STATES = {
    "filtered-empty": "/licences?q=no-such-licence",
    "not-found": "/no-such-page",
    "not-an-order": "/instances?sort=-no-such-order",
    "long-filter": "/instances?q=" + "a-long-word-without-a-blank-" * 7,
    "columns-all": "/instances?cols=name,product,serial,virtual_account,state,last_contact,uuid,mac,software,registered",
    "compact": "/instances?density=compact",
    "save-view": "/views/instances/new?path=/instances&query=density%3Dcompact",
    "out-of-compliance": "/instances?compliance=out_of_compliance",
    "jobs": "/tasks?by=schedule",
    "set-up-check": "/setup/check",
    "set-up-register": "/setup/register",
    "set-up-time": "/setup/time",
    "set-up-way": "/setup/sync",
    "set-up-summary": "/setup/summary",
    "search": "/search?q=SW",
    "search-empty": "/search?q=no-such-thing",
}
"""States of a satellite that an address leads to, by name."""
STATES_OF_CENTRAL = {
    "filtered-empty": "/orders?q=no-such-order",
    "not-found": "/no-such-page",
    "not-an-order": "/a?sort=-no-such-order",
    "compact": "/catalogue?density=compact",
    "save-view": "/views/accounts/new?path=/a&query=density%3Dcompact",
    "search": "/search?q=e",
    "search-empty": "/search?q=no-such-thing",
}
"""States of central."""
LOOKS: dict[str, tuple[int, dict[str, Any], str]] = {
    "320": (320, {}, ""),
    "1100": (1100, {}, ""),
    "1920": (1920, {}, ""),
    "200-percent": (720, {"device_scale_factor": 2}, ""),
    "contrast": (1440, {"contrast": "more"}, ""),
    "forced": (1440, {"forced_colors": "active"}, ""),
    "mirror": (1440, {}, "language=x-mirror"),
    "pseudo": (1440, {}, "language=x-pseudo"),
    "german": (1440, {}, "language=de"),
    "no-script": (1440, {"java_script_enabled": False}, ""),
    "print": (1000, {}, ""),
}
"""Looks of a few pages beside the two widths and themes: width, options of the browser, and the look that is chosen."""
LOOKED_AT = (
    "dashboard", "licences", "instances", "instance", "sync", "token-new", "alerts", "accounts", "virtual-accounts", "orders",
)  # fmt: skip
"""The pages that are shown in each of those."""
_VARYING = re.compile(r"/[0-9a-f-]{8,}|/\d+|/[^/]*%[^/]*|/[^/]*\.[^/]*")
_SKIPPED = ("/static/", "/api/", "/sign-out", "/openapi")


def main() -> int:
    """Take the pictures; 1 where no demonstration runs."""
    parser = argparse.ArgumentParser(prog="tools.screens", description=__doc__)
    parser.add_argument("--access", type=Path, default=ACCESS, help="the access.json of a running demonstration")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--only", choices=CONSOLES, help="the pages of this console alone; pictures of the other stay")
    choice = parser.parse_args()
    consoles = [choice.only] if choice.only else CONSOLES
    if not choice.access.exists():
        sys.stderr.write(f"{choice.access} is not there; run `make demo` first and leave it running\n")
        return 1
    access: dict[str, Any] = json.loads(choice.access.read_text(encoding="utf-8"))
    for name in consoles:
        shutil.rmtree(choice.output / name, ignore_errors=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        pictures = {
            name: _walk(browser, access[name], choice.output / name)
            for name in consoles
            if name in access and _has_console(browser, access[name]["url"])
        }
        browser.close()
    _write_index(choice.output, pictures)
    sys.stdout.write(f"{sum(len(found) for found in pictures.values())} pages; {choice.output / 'index.html'}\n")
    return 0 if pictures else 1


def _has_console(browser: Browser, url: str) -> bool:
    context = browser.new_context(ignore_https_errors=True)
    try:
        answer = context.request.get(f"{url}sign-in", headers={"Accept": "text/html"})
        return answer.status == 200
    finally:
        context.close()


def _walk(browser: Browser, server: dict[str, Any], folder: Path) -> list[str]:
    """Take the pictures of one console; returns the names of its pages."""
    folder.mkdir(parents=True)
    base = server["url"].rstrip("/")
    found = _addresses(browser, base, server["users"][0])
    for width in WIDTHS:
        for theme in THEMES:
            context = browser.new_context(
                ignore_https_errors=True,
                viewport={"width": width, "height": 900},
                color_scheme=theme,  # type: ignore[arg-type]  # each of THEMES is one of its words
                locale="en-GB",
            )
            page = context.new_page()
            page.goto(f"{base}/sign-in")
            page.screenshot(path=folder / f"sign-in-{width}-{theme}.png", full_page=True)
            _sign_in(page, base, server["users"][0])
            for name, path in found.items():
                page.goto(base + path)
                page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
            for name, done in _DONE.items():
                if done(page, base):
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
            context.close()
    _in_other_looks(browser, base, server["users"], found, folder)
    return ["sign-in", *found, *_DONE]


def _select_rows(page: Page, base: str) -> bool:
    """Some rows are selected, and the bar of the selection is there."""
    page.goto(f"{base}/tokens")
    boxes = page.locator("[name=key]")
    for number in range(min(3, boxes.count())):
        boxes.nth(number).click()
    return boxes.count() > 0


def _refuse_form(page: Page, base: str) -> bool:
    """A form that came back with its reasons."""
    page.goto(f"{base}/tokens/new")
    if page.locator("form.form").count() == 0:
        return False
    page.get_by_label("Days").fill("many")
    page.locator("form.form [type=submit]").click()
    page.wait_for_selector(".verdict")
    return True


def _refuse_file(page: Page, base: str) -> bool:
    """A file of a wrong kind that was looked at."""
    page.goto(f"{base}/sync")
    field = page.locator("input[type=file]").first
    if field.count() == 0:
        return False
    field.set_input_files({"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": b"no file of ours"})
    page.locator("form.upload [type=submit]").first.click()
    page.wait_for_selector(".verdict")
    return True


def _open_dialog(page: Page, base: str) -> bool:
    """A dangerous act that asks in a dialog."""
    page.goto(f"{base}/tokens")
    link = page.locator("a.act.danger").first
    if link.count() == 0:
        return False
    link.click()
    page.locator("#dialog[open]").wait_for()
    return True


def _show_reason(page: Page, base: str) -> bool:
    """Why an act is not possible for a row."""
    page.goto(f"{base}/tokens")
    reason = page.locator("details.act-off > summary").first
    if reason.count() == 0:
        return False
    reason.click()
    return True


def _lose_server(page: Page, base: str) -> bool:
    """A list whose server no longer answers: its rows stay, and it says so."""
    page.goto(f"{base}/licences")
    field = page.locator("form.filters input[type=search]")
    if field.count() == 0:
        return False
    page.context.set_offline(True)
    if not field.is_visible():
        page.locator("label[for^=filters-]").click()
    field.fill("x")
    page.locator("#toasts .toast-line").first.wait_for()
    page.context.set_offline(False)
    return True


def _open_help(page: Page, base: str) -> bool:
    """The help beside a page."""
    answer = page.goto(f"{base}/licences")
    if answer is None or answer.status != 200:  # central has its list elsewhere
        page.goto(f"{base}/a")
    page.locator("a[data-help]").first.click()
    page.locator("#drawer[open] h2").first.wait_for()
    return True


def _open_palette(page: Page, base: str) -> bool:
    """The palette with what it found."""
    page.goto(f"{base}/")
    page.keyboard.press("Control+k")
    page.locator("#palette[open]").wait_for()
    page.keyboard.type("s")
    return True


_DONE: dict[str, Callable[[Page, str], bool]] = {
    "selected": _select_rows,
    "form-refused": _refuse_form,
    "file-refused": _refuse_file,
    "dialog": _open_dialog,
    "reason": _show_reason,
    "server-away": _lose_server,
    "help-drawer": _open_help,
    "palette": _open_palette,
}
"""States that something has to be done for, by name."""


def _in_other_looks(
    browser: Browser, base: str, users: list[dict[str, str]], found: dict[str, str], folder: Path
) -> None:
    """A few pages at other widths, contrasts and languages, on paper, and as someone who may only look sees them."""
    shown = {name: found[name] for name in LOOKED_AT if name in found}
    reader = next((one for one in users if one["role"] == "read-only"), None)
    for look, (width, options, chosen) in {**LOOKS, "read-only": (1440, {}, "")}.items():
        user = reader if look == "read-only" else users[0]
        if user is None:
            continue
        size = {"width": width, "height": 900}
        context = browser.new_context(ignore_https_errors=True, viewport=size, **{"locale": "en-GB", **options})  # type: ignore[arg-type]  # options that it knows
        page = context.new_page()
        _sign_in(page, base, user)
        if chosen:
            name = (
                min((one["name"] for one in context.cookies()), key=len) + "-look"
            )  # that of the session is the shortest
            context.add_cookies([{"name": name, "value": chosen, "url": base, "secure": True}])
        if look == "print":
            page.emulate_media(media="print")
        for name, path in shown.items():
            page.goto(base + path)
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
        context.close()


def _addresses(browser: Browser, base: str, user: dict[str, str]) -> dict[str, str]:
    """By page name, one address of it; found by following links from the first page, one of each form of address."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    _sign_in(page, base, user)
    waiting, seen, found = deque(["/"]), {"/"}, dict[str, str]()
    while waiting and len(found) < MOST_PAGES:
        path = waiting.popleft()
        answer = _opened(page, base + path)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        name = page.locator("main").first.get_attribute("data-page") or "page"
        found.setdefault(name, path)
        links: list[str] = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        for link in links:
            parts = urlsplit(link)
            form = _VARYING.sub("/*", parts.path)
            if link.startswith(base) and form not in seen and not parts.path.startswith(_SKIPPED):
                seen.add(form)
                waiting.append(parts.path)
    context.close()
    return found | (STATES if "dashboard" in found else STATES_OF_CENTRAL)


def _opened(page: Page, address: str) -> Response | None:
    """The answer of an address; none where it sends a file."""
    try:
        return page.goto(address)
    except Error as error:
        if "Download is starting" in str(error):
            return None
        raise


def _sign_in(page: Page, base: str, user: dict[str, str]) -> None:
    page.goto(f"{base}/sign-in")
    page.get_by_label("Name").fill(user["name"])
    page.get_by_label("Password", exact=True).fill(user["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def _write_index(output: Path, pictures: dict[str, list[str]]) -> None:
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Screens</title><h1>Screens</h1>"]
    for console, names in pictures.items():
        parts.append(f"<h2>{html.escape(console)}</h2>")
        for name in names:
            parts.append(f"<h3 id={html.escape(f'{console}-{name}')}>{html.escape(name)}</h3><p>")
            for width in WIDTHS:
                for theme in THEMES:
                    file = html.escape(f"{console}/{name}-{width}-{theme}.png")
                    parts.append(f'<a href="{file}"><img src="{file}" width="{width // 4}" alt="{file}"></a> ')
            for look in [*LOOKS, "read-only"]:
                if (output / console / f"{name}-{look}.png").exists():
                    file = html.escape(f"{console}/{name}-{look}.png")
                    parts.append(f'<a href="{file}"><img src="{file}" width="240" alt="{file}"></a> ')
    output.mkdir(parents=True, exist_ok=True)
    (output / "index.html").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
