"""What every refusal of all programs consists of: a stable code, a message and a remedy, both with fields.

A message is a template, so that an edge can show it as it is, translate it, or set its fields off. It is never a
docstring: Python drops docstrings when it runs with `-OO`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Self

_COMMAND = re.compile(r"`((?:central|satellite|agent|exchange) [^`]+)`")


def fill(template: str, fields: Mapping[str, object]) -> str:
    """A template with its fields; one that does not fit them is shown as it is, so that no refusal hides another."""
    if not fields:
        return str(template)
    try:
        return template.format_map(fields)
    except (KeyError, IndexError, ValueError, AttributeError):
        return str(template)


class Filled(str):
    """A text that remembers its template and its fields, so that an edge can fill it again in another language."""

    __slots__ = ("fields", "template")
    template: str
    fields: Mapping[str, object]

    def __new__(cls, template: str, fields: Mapping[str, object] | None = None) -> Self:
        """Fill a template for `str.format`; names, ids and numbers are its fields."""
        made = super().__new__(cls, fill(template, fields or {}))
        made.template, made.fields = str(template), dict(fields or {})
        return made


class Remedy(Filled):
    """What to do: a text in which a command is in backticks, and the page of `docs/admin` that says more."""

    __slots__ = ("page",)
    page: str

    def __new__(cls, text: str, page: str = "errors.md", fields: Mapping[str, object] | None = None) -> Self:
        """`page` is a file of `docs/admin`, with `#heading` where that helps."""
        made = super().__new__(cls, text, fields)
        made.page = page
        return made

    @property
    def command(self) -> str:
        """The first command that the text names; empty if it names none."""
        found = _COMMAND.search(self)
        return found[1] if found else ""


class Refusal(Exception):  # noqa: N818 - the root; the names of the reasons end in Error
    """Root of the refusals: one class per reason.

    `message` and `remedy` of a class are templates for `str.format`. `template` keeps the template of an instance and
    `fields` its values: ids, names and numbers. Without fields a template is taken as it is.
    """

    code: ClassVar[str] = "refused"
    message: str = "This was refused."
    remedy: Remedy = Remedy("Read the message and try again.")

    def __init__(self, message: str = "", *, remedy: str | None = None, **fields: object) -> None:
        """Fill the templates: the ones that are given, else those of the class."""
        self.template = message or type(self).message
        self.fields = fields
        self.message = message if isinstance(message, Filled) and not fields else Filled(self.template, fields)
        own = type(self).remedy if remedy is None else remedy
        kept = own if isinstance(own, Filled) and own.fields else Filled(own, fields)
        self.remedy = Remedy(kept.template, getattr(own, "page", type(self).remedy.page), kept.fields)
        super().__init__(self.message)
