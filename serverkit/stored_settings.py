"""Settings that pages and commands change: one row a subject, read by its model; its secret is encrypted at rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from serverkit.db.base import JsonText, UtcDateTime
from serverkit.db.unit import Unit
from serverkit.errors import InvalidInputError
from serverkit.secrets_box import SecretBox


class StoredSettingMixin:
    """What was set about one subject; `secret` is encrypted with the home's key, and empty where there is none."""

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JsonText)
    secret: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Stored(BaseModel):
    """A subject with its defaults."""

    model_config = ConfigDict(extra="ignore", frozen=True)


T = TypeVar("T", bound=Stored)


def read_stored(unit: Unit, table: type[StoredSettingMixin], name: str, model: type[T]) -> T:
    """What is set about a subject, or its defaults."""
    row = unit.session.get(table, name)
    try:
        return model.model_validate(row.content if row is not None else {})
    except ValidationError:
        return model()  # written by another version of the program


def changed_at(unit: Unit, table: type[StoredSettingMixin], name: str) -> datetime | None:
    """When a subject was set last; None where it never was."""
    row = unit.session.get(table, name)
    return None if row is None else row.changed_at


def write_stored(unit: Unit, table: type[StoredSettingMixin], name: str, value: Stored) -> list[str]:
    """Keep what was set; the names of what changed."""
    before, row = read_stored(unit, table, name, type(value)), _row(unit, table, name)
    changed = [one for one in type(value).model_fields if getattr(before, one) != getattr(value, one)]
    row.content, row.changed_at = value.model_dump(mode="json"), unit.now
    return changed


def read_secret(unit: Unit, table: type[StoredSettingMixin], name: str, box: SecretBox) -> str:
    """The secret of a subject; empty where there is none. SecretUnreadableError."""
    row = unit.session.get(table, name)
    return box.decrypt(row.secret) if row is not None and row.secret else ""


def has_secret(unit: Unit, table: type[StoredSettingMixin], name: str) -> bool:
    """Whether a subject has a secret."""
    row = unit.session.get(table, name)
    return row is not None and bool(row.secret)


def write_secret(unit: Unit, table: type[StoredSettingMixin], name: str, box: SecretBox, text: str) -> None:
    """Keep a secret, encrypted; an empty one removes it."""
    row = _row(unit, table, name)
    row.secret, row.changed_at = box.encrypt(text) if text else "", unit.now


def checked(model: type[T], values: Mapping[str, Any]) -> T:
    """Values as their subject takes them; InvalidInputError with everything that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors()
        ]
        raise InvalidInputError("{said}", said="; ".join(found)[:1000]) from None


def change_stored(
    unit: Unit,
    table: type[StoredSettingMixin],
    name: str,
    value: Stored,
    box: SecretBox | None = None,
    secret: str | None = None,
) -> list[str]:
    """Keep what was set and its secret; the names of what changed. `secret` None leaves that as it is, an empty one removes it."""
    changed = write_stored(unit, table, name, value)
    if box is not None and secret is not None and secret != read_secret(unit, table, name, box):
        write_secret(unit, table, name, box, secret)
        changed.append("secret")
    return changed


def _row(unit: Unit, table: type[StoredSettingMixin], name: str) -> StoredSettingMixin:
    row = unit.session.get(table, name)
    if row is None:
        row = table()
        row.name, row.content, row.secret = name, {}, ""
        unit.session.add(row)
    return row
