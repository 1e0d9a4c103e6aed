"""A machine takes the place of a unit of a product instance: form, preview, change (row S4.1)."""

from __future__ import annotations

from typing import cast

from central.actions.unit_replacements import preview_replacement, replace_unit
from central.ui.instance import ONE, find_instance, own_path, within
from central.ui.instances import MANAGE
from exchange.identity import Udi
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.unit_replacements import Replacement, choose, done, preview, replacement_urls

PATH = f"{ONE}/replace"


def replace_page(page: Page) -> Answer:
    """Ask which machine takes the place of which unit."""
    return choose(page, page.thing, own_path(page), **within(page))


def replace(page: Page) -> Answer:
    """Preview a replacement; with `step=act` carry it out."""
    one, read = page.thing, cast("Replacement", page.read)
    machine = Udi(pid=read.pid, serial=read.serial, uuid=read.uuid or None)
    which = (page.parts["domain"], one["id"], machine, read.unit)
    if page.sent.get("step") == "act":
        return Moved(own_path(page), done(replace_unit(page.unit, *which)))
    found = preview_replacement(page.unit, *which)
    return preview(page, one, own_path(page), read, found, **within(page))


URLS = replacement_urls(PATH, replace_page, replace, MANAGE, find_instance)
