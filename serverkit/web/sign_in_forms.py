"""The forms of signing in."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr

from serverkit.web.forms import Form, Ui
from serverkit.web.texts import _


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
