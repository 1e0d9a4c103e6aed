"""Tasks as REST shows them on both servers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serverkit.db.windows import Part
from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Page,
    object_of,
)

_PERHAPS = {"type": ["object", "null"]}
TASK = object_of(
    id=TEXT,
    kind=TEXT,
    created_by=TEXT,
    state=TEXT,
    stage=TEXT,
    stages=TEXTS,
    done=WHOLE,
    total=WHOLE,
    log={"type": "array", "items": ANYTHING},
    result=_PERHAPS,
    error=_PERHAPS,
    stopping=FLAG,
    asked_at=TIME,
    started_at=OPTIONAL_TIME,
    finished_at=OPTIONAL_TIME,
)


class TaskPage(Page):
    """A page of tasks, newest first."""

    after: str | None = Field(
        default=None, max_length=4096, pattern=PLAIN, description="The `next` of the page before."
    )
    state: Literal["waiting", "running", "done", "failed", "stopped"] | None = None

    @property
    def part(self) -> Part:
        """What is read of the list."""
        return Part("", self.after, None, self.limit, {"state": self.state} if self.state else {})
