"""The page of the support bundle, alike in both consoles: parts, a key, and what is replaced before it is saved (row S3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from serverkit.errors import AppError
from serverkit.support.sealing import check_public
from serverkit.web.answers import Shown
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _

PATH = "/health/bundle"
TITLE = _("Support bundle")
HELP = "troubleshooting#support-bundle"
UP = ((_("Health"), "/health"),)


def _key(text: str) -> str:
    try:
        return check_public(text.strip()) if text.strip() else ""
    except AppError as error:
        raise ValueError(error.message) from None


class BundleForm(BaseModel):
    """What a bundle holds, and who alone opens it."""

    parts: list[str] = Field(default=[], max_length=30)
    key: Annotated[str, AfterValidator(_key)] = Field(default="", max_length=200)


def bundle_page(
    page: Page, parts: Sequence[str], files: Sequence[Mapping[str, Any]], verb: Words, program: str
) -> Shown:
    """The form, and the files of a whole bundle with the lines that are redacted."""
    form = Form(
        BundleForm,
        verb,
        {
            "parts": Ui(
                _("Parts"), _("None chosen: all."), choices=tuple(Choice(one, one) for one in parts), kind="checks"
            ),
            "key": Ui(
                _("Public key"),
                _("Of the person who may read it: the line that begins with perigee-support-public. Empty: not encrypted."),
                mono=True,
            ),
        },
    )  # fmt: skip
    context = {
        "view": form.view(page, PATH, cancel="/health"),
        "files": files,
        "lines": [(one["name"], line) for one in files for line in one["lines"]],
        "command": f"{program} support bundle --preview\n{program} support bundle --output support.zip --part logs --key FILE",
    }
    return Shown("support-bundle", TITLE, "support_bundle.html", context, crumbs=UP, nav="health", help=HELP)
