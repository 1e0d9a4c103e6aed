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
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

ACCESS, OUTPUT = Path("build") / "demo" / "access.json", Path("build") / "screens"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WIDTHS, THEMES = (1440, 390), ("light", "dark")
MOST_PAGES = 150
STATES = {"filtered-empty": "/licences?q=no-such-licence", "not-found": "/no-such-page"}
_VARYING = re.compile(r"/[0-9a-f-]{8,}|/\d+|/[^/]*%[^/]*|/[^/]*\.[^/]*")
_SKIPPED = ("/static/", "/api/", "/sign-out", "/openapi")


def main() -> int:
    """Take the pictures; 1 where no demonstration runs."""
    parser = argparse.ArgumentParser(prog="tools.screens", description=__doc__)
    parser.add_argument("--access", type=Path, default=ACCESS, help="the access.json of a running demonstration")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    choice = parser.parse_args()
    if not choice.access.exists():
        sys.stderr.write(f"{choice.access} is not there; run `make demo` first and leave it running\n")
        return 1
    access: dict[str, Any] = json.loads(choice.access.read_text(encoding="utf-8"))
    shutil.rmtree(choice.output, ignore_errors=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        pictures = {
            name: _walk(browser, access[name], choice.output / name)
            for name in ("satellite", "central")
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
            context.close()
    return ["sign-in", *found]


def _addresses(browser: Browser, base: str, user: dict[str, str]) -> dict[str, str]:
    """By page name, one address of it; found by following links from the first page, one of each form of address."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    _sign_in(page, base, user)
    waiting, seen, found = deque(["/"]), {"/"}, dict[str, str]()
    while waiting and len(found) < MOST_PAGES:
        path = waiting.popleft()
        answer = page.goto(base + path) if "as=" not in path else None
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
    return found | STATES


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
    output.mkdir(parents=True, exist_ok=True)
    (output / "index.html").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
