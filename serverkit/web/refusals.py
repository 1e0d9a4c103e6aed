"""Why something was refused, as pages show it: every reason at once, the code, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from serverkit.web.texts import Text, Words, _, in_words

_REASONS: dict[str, Text] = {
    "missing": _("Fill this in."),
    "string_too_short": _("{min_length} characters or more are needed."),
    "string_too_long": _("At most {max_length} characters fit."),
    "int_parsing": _("This is not a whole number."),
    "int_type": _("This is not a whole number."),
    "int_from_float": _("This is not a whole number."),
    "int_parsing_size": _("This number is too large."),
    "float_parsing": _("This is not a number."),
    "greater_than": _("The number must be greater than {gt}."),
    "greater_than_equal": _("The number must be {ge} or more."),
    "less_than": _("The number must be less than {lt}."),
    "less_than_equal": _("The number must be {le} or less."),
    "literal_error": _("Choose one of: {expected}."),
    "enum": _("Choose one of: {expected}."),
    "bool_parsing": _("Choose yes or no."),
    "string_pattern_mismatch": _("This holds a character that cannot be used here."),
    "date_from_datetime_parsing": _("This is not a date such as 2027-01-31."),
    "date_parsing": _("This is not a date such as 2027-01-31."),
    "too_long": _("At most {max_length} entries fit."),
    "extra_forbidden": _("This form has no such field."),
    "repeated": _("This was sent more than once with different values."),
    "other_name": _("This is another name than the one above."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal: what happened, what to do, the code; `reasons` by field, `reference` for faults of the server."""

    message: Words
    remedy: Words
    code: str
    status: int
    reasons: Mapping[str, Words] = field(default_factory=dict)
    reference: str = ""
    wait: int = 0
    link: str = ""

    @classmethod
    def of(cls, error: Exception) -> Refusal:
        """What an error says."""
        fields = getattr(error, "fields", {})
        status = int(getattr(error, "status", 422))  # what a file is refused for is in the file
        code = str(getattr(error, "code", "error"))
        remedy = getattr(error, "remedy", "")
        return cls(
            in_words(getattr(error, "message", str(error))),
            in_words(remedy),
            code,
            status,
            getattr(error, "reasons", {}),
            wait=int(fields.get("wait", 5)) if status in {429, 503} else 0,
            link=_help_of(str(getattr(remedy, "page", "errors.md")), code),
        )


def reasons_of(error: ValidationError, sent: Iterable[str]) -> dict[str, Words]:
    """Each fault of a form, by the name of its field."""
    found: dict[str, Words] = {}
    for one in error.errors(include_url=False, include_input=False):
        name = str(one["loc"][0]) if one["loc"] else ""
        found.setdefault(name, _reason(one["type"], one.get("ctx", {}), one["msg"]))
    return found | {name: found.get(name, _REASONS["repeated"]) for name in sent}


def repeated(values: MultiDict[str, str], single: Iterable[str]) -> list[str]:
    """Fields with one value of which different ones were sent."""
    return [name for name in single if len(set(values.getlist(name))) > 1]


def reason_words(kind: str) -> Words:
    """The words for a kind of fault."""
    return _REASONS[kind]


def _reason(kind: str, values: Mapping[str, Any], message: str) -> Words:
    if kind not in _REASONS:
        return message.removeprefix("Value error, ")
    text = _REASONS[kind].message
    return Text(text, values={name: value for name, value in values.items() if f"{{{name}}}" in text})


def _help_of(page: str, code: str) -> str:
    """Where the help says more: the page of the remedy, else the row of the code."""
    name, _mark, anchor = page.partition("#")
    name = name.removesuffix(".md")
    return (
        f"/help/errors#{code}"
        if name == "errors" and not anchor
        else f"/help/{name}" + (f"#{anchor}" if anchor else "")
    )
