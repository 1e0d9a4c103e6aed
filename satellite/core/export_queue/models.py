"""Tables of the export-authorization queue and of grants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of, refers
from serverkit.db.guards import quantity as quantity_of

QUEUE_STATES = ("waiting", "sent", "granted", "failed", "delivered", "returned")
"""Where a request for a restricted licence is."""
WAITING, SENT, GRANTED, FAILED, DELIVERED, RETURNED = QUEUE_STATES
UNDECIDED = (WAITING, SENT)
"""Central has not decided these, or its decision has not come."""
GRANT_STATES = ("active", "returned", "released")
"""What has become of a grant."""
ACTIVE, GIVEN_BACK, RELEASED = GRANT_STATES


class QueueEntry(Base):
    """A device's request for a restricted licence, on its way to central and back (row S3.3)."""

    __tablename__ = "export_queue"
    __table_args__ = (
        refers(["instance_id"], "instances", ["id"]),
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
    )

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    tag: Mapped[str] = mapped_column(String(255))
    count: Mapped[int] = mapped_column(BigInteger, quantity_of("count", 0))
    state: Mapped[str] = mapped_column(String(16), one_of("state", QUEUE_STATES))
    reason: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(Text)
    statement: Mapped[dict[str, Any]] = mapped_column(JsonText)
    device_key: Mapped[dict[str, Any]] = mapped_column(JsonText)
    key_hash: Mapped[str] = mapped_column(String(64))
    grant_id: Mapped[str | None] = mapped_column(IdColumn)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)


class HeldGrant(Base):
    """A grant of central for one device; the satellite only delivers it.

    `generation` is the newest that central made, `installed` the newest that the device has.
    """

    __tablename__ = "grants"
    __table_args__ = (Index("ix_grants_virtual_account_id_tag", "virtual_account_id", "tag"),)

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    request_id: Mapped[str] = mapped_column(IdColumn)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    tag: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))
    generation: Mapped[int] = mapped_column(Integer, bounded("generation"))
    installed: Mapped[int] = mapped_column(Integer, bounded("installed"))
    key_hash: Mapped[str] = mapped_column(String(64))
    device_key: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    envelope: Mapped[dict[str, Any]] = mapped_column(JsonText)
    not_after: Mapped[datetime] = mapped_column(UtcDateTime)
    deliver_until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16), one_of("state", GRANT_STATES))
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    release: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)
