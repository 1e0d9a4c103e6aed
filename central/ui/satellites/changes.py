"""Changes of a satellite: approve, rename, add a virtual account, resynchronize, remove (rows C11.1, C11.3)."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import satellites as actions
from central.ui.satellites.frame import APPROVE, HELP, MANAGE, NAV, ONE, TITLE, at, find, root_of, server_of
from exchange.limits import REGISTRATION_BYTES
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import NoFileError
from serverkit.web.files import FIELDS_BYTES, sent_file
from serverkit.web.forms import Choice, Form, FormView, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import Grade, Url

MOST_REGISTRATION = REGISTRATION_BYTES + FIELDS_BYTES


class Name(BaseModel):
    """Another name."""

    name: str = Field(max_length=255)


class Further(BaseModel):
    """Another virtual account, by name."""

    virtual_account: str = Field(max_length=255)


RENAME = Form(Name, _("Rename"), {"name": Ui(_("Name"))})
EXTEND = Form(Further, _("Add virtual account"), {"virtual_account": Ui(_("Virtual account"), kind="select")})


def _shown(
    page: Page, verb: str, title: Words, view: FormView, effect: Words = "", effects: Sequence[Words] = ()
) -> Shown:
    one = page.thing
    about = ((_("Satellite"), one["name"]),)
    context = {"view": view, "effect": effect, "effects": effects, "about": about}
    crumbs = ((TITLE, root_of(page.parts)), (one["name"], at(one)))
    return Shown(f"satellite-{verb}", title, "confirm.html", context, crumbs=crumbs, nav=NAV, help=HELP)


def rename_page(page: Page) -> Answer:
    """The name."""
    one = page.thing
    view = RENAME.view(page, at(one, "rename"), current={"name": one["name"]}, cancel=at(one))
    return _shown(
        page, "rename", _("Rename satellite"), view, _("The satellite learns its new name with the next response.")
    )


def rename(page: Page) -> Answer:
    """Change it."""
    one = page.thing
    actions.rename_satellite(page.unit, one["domain"], one["name"], cast("Name", page.read).name)
    return Moved(at(one), _("Satellite renamed."))


def extend_page(page: Page) -> Answer:
    """The virtual accounts that can be added; those that cannot, with why."""
    one = page.thing
    found = actions.list_free_places(page.unit, one["domain"], one["id"])
    free = [Choice(each["name"], each["name"], each["description"]) for each in found if each["reason"] is None]
    view = EXTEND.view(page, at(one, "extend"), choices={"virtual_account": free}, cancel=at(one))
    effect = _(
        "The satellite gets it with the next response. It is never taken away again but by removing the satellite; tokens that central made for it are revoked."
    )
    context = {"view": view if free else None, "effect": effect, "found": found, "back": at(one)}
    crumbs = ((TITLE, root_of(page.parts)), (one["name"], at(one)))
    return Shown(
        "satellite-extend",
        _("Add virtual account"),
        "satellite_extend.html",
        context,
        crumbs=crumbs,
        nav=NAV,
        help=HELP,
    )


def extend(page: Page) -> Answer:
    """Add it."""
    one = page.thing
    found = actions.extend_satellite(page.unit, one["domain"], one["name"], cast("Further", page.read).virtual_account)
    revoked = len(found["revoked_tokens"])
    words = ngettext(
        "Virtual account added; {count} token revoked.", "Virtual account added; {count} tokens revoked.", revoked
    )
    return Moved(at(one), words if revoked else _("Virtual account added."))


def approve_page(page: Page) -> Answer:
    """What is approved."""
    one = page.thing
    view = Form(BaseModel, _("Approve")).view(page, at(one, "approve"), cancel=at(one))
    effects = (
        _("Its key is {key}.", key=one["key_fingerprint"]),
        _("It gets the virtual accounts {names}.", names=", ".join(one["virtual_accounts"])),
        _("Its contact gets a mail that the authorization file is ready.")
        if one["email"]
        else _("It has no contact: no mail is sent."),
    )
    return _shown(
        page, "approve", _("Approve satellite"), view, _("The customer may fetch the authorization file then."), effects
    )


def approve(page: Page) -> Answer:
    """Approve it."""
    one = page.thing
    actions.approve_satellite(page.unit, one["domain"], one["name"])
    return Moved(at(one), _("Satellite approved."))


def remove_page(page: Page) -> Answer:
    """What goes with it, and what stays."""
    one = page.thing
    judged = actions.judge_removal(page.unit, one["domain"], one["name"])
    view = Form(BaseModel, _("Remove satellite")).view(
        page, at(one, "remove"), cancel=at(one), cancel_words=_("Keep it"), danger=True, typed_name=one["name"]
    )
    effects = [
        ngettext(
            "{count} product instance leaves central; its licences become free.",
            "{count} product instances leave central; their licences become free.",
            judged["instances"],
        ),
        _("These virtual accounts become central's own: {names}.", names=", ".join(judged["virtual_accounts"]) or "–"),
    ]
    if judged["restricted"]:
        held = ", ".join(f"{tag} {count}" for tag, count in judged["restricted"])
        effects.append(
            _(
                "Restricted licences stay in use until they are returned, end, or the vendor releases them: {held}.",
                held=held,
            )
        )
    if judged["detached"]:
        away = ", ".join(
            f"{one['name']} ({one['virtual_account']}, {one['detached_until'][:10]})" for one in judged["detached"]
        )
        effects.append(
            _(
                "Detached devices use their licences until their terms end, although central counts them as free: {away}.",
                away=away,
            )
        )
    effect = _(
        "The satellite can never synchronize again under this registration. Devices at the site lose their ordinary rights as these end."
    )
    return _shown(page, "remove", _("Remove satellite"), view, effect, effects)


def remove(page: Page) -> Answer:
    """Remove it."""
    one = page.thing
    actions.remove_satellite(page.unit, one["domain"], one["name"])
    return Moved(root_of(page.parts), _("Satellite {name} removed.", name=one["name"]))


def name_of(page: Page) -> str:
    """What is typed to remove it."""
    return str(page.thing["name"])


def resync_page(page: Page) -> Answer:
    """Why one resynchronizes, and the file that is needed."""
    one = page.thing
    context = {"one": one, "root": at(one), "most": REGISTRATION_BYTES}
    crumbs = ((TITLE, root_of(page.parts)), (one["name"], at(one)))
    return Shown(
        "satellite-resync",
        _("Resynchronize"),
        "satellite_resync.html",
        context,
        crumbs=crumbs,
        nav=NAV,
        help="synchronization#resynchronization",
    )


def resync(page: Page) -> Answer:
    """Open the next epoch, with the registration file that was sent or, with the present key, without one."""
    one, server = page.thing, server_of(page)
    with_file = page.sent.get("with") != "present"
    if not with_file:
        actions.resync_satellite(page.unit, server.keyring, one["domain"], one["name"], None)
    else:
        with sent_file(page)() as stream, tempfile.NamedTemporaryFile() as kept:
            kept.write(stream.read(REGISTRATION_BYTES + 1))
            kept.flush()
            if not kept.tell():
                raise NoFileError
            actions.resync_satellite(page.unit, server.keyring, one["domain"], one["name"], Path(kept.name))
    return Moved(at(one, "authorization"), _("A new epoch is open. Bring the new authorization file to the satellite."))


def _both(verb: str, show: Any, do: Any, permission: Any, row: str, **more: Any) -> list[Url]:
    path = f"{ONE}/{verb}"
    return [
        Url("GET", path, show, permission, row, load=find, fresh=bool(more.get("fresh"))),
        Url("POST", path, do, permission, row, load=find, **more),
    ]


URLS = (
    *_both(
        "rename", rename_page, rename, MANAGE, "C11.3", form=Name, current=lambda page: {"name": page.thing["name"]}
    ),
    *_both("extend", extend_page, extend, MANAGE, "C11.3", form=Further),
    *_both("approve", approve_page, approve, APPROVE, "C11.1", grade=Grade.PREVIEW),
    *_both("remove", remove_page, remove, MANAGE, "C11.3", grade=Grade.TYPED, fresh=True, names=name_of),
    *_both("resync", resync_page, resync, MANAGE, "C11.3", most_bytes=MOST_REGISTRATION, grade=Grade.PREVIEW),
)
