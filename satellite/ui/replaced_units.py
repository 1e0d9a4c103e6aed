"""A machine takes the place of a unit of a product instance: form, preview, change (row S4.1)."""

from __future__ import annotations

from typing import cast

from exchange.identity import Udi
from satellite.actions.unit_replacements import preview_replacement, replace_unit
from satellite.ui.instance import find_instance, within
from satellite.ui.instances import MANAGE
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.unit_replacements import Replacement, choose, done, preview, replacement_urls

PATH = "/instances/{id}/replace"


def replace_page(page: Page) -> Answer:
    """Ask which machine takes the place of which unit."""
    return choose(page, page.thing, f"/instances/{page.thing['id']}", **within(page.thing))


def replace(page: Page) -> Answer:
    """Preview a replacement; with `step=act` carry it out."""
    one, read = page.thing, cast("Replacement", page.read)
    machine, path = Udi(pid=read.pid, serial=read.serial, uuid=read.uuid or None), f"/instances/{page.thing['id']}"
    if page.sent.get("step") == "act":
        return Moved(path, done(replace_unit(page.unit, one["id"], machine, read.unit)))
    found = preview_replacement(page.unit, one["id"], machine, read.unit)
    return preview(page, one, path, read, found, **within(one))


URLS = replacement_urls(PATH, replace_page, replace, MANAGE, find_instance)
