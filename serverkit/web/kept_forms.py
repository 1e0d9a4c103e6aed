"""A form that was sent too late is kept: signing in, or the password again, leads back to it, filled.

What was typed travels in fields of the sign-in form, never in an address or a cookie. Secrets and files are not kept.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from pydantic import SecretStr

from serverkit.web.answers import Shown
from serverkit.web.form_reading import plain_type
from serverkit.web.page import Page
from serverkit.web.security import TOKEN_FIELD, local_path
from serverkit.web.sign_in_forms import PASSWORD_FORM, SIGN_IN_FORM, way_of
from serverkit.web.texts import Words, _
from serverkit.web.urls import AGAIN, SIGN_IN, SMALL_BYTES, STEP_UP
from serverkit.wsgi import announced_bytes

KEPT, FOR = "kept", "kept_for"


def can_be_kept(page: Page) -> bool:
    """Whether it is a form of texts, and small."""
    request = page.request
    fits = (announced_bytes(request.environ) or 0) <= SMALL_BYTES
    return page.url.changes and fits and request.mimetype == "application/x-www-form-urlencoded"


def session_over_page(page: Page) -> Shown:
    """The sign-in form with what was typed."""
    view = SIGN_IN_FORM.view(page, SIGN_IN, hidden=(("next", "/"), *_keep(page)), fresh=True)
    intro = _("Sign in to go on. What you typed is kept.")
    context = {"view": view, "intro": intro}
    return Shown("session-over", _("Your session has ended"), "form_page.html", context, status=401, bare=True)


def kept_step_up_page(page: Page) -> Shown:
    """The form that asks for the password again, with what was typed before."""
    view = PASSWORD_FORM.view(page, STEP_UP, hidden=(("next", "/"), *_keep(page)), fresh=True)
    intro = _("What you are about to do needs your password again. What you typed is kept.")
    back = page.path if page.may_open(page.path) else "/"
    context = {"view": view, "intro": intro, "way": way_of(page.console.provider, STEP_UP, back)}
    status = page.refusal.status if page.refusal is not None else 401
    return Shown("step-up", _("Enter your password"), "form_page.html", context, status=status, bare=True)


def _keep(page: Page) -> tuple[tuple[str, str], ...]:
    """Two fields: what was typed, without secrets, and where it was sent."""
    model = page.url.form
    fields = model.model_fields if model is not None else {}
    secret = {name for name, info in fields.items() if plain_type(info.annotation) is SecretStr}
    left_out = secret | {TOKEN_FIELD}
    typed = [(name, value) for name, value in page.sent.items(multi=True) if name not in left_out]
    return ((KEPT, urlencode(typed)), (FOR, page.request.full_path.removesuffix("?")))


def kept_of(page: Page) -> tuple[tuple[str, str], ...]:
    """The fields with what is kept, to be passed on."""
    return tuple((name, page.sent[name]) for name in (KEPT, FOR) if page.url.changes and name in page.sent)


def kept_page(page: Page, title: Words, cookies: tuple[tuple[str, str, int], ...]) -> Shown | None:
    """The way back to a form that was kept; None where none was."""
    kept = dict(kept_of(page))
    if len(kept) != 2:
        return None
    fields = [*parse_qsl(kept[KEPT], keep_blank_values=True), (AGAIN, "yes")]
    context = {"action": local_path(kept[FOR]), "fields": fields}
    return Shown("form-kept", title, "form_kept.html", context, bare=True, cookies=cookies)
