"""Cookies, the origin of a request, and tokens that tie a form to the session of the person who fills it in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from serverkit.http.request import Request
from serverkit.web.errors import ForeignOriginError, FormExpiredError

TOKEN_FIELD, TOKEN_HEADER = "csrf_token", "X-CSRF-Token"
_SALT_BYTES = 8
SAFE = frozenset({"GET", "HEAD"})
YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of one server; `suffix` keeps apart two servers on one host, as cookies know no ports."""

    suffix: str

    @property
    def session(self) -> str:
        """Holds the secret of the session."""
        return f"__Host-perigee-{self.suffix}"

    @property
    def visit(self) -> str:
        """Ties a form that is filled in before there is a session to the browser."""
        return f"__Host-perigee-{self.suffix}-visit"

    @property
    def look(self) -> str:
        """How a person wants pages to look."""
        return f"__Host-perigee-{self.suffix}-look"

    @property
    def browser(self) -> str:
        """A browser from which someone signed in before; it is never shut out by the tries of strangers."""
        return f"__Host-perigee-{self.suffix}-browser"

    @property
    def permit(self) -> str:
        """Lets someone without a session do one thing, for a short while."""
        return f"__Host-perigee-{self.suffix}-permit"

    @property
    def notice(self) -> str:
        """What the next page says first."""
        return f"__Host-perigee-{self.suffix}-notice"


def set_cookie(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie of this host; without `seconds` it goes with the browser, with 0 it goes now."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def check_origin(request: Request) -> None:
    """Refuse what another site had the browser send; a person may follow a link from anywhere."""
    site = request.headers.get("Sec-Fetch-Site")
    if request.method in SAFE:
        if site == "cross-site" and request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            raise ForeignOriginError
        return
    if site is not None:
        # Where it is sent it decides: under `no-referrer` a browser calls even the own origin `null`.
        if site != "same-origin":
            raise ForeignOriginError
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForeignOriginError


WRITTEN = r"^[!-~]*$"
"""What a page wrote into a field, and no person: an address, a query, a time."""


def new_secret() -> str:
    """A secret of 256 bits."""
    return secrets.token_urlsafe(32)


def token_for(secret: str) -> str:
    """A token for forms for the holder of a secret; each is different, so that a compressed page gives none away."""
    salt = secrets.token_hex(_SALT_BYTES)
    return salt + _signed(secret, salt)


def check_token(secret: str, shown: str) -> None:
    """Refuse a form whose token was not made for this secret."""
    salt, mark = shown[: 2 * _SALT_BYTES], shown[2 * _SALT_BYTES :]
    if not secret or not hmac.compare_digest(_signed(secret, salt).encode(), mark.encode()):
        raise FormExpiredError


def _signed(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"form:{salt}".encode(), hashlib.sha256).hexdigest()


def local_path(text: str) -> str:
    """An address of this server to go on to; the first page for anything else."""
    fine = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if fine else "/"
