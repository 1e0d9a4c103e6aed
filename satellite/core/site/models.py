"""Tables of the satellite itself: one row of state, the registrations it made, the requests it sent, and its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from satellite.core.base import Base
from satellite.core.site.rules import MODES
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, in_order, one_of, only

STEPS = ("authorization", "export", "import", "network")
OUTCOMES = ("applied", "made", "refused", "synchronized", "failed")
"""Steps of synchronization, and how they went."""


class Site(Base):
    """The one row with the satellite's identity and the state of its synchronization."""

    __tablename__ = "site"
    __table_args__ = (in_order("acknowledged_seq", "last_seq"),)

    id: Mapped[int] = mapped_column(Integer, only("id", 1), primary_key=True)
    satellite_id: Mapped[str] = mapped_column(IdColumn)
    name: Mapped[str] = mapped_column(String(255))
    identity_key_id: Mapped[str] = mapped_column(IdColumn)
    device_ca_key_id: Mapped[str] = mapped_column(IdColumn)
    account_id: Mapped[str | None] = mapped_column(IdColumn)
    account_domain: Mapped[str | None] = mapped_column(String(255))
    account_name: Mapped[str | None] = mapped_column(String(255))
    account_number: Mapped[int | None] = mapped_column(BigInteger, bounded("account_number"))
    agreement: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    export_allowed: Mapped[bool] = mapped_column(Boolean)
    epoch: Mapped[int] = mapped_column(Integer, bounded("epoch"))
    epoch_id: Mapped[str] = mapped_column(String(32))
    authorization_digest: Mapped[str] = mapped_column(String(64))
    identity_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    device_ca_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_identity_key_id: Mapped[str | None] = mapped_column(IdColumn)
    next_device_ca_key_id: Mapped[str | None] = mapped_column(IdColumn)
    authorized_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seq: Mapped[int] = mapped_column(BigInteger, bounded("last_seq"))
    acknowledged_seq: Mapped[int] = mapped_column(BigInteger, bounded("acknowledged_seq"))
    acknowledged_digest: Mapped[str] = mapped_column(String(64))
    acknowledged_upto: Mapped[int] = mapped_column(BigInteger, bounded("acknowledged_upto"))
    applied_rseq: Mapped[int] = mapped_column(BigInteger, bounded("applied_rseq"))
    applied_digest: Mapped[str] = mapped_column(String(64))
    head: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    policy: Mapped[dict[str, Any]] = mapped_column(JsonText)
    needs_full: Mapped[bool] = mapped_column(Boolean)
    last_sync_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    setup_mode: Mapped[str | None] = mapped_column(String(16), one_of("setup_mode", MODES))
    setup_finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    setup_code_hash: Mapped[str] = mapped_column(String(64))
    setup_steps: Mapped[dict[str, str]] = mapped_column(JsonText)
    privacy: Mapped[dict[str, str]] = mapped_column(JsonText)
    network: Mapped[dict[str, Any]] = mapped_column(JsonText)


class MadeRegistration(Base):
    """A registration file that was made here, and the keys that it introduced."""

    __tablename__ = "registrations"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(IdColumn, unique=True)
    identity_key_id: Mapped[str] = mapped_column(IdColumn)
    device_ca_key_id: Mapped[str] = mapped_column(IdColumn)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MadeRequest(Base):
    """A synchronization request as it was made; its bytes are given out again, never signed again."""

    __tablename__ = "requests"

    epoch: Mapped[int] = mapped_column(Integer, bounded("epoch"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, bounded("seq", 1), primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    upto: Mapped[int] = mapped_column(BigInteger, bounded("upto"))
    full: Mapped[bool] = mapped_column(Boolean)
    counts: Mapped[dict[str, int]] = mapped_column(JsonText)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HistoryEntry(Base):
    """One step of synchronization with its outcome."""

    __tablename__ = "sync_history"

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    step: Mapped[str] = mapped_column(String(32), one_of("step", STEPS))
    outcome: Mapped[str] = mapped_column(String(32), one_of("outcome", OUTCOMES))
    epoch: Mapped[int] = mapped_column(Integer, bounded("epoch"))
    number: Mapped[int] = mapped_column(BigInteger, bounded("number"))
    counts: Mapped[dict[str, int]] = mapped_column(JsonText)
    detail: Mapped[str] = mapped_column(Text)
