"""Forms from the models that read them: fields, limits and help come from the model, values and reasons from the visit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from werkzeug.datastructures import MultiDict

from serverkit.web.differences import OPENED, VERSION, Stale, plain, version_of
from serverkit.web.form_reading import TYPED_NAME, is_list, plain_type
from serverkit.web.refusals import Refusal
from serverkit.web.texts import Words, _

LONG = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values."""

    value: str
    label: Words
    note: Words = ""


Choices = Sequence[Choice]


class NoFields(BaseModel):
    """A form that only asks."""


@dataclass(frozen=True)
class Ui:
    """How a field of the model is shown; what is left out follows from the model.

    `kind` is text, number, password, textarea, checkbox, select, radios, date, email, search, file, hidden or tags.
    `required`: it has to be filled in although the model takes it empty, such as a file, or a name that stays where it is not sent.
    """

    label: Words = ""
    help: Words = ""
    kind: str = ""
    required: bool = False
    choices: Choices = ()
    autocomplete: str = "off"
    placeholder: Words = ""
    mono: bool = False
    width: str = ""
    warning: Words = ""


@dataclass(frozen=True)
class FieldView:
    """A field as it is shown."""

    name: str
    label: Words
    help: Words
    kind: str
    value: Any
    choices: Choices = ()
    reason: Words = ""
    required: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    ui: Ui = field(default_factory=Ui)
    optional: bool = False

    @property
    def id(self) -> str:
        """Its id on the page."""
        return f"field-{self.name}"

    def words(self, value: Any) -> Words:
        """A value of it as people read it."""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            return ", ".join(str(self.words(one)) for one in value) or "–"
        if value is None or value == "":
            return "–"
        return next((one.label for one in self.choices if one.value == str(value)), str(value))

    @property
    def most(self) -> int | None:
        """How many characters it takes."""
        return self.limits.get("maxlength")

    @property
    def described_by(self) -> str:
        """What describes it."""
        return " ".join([f"{self.id}-help"] * bool(self.help) + [f"{self.id}-reason"] * bool(self.reason))


@dataclass(frozen=True)
class FormView:
    """A form as it is shown: where it goes, its fields, why it came back."""

    action: str
    verb: Words
    fields: Sequence[FieldView]
    refusal: Refusal | None = None
    version: str = ""
    cancel: str = ""
    cancel_words: Words = ""
    danger: bool = False
    quiet: bool = False
    upload: bool = False
    hidden: Sequence[tuple[str, str]] = ()
    typed_name: str = ""
    name_reason: Words = ""
    opened: str = ""
    stale: Stale | None = None
    theirs: str = ""

    @property
    def differing(self) -> list[tuple[FieldView, Words, Words, Words]]:
        """Where someone else was faster: the fields that differ, as opened, now, and as typed."""
        if self.stale is None:
            return []
        states = (self.stale.opened, self.stale.now, self.stale.yours)
        shown = [one for one in self.fields if one.name in self.stale.fields and one.kind != "hidden"]
        return [(one, *(one.words(state.get(one.name)) for state in states)) for one in shown]  # type: ignore[misc]  # three states

    @property
    def reasons(self) -> list[tuple[FieldView, Words]]:
        """Each field that needs another value, with why."""
        return [(one, one.reason) for one in self.fields if one.reason]


@dataclass(frozen=True)
class Form:
    """A form: the model that reads it, and how its fields are shown where the model does not say."""

    model: type[BaseModel]
    verb: Words
    fields: Mapping[str, Ui] = field(default_factory=dict)

    def view(
        self,
        page: Any,
        action: str,
        *,
        values: Mapping[str, Any] | None = None,
        choices: Mapping[str, Choices] | None = None,
        version: str = "",
        cancel: str = "",
        cancel_words: Words = "",
        danger: bool = False,
        quiet: bool = False,
        hidden: Sequence[tuple[str, str]] = (),
        fresh: bool = False,
        typed_name: str = "",
        current: Mapping[str, Any] | None = None,
        theirs: str = "",
    ) -> FormView:
        """The form on a page: with what was typed where it came back and is not `fresh`, else with `values`.

        `quiet`: something else on the page is to be done first. `typed_name` has to be typed before it is sent. `current` are values that someone else may change meanwhile, by
        field: the form carries them, and its address is one with `current`. One that came back with what was typed still says
        with which values it was opened. `theirs` is the address of the page where the form has an address of its own.
        """
        sent, stale = None if fresh else page.typed, None if fresh else page.stale
        opened = plain(current) if current is not None else None
        values = values if current is None else current
        if stale is not None:
            sent, values = None, stale.merged
        version_now = version_of(opened) if opened is not None else version
        opened_now = json.dumps(opened, ensure_ascii=False) if opened is not None else ""
        if sent is not None and opened is None:
            version_now = version or sent.get(VERSION, "")
        elif sent is not None:
            version_now, opened_now = sent.get(VERSION, version_now), sent.get(OPENED, opened_now)
        shown = []
        for name, info in self.model.model_fields.items():
            ui = self.fields.get(name, Ui())
            given = (choices or {}).get(name) or ui.choices or _choices(plain_type(info.annotation))
            kind = ui.kind or _kind(plain_type(info.annotation), info, bool(given))
            value = _typed(sent, name, kind) if sent is not None else (values or {}).get(name, _default(info))
            reason = page.refusal.reasons.get(name, "") if page.refusal is not None else ""
            shown.append(
                FieldView(
                    name,
                    ui.label or info.title or name.replace("_", " ").capitalize(),
                    ui.help or info.description or "",
                    kind,
                    "" if kind == "password" or value is None else value,
                    given,
                    reason,
                    (info.is_required() or ui.required) and kind not in {"checkbox", "checks"},
                    _limits(info),
                    ui,
                    not (info.is_required() or ui.required) and _default(info) in (None, "", []),
                )
            )
        return FormView(
            action,
            self.verb,
            shown,
            page.refusal,
            version_now,
            cancel,
            cancel_words,
            danger,
            quiet,
            any(one.kind == "file" for one in shown),
            hidden,
            typed_name,
            page.refusal.reasons.get(TYPED_NAME, "") if page.refusal is not None else "",
            opened_now,
            stale,
            theirs,
        )


def _choices(plain: Any) -> Choices:
    if get_origin(plain) is Literal:
        return [Choice(str(value), str(value)) for value in get_args(plain)]
    if isinstance(plain, type) and issubclass(plain, Enum):
        return [Choice(str(one.value), str(one.value)) for one in plain]
    return ()


def _kind(plain: Any, info: FieldInfo, has_choices: bool) -> str:
    if is_list(plain):
        return "checks" if has_choices else "textarea"
    if has_choices:
        return "select"
    longest = _limits(info).get("maxlength") or 0
    known = {bool: "checkbox", int: "number", SecretStr: "password"}
    name = getattr(plain, "__name__", "")
    return known.get(plain) or ("date" if name == "date" else "textarea" if longest > LONG else "text")


def _limits(info: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in info.metadata:
        if isinstance(one, MaxLen):
            found["maxlength"] = one.max_length
        elif isinstance(one, MinLen):
            found["minlength"] = one.min_length
        elif isinstance(one, Ge):
            found["min"] = one.ge
        elif isinstance(one, Le):
            found["max"] = one.le
    return found


def _default(info: FieldInfo) -> Any:
    value = info.get_default(call_default_factory=True) if not info.is_required() else ""
    return value.value if isinstance(value, Enum) else value


def _typed(sent: MultiDict[str, str], name: str, kind: str) -> Any:
    if kind == "checkbox":
        return name in sent
    if kind == "checks":
        return sent.getlist(name)
    return sent.get(name, "")
