"""Tables of requests for restricted licences and of grants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from exchange.vocabulary import ExportReason, ExportState, ReleaseReason
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of, refers
from serverkit.db.guards import quantity as quantity_of

GRANT_STATES = ("active", "released")
"""States of a grant."""


class ExportRequestRecord(Base):
    """A device's request for a restricted licence and what was decided."""

    __tablename__ = "export_requests"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
        Index("ix_export_requests_account_id_satellite_id_change_no", "account_id", "satellite_id", "change_no"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn)
    tag: Mapped[str] = mapped_column(String(255))
    count: Mapped[int] = mapped_column(BigInteger, quantity_of("count", 0))
    state: Mapped[str] = mapped_column(String(16), one_of("state", ExportState))
    reason: Mapped[str | None] = mapped_column(String(64), one_of("reason", ExportReason))
    message: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    grant_id: Mapped[str | None] = mapped_column(IdColumn)
    dismissed: Mapped[bool] = mapped_column(Boolean)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"))


class GrantRecord(Base):
    """A grant: units locked for exactly one key of one device; `installed` is the newest generation that the device has."""

    __tablename__ = "grants"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
        refers(["tag"], "entitlements"),
        Index("ix_grants_account_id_satellite_id_change_no", "account_id", "satellite_id", "change_no"),
        Index("ix_grants_account_id_instance_id", "account_id", "instance_id"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True, index=True)
    request_id: Mapped[str] = mapped_column(IdColumn)
    instance_id: Mapped[str] = mapped_column(IdColumn)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn)
    tag: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))
    generation: Mapped[int] = mapped_column(Integer, bounded("generation", 1))
    installed: Mapped[int] = mapped_column(Integer, bounded("installed"))
    key_hash: Mapped[str] = mapped_column(String(64))
    device_key: Mapped[dict[str, Any]] = mapped_column(JsonText)
    udi: Mapped[dict[str, Any]] = mapped_column(JsonText)
    not_after: Mapped[datetime] = mapped_column(UtcDateTime)
    deliver_until: Mapped[datetime] = mapped_column(UtcDateTime)
    envelope: Mapped[dict[str, Any]] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(16), one_of("state", GRANT_STATES))
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release_reason: Mapped[str | None] = mapped_column(String(16), one_of("release_reason", ReleaseReason))
    release: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"))


class ReleaseNotice(Base):
    """A release for a grant that was returned elsewhere: it is sent to where the device is now."""

    __tablename__ = "release_notices"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
        Index("ix_release_notices_account_id_instance_id", "account_id", "instance_id"),
        Index("ix_release_notices_account_id_satellite_id_change_no", "account_id", "satellite_id", "change_no"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    grant_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn)
    instance_id: Mapped[str] = mapped_column(IdColumn)
    key_hash: Mapped[str] = mapped_column(String(64))
    envelope: Mapped[dict[str, Any]] = mapped_column(JsonText)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"))
