"""Large forms over the front of a server: no one's waits for a place, and a refusal comes before the body."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import pytest

from serverkit.devices.asgi_front import AsgiFront
from tests.console import Browser, app_of
from tests.exhibit import ExhibitConsole


class NoDevices:
    """A server without devices."""

    most_bytes = 1024


class Application:
    """Pages alone."""

    reached_as = None

    def __init__(self, rest: Any) -> None:
        self.rest, self.devices = rest, NoDevices()

    def __call__(self, environ: Any, start: Any) -> Any:
        return self.rest(environ, start)


def send(browser: Browser, path: str, body: bytes, kind: str, cookies: str) -> tuple[int, dict[str, str], bytes, int]:
    """Send a form in parts of 32 KiB; status, headers, answer, and how many bytes were taken in before it."""
    headers = {"host": "site.example", "content-type": kind, "content-length": str(len(body)), "cookie": cookies,
               "sec-fetch-site": "same-origin", "accept": "text/html"}  # fmt: skip
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "http_version": "1.1",
        "scheme": "https", "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.9", 1), "server": ("site.example", 443),
    }  # fmt: skip
    parts = [body[at : at + 32_768] for at in range(0, len(body), 32_768)]
    taken, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        taken += len(part)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def answer(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent.append((message, taken))
        else:
            sent.append(message)

    front: Any = AsgiFront(Application(browser.app), threads=1, behind_proxy=False)  # type: ignore[arg-type]  # pages alone
    asyncio.run(front(scope, receive, answer))
    start, before = sent[0]
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, b"".join(one["body"] for one in sent[1:]), before


def multipart(token: str, size: int) -> tuple[bytes, str]:
    """A form with a file."""
    body = (
        b'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token.encode()
        + b'\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="../../x.pgx"\r\n\r\n' + b"x" * size + b"\r\n--B--\r\n"
    )  # fmt: skip
    return body, "multipart/form-data; boundary=B"


@pytest.mark.row("S2.1")
def test_a_large_upload_is_taken_from_who_is_signed_in_and_from_nobody_else() -> None:
    """A person's file comes whole; a stranger's and one without the token are refused, styled as a page, with little read."""
    console = ExhibitConsole(3)
    browser = Browser(app_of(console))
    signed = SimpleCookie(browser.sign_in("anna").headers["Set-Cookie"])
    cookies = "; ".join(f"{name}={one.value}" for name, one in signed.items())
    token = browser.token()

    body, kind = multipart(token, 700_000)
    status, headers, _, _ = send(browser, "/parts/upload", body, kind, cookies)
    assert (status, headers["location"]) == (303, "/parts")
    status, headers, text, taken = send(browser, "/parts/upload", body, kind, "__Host-perigee-test=gone")
    assert (status, taken < 200_000) == (401, True)
    assert "style-src 'self'" in headers["content-security-policy"]
    assert b"session_over" in text
    body, kind = multipart("0" * 80, 700_000)
    assert send(browser, "/parts/upload", body, kind, cookies)[0] == 403
    body, kind = multipart(token, 1_200_000)
    assert send(browser, "/parts/upload", body, kind, cookies)[0] == 413
    form = urlencode({"csrf_token": token, "name": "x"}).encode()
    kind = "application/x-www-form-urlencoded"
    assert send(browser, "/things/new", form, kind, cookies)[0] == 303
