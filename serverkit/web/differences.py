"""What changed between two states of one thing: the fields of a form that someone else changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, SecretStr

VERSION, OPENED = "version", "opened"
"""The fields of a form that say which values it was opened with: their digest, and the values themselves."""


@dataclass(frozen=True, slots=True)
class Stale:
    """Three states of the fields of a form: as it was opened, as they are now, and as they were typed."""

    opened: Mapping[str, Any]
    now: Mapping[str, Any]
    yours: Mapping[str, Any]

    @property
    def merged(self) -> dict[str, Any]:
        """What was typed where it differs from what was opened, else what is so now: no one's change is lost unseen."""
        kept = {name: value for name, value in self.yours.items() if value != self.opened.get(name)}
        return {**self.now, **kept}

    @property
    def fields(self) -> list[str]:
        """The fields that are not the same in all three."""
        return [name for name in self.now if not self.opened.get(name) == self.now[name] == self.yours.get(name)]


def plain(values: Mapping[str, Any] | BaseModel | None) -> dict[str, Any]:
    """Values as JSON holds them; secrets are left out."""
    given = values.model_dump() if isinstance(values, BaseModel) else dict(values or {})
    shown = {name: value for name, value in given.items() if not isinstance(value, SecretStr)}
    found: dict[str, Any] = json.loads(json.dumps(shown, default=_plain))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value.value if isinstance(value, Enum) else str(value)


def version_of(values: Mapping[str, Any]) -> str:
    """The digest of the values of a form."""
    return sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def opened_of(text: str) -> dict[str, Any]:
    """The values that a form was opened with, as it carries them; nothing of what no form of ours says."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
