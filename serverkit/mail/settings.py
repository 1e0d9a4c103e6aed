"""How mail leaves: a server, its protection, and whose name stands on it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from serverkit.settings import Section


class MailSettings(Section):
    """Where mail is handed over; without `host` none is sent, and none is written."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    sender: str = "perigee@localhost"
    timeout_seconds: float = Field(default=10.0, gt=0, le=120)
