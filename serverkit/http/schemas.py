"""What both servers show alike: the schemas of it, and the models that several operations take."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    OPTIONAL_WHOLE,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Page,
    Strict,
    object_of,
)

BASE = "/api/v1/"


class PoolPage(Page):
    """A page, of one virtual account where it is named."""

    virtual_account: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class Nothing(Strict):
    """An empty object."""


def items(entry: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list of entries."""
    return {"type": "array", "items": entry}


def with_members(schema: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The schema of an object that has some members more."""
    return object_of(**schema["properties"], **members)


TOKEN = object_of(
    id=TEXT,
    virtual_account=TEXT,
    description=TEXT,
    created_at=TIME,
    created_by=TEXT,
    expires_at=TIME,
    uses=WHOLE,
    max_uses={"type": ["integer", "null"]},
    export_controlled=FLAG,
    state=TEXT,
)
LICENCE = object_of(
    virtual_account=TEXT,
    tag=TEXT,
    name=TEXT,
    types=TEXTS,
    billing=TEXT,
    purchased=OPTIONAL_WHOLE,
    pending=WHOLE,
    in_use=WHOLE,
    reserved=WHOLE,
    balance=OPTIONAL_WHOLE,
    status=TEXT,
    upcoming=WHOLE,
    until=OPTIONAL,
    terms=items(
        object_of(type=TEXT, quantity=WHOLE, start=OPTIONAL_TIME, end=OPTIONAL_TIME, until=OPTIONAL, phase=TEXT)
    ),
)
INSTANCE = object_of(
    id=TEXT,
    name=TEXT,
    pid=TEXT,
    serial=TEXT,
    uuid=OPTIONAL,
    product=OPTIONAL,
    virtual_account=TEXT,
    satellite=OPTIONAL,
    registered_at=TIME,
    last_contact=TIME,
    state=TEXT,
    licences=items(object_of(tag=TEXT, count=WHOLE, state=TEXT)),
)
ALERT = object_of(
    id=TEXT,
    kind=TEXT,
    severity=TEXT,
    message=TEXT,
    source=TEXT,
    raised_at=TIME,
    action_due=OPTIONAL_TIME,
    actions=TEXTS,
    state=TEXT,
    subject=ANYTHING,
)
EVENT = object_of(id=TEXT, at=TIME, kind=TEXT, actor=TEXT, message=TEXT, subject=ANYTHING)
# Of an access token, anyone who holds it.
ACCESS_TOKEN = object_of(
    id=TEXT, addresses=TEXTS, created_at=TIME, expires_at=TIME, last_used=OPTIONAL_TIME, state=TEXT
)
JOB = object_of(id=TEXT, name=TEXT, every_seconds=WHOLE, slot=TEXT, description=TEXT)
DONE = object_of(done=FLAG)
# What is odd about a file that was taken; no line where the whole file is meant.
WARNINGS = items(object_of(line=OPTIONAL_WHOLE, code=TEXT, message=TEXT))
