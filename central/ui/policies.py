"""The vendor's policies, and publishing the licensing agreement (rows C1.4, C10.3, C11.1)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from central.actions import policies as actions
from central.actions.accounts import publish_agreement
from central.domain.access.rules import Permission
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

MANAGE = Permission.VENDOR_MANAGE
PATH, AGREEMENT = "/policies", "/policies/agreement"
HELP = "set-up#policies-of-the-vendor"
TITLE = _("Policies")


class Policies(BaseModel):
    """Every policy but the version of the agreement, which publishing raises."""

    satellite_authorization: Literal["automatic", "approval"]
    sync_reminder_days: int = Field(ge=1, le=365)
    sync_overdue_days: int = Field(ge=1, le=365)
    sync_removal_days: int = Field(ge=2, le=365)
    grant_days: int = Field(ge=1, le=365)
    grant_delivery_days: int = Field(ge=1, le=90)
    agreement_grace_days: int = Field(ge=0, le=90)
    detach_days: int = Field(ge=0, le=365)
    transfer_reversal_days: int = Field(ge=0, le=365)


class NewAgreement(BaseModel):
    """The text of the next version."""

    text: str = Field(max_length=200_000)


FORM = Form(
    Policies,
    _("Save"),
    {
        "satellite_authorization": Ui(
            _("New satellites"),
            kind="radios",
            choices=(
                Choice("automatic", _("are authorized at once")),
                Choice("approval", _("wait for approval by the vendor")),
            ),
        ),
        "sync_reminder_days": Ui(
            _("Days until the reminder"),
            _(
                "Counted from the last synchronization of a satellite. Reminder, overdue and removal follow in this order."
            ),
            width="narrow",
        ),
        "sync_overdue_days": Ui(_("Days until overdue"), width="narrow"),
        "sync_removal_days": Ui(
            _("Days until removal"),
            _("A satellite that is removed loses its product instances at central, and its virtual accounts are free."),
            width="narrow",
        ),
        "grant_days": Ui(
            _("Days of a grant"),
            _(
                "How long a restricted licence may be used until it is renewed; 90 or less where devices keep keys in software."
            ),
            width="narrow",
        ),
        "grant_delivery_days": Ui(
            _("Days to deliver a grant"),
            _("After these, a grant that no device fetched is free again."),
            width="narrow",
        ),
        "agreement_grace_days": Ui(
            _("Days of grace for the agreement"),
            _("How long devices may register at satellites while a new version waits to be accepted."),
            width="narrow",
        ),
        "detach_days": Ui(
            _("Days of detached mode"),
            _("For how long a device may be taken off its network at most; 0 for not at all."),
            width="narrow",
        ),
        "transfer_reversal_days": Ui(
            _("Days to reverse a transfer"),
            _("How long units that are still free can be transferred back in one step; 0 for not at all."),
            width="narrow",
        ),
    },
)
PUBLISH = Form(
    NewAgreement,
    _("Publish"),
    {
        "text": Ui(
            _("Text"),
            _("Every account has to accept it; until then no registration tokens can be made there."),
            kind="textarea",
        )
    },
)


def present(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile."""
    found = actions.show_policies(page.unit)
    return {name: found[name] for name in Policies.model_fields}


def show(page: Page) -> Answer:
    """The policies."""
    found = actions.show_policies(page.unit)
    context = {
        "view": FORM.view(page, PATH, current=present(page)),
        "version": found["agreement_version"],
    }
    return Shown("policies", TITLE, "policies.html", context, nav="policies", help=HELP)


def save(page: Page) -> Answer:
    """Set those that differ, all or none."""
    read = cast("Policies", page.read)
    if not read.sync_reminder_days < read.sync_overdue_days < read.sync_removal_days:
        raise InvalidFormError(
            {"sync_overdue_days": _("Reminder, overdue and removal must follow one another in this order.")}
        )
    actions.set_policies(page.unit, {name: str(value) for name, value in read.model_dump().items()})
    return Moved(PATH, _("Saved. Satellites learn of it with their next response."))


def agreement_page(page: Page) -> Answer:
    """The form of a new version."""
    view = PUBLISH.view(page, AGREEMENT, cancel=PATH)
    context = {
        "view": view,
        "intro": _("A text that is published becomes the version in force, and nothing takes it back."),
    }
    return Shown(
        "agreement-new", _("Publish the licensing agreement"), "form_page.html", context, crumbs=((TITLE, PATH),),
        nav="policies", help="central-portal#licensing-agreement",
    )  # fmt: skip


def publish(page: Page) -> Answer:
    """Publish it."""
    found = publish_agreement(page.unit, cast("NewAgreement", page.read).text)
    return Moved(PATH, _("Version {version} is in force. Every account has to accept it.", version=found["version"]))


URLS = (
    Url("GET", PATH, show, MANAGE, "C11.1"),
    Url("POST", PATH, save, MANAGE, "C11.1", form=Policies, current=present),
    Url("GET", AGREEMENT, agreement_page, MANAGE, "C1.4"),
    Url(
        "POST", AGREEMENT, publish, MANAGE, "C1.4", form=NewAgreement, twin="publish_agreement", most_bytes=1024 * 1024
    ),
)
