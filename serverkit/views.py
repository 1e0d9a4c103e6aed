"""Views: what people and programs see of a resource. Each is declared once, for commands, interfaces and OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from serverkit.clock import iso

Moment = Annotated[
    datetime, PlainSerializer(iso, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A time, shown in UTC as all interfaces show it."""


class View(BaseModel):
    """A resource as it is shown; its members are in the order in which they are declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    @classmethod
    def of(cls, source: Any) -> Self:
        """The view of a row."""
        return cls.model_validate(source)

    def shown(self) -> dict[str, Any]:
        """The view as JSON members."""
        return self.model_dump(mode="json")

    @classmethod
    def schema_object(cls) -> dict[str, Any]:
        """The schema of the view, complete in itself."""
        schema = cls.model_json_schema(mode="serialization")
        found: dict[str, Any] = _plain(schema, schema.get("$defs", {}))
        return found


class IdentifiedInstance(View):
    """A product instance with the whole of its identity, for programs that name one by parts of it."""

    id: str
    name: str
    hostname: str | None
    product_tag: str | None
    udi: dict[str, Any]
    virtual_account_id: str
    registered_at: datetime
    last_contact: datetime


def _plain(schema: Any, named: dict[str, Any]) -> Any:
    """A schema without titles, descriptions and references; `X or null` in its short form."""
    if isinstance(schema, list):
        return [_plain(entry, named) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(named[schema["$ref"].rpartition("/")[2]], named)
    found = {
        key: {name: _plain(entry, named) for name, entry in value.items()}
        if key == "properties"
        else _plain(value, named)
        for key, value in schema.items()
        if key not in {"title", "description", "$defs", "additionalProperties", "default"}
    }
    choices = found.get("anyOf")
    if choices and len(choices) == 2 and choices[1] == {"type": "null"} and isinstance(choices[0].get("type"), str):
        return {**choices[0], "type": [choices[0]["type"], "null"]}
    return found
