"""Tables of satellites, their keys, and every request that was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from central.domain.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of, refers, unique_where
from serverkit.names import kept_key

STATES = ("pending", "authorized", "removed")
"""How far a satellite is."""


class Satellite(Base):
    """A customer's satellite; its id is the one it made itself, its epochs never repeat, not even after removal."""

    __tablename__ = "satellites"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        unique_where("satellites", ["account_id", "name_key"], "state <> 'removed'", "name_key"),
        Index("ix_satellites_account_id_name", "account_id", "name"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True, index=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(255))
    host: Mapped[str] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(255))
    software_version: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), one_of("state", STATES))
    approved: Mapped[bool] = mapped_column(Boolean)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    downloaded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_sync_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    epoch: Mapped[int] = mapped_column(Integer, bounded("epoch"))
    epoch_id: Mapped[str] = mapped_column(IdColumn)
    last_seq: Mapped[int] = mapped_column(BigInteger, bounded("last_seq"))
    last_rseq: Mapped[int] = mapped_column(BigInteger, bounded("last_rseq"))
    registration: Mapped[dict[str, Any]] = mapped_column(JsonText)
    next_key_id: Mapped[str | None] = mapped_column(IdColumn)
    forked: Mapped[bool] = mapped_column(Boolean)
    recovering: Mapped[bool] = mapped_column(Boolean)
    sync_failure: Mapped[str | None] = mapped_column(Text)
    sync_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sync_failures: Mapped[int] = mapped_column(Integer, bounded("sync_failures"), default=0)

    @validates("name")
    def _with_key(self, _field: str, name: str) -> str:
        self.name_key = kept_key(name)
        return name


class SatelliteDraft(Base):
    """A new satellite of which a person has entered something; each has one in an account."""

    __tablename__ = "satellite_drafts"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    asked_by: Mapped[str] = mapped_column(String(255), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(255))
    compared: Mapped[bool] = mapped_column(Boolean)
    virtual_accounts: Mapped[list[str]] = mapped_column(JsonText)


class SatelliteKey(Base):
    """An identity key of a satellite; a retired one still says whose file it was."""

    __tablename__ = "satellite_keys"
    __table_args__ = (refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    satellite_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    key_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    public: Mapped[dict[str, Any]] = mapped_column(JsonText)
    retired: Mapped[bool] = mapped_column(Boolean)


class AnsweredRequest(Base):
    """A request by its numbers, with the answer as it was given; number 0 is the authorization file itself."""

    __tablename__ = "answered_requests"
    __table_args__ = (
        UniqueConstraint("account_id", "satellite_id", "epoch", "rseq"),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    satellite_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, bounded("epoch"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, bounded("seq"), primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))
    rseq: Mapped[int | None] = mapped_column(BigInteger, bounded("rseq"))
    response: Mapped[bytes | None] = mapped_column(LargeBinary)
    response_digest: Mapped[str | None] = mapped_column(String(64))
    change_upto: Mapped[int] = mapped_column(BigInteger, bounded("change_upto"))
    catalogue_upto: Mapped[int] = mapped_column(BigInteger, bounded("catalogue_upto"))
    counts: Mapped[dict[str, int]] = mapped_column(JsonText)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RequestPart(Base):
    """A part of the file of a request that was applied; those of the newest numbers of a satellite are kept."""

    __tablename__ = "request_parts"
    __table_args__ = (refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    satellite_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, bounded("epoch"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, bounded("seq"), primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(Integer, bounded("part"), primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class QuarantinedFile(Base):
    """A file that revealed a fork: kept for a person, never applied."""

    __tablename__ = "quarantined_files"
    __table_args__ = (refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    satellite_id: Mapped[str] = mapped_column(IdColumn, index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class SatelliteEvent(Base):
    """An imported event of a satellite, so that it is never imported twice."""

    __tablename__ = "satellite_events"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
