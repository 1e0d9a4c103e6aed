"""The forms of signing in."""

from __future__ import annotations

from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr

from serverkit.web.forms import Form, Ui
from serverkit.web.texts import _
from serverkit.web.urls import SIGN_IN, STEP_UP

PROVIDER, RETURN, SIGN_OUT = f"{SIGN_IN}/provider", f"{SIGN_IN}/provider/return", f"{SIGN_IN}/provider/sign-out"


class SignIn(BaseModel):
    """Name and password."""

    name: str = Field(max_length=255)
    password: SecretStr = Field(max_length=1024)


class Code(BaseModel):
    """The second step."""

    code: str = Field(max_length=64)


class Password(BaseModel):
    """The password again."""

    password: SecretStr = Field(max_length=1024)


SIGN_IN_FORM = Form(
    SignIn,
    _("Sign in"),
    {
        "name": Ui(_("Name"), autocomplete="username"),
        "password": Ui(_("Password"), autocomplete="current-password"),
    },
)
CODE_FORM = Form(
    Code,
    _("Sign in"),
    {"code": Ui(_("Code"), _("Of your authenticator, or a recovery code."), autocomplete="one-time-code", mono=True)},
)
PASSWORD_FORM = Form(Password, _("Go on"), {"password": Ui(_("Password"), autocomplete="current-password")})


def way_of(name: str, action: str, next_path: str) -> dict[str, str]:
    """What a template needs to offer the provider below a form of signing in, or of confirming it; empty for none."""
    if not name or action not in {SIGN_IN, STEP_UP}:
        return {}
    again = action == STEP_UP
    path = f"{PROVIDER}?{urlencode({'next': next_path, **({'again': 'yes'} if again else {})})}"
    return {"name": name, "path": path, "sign_out": "" if again else SIGN_OUT}
