"""Tables of the licences of the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from exchange.vocabulary import Billing, LicenceType
from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, in_order, one_of, refers
from serverkit.db.guards import quantity as quantity_of


class Entitlement(Base):
    """A kind of licence, as central describes it."""

    __tablename__ = "entitlements"

    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(1024))
    description: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool] = mapped_column(Boolean)
    products: Mapped[list[str]] = mapped_column(JsonText)


class AllotmentLine(Base):
    """A signed allotment line; the whole set is replaced by each response."""

    __tablename__ = "allotments"
    __table_args__ = (
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
        in_order("start", "end"),
        Index("ix_allotments_virtual_account_id_tag", "virtual_account_id", "tag"),
    )

    serial: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    tag: Mapped[str] = mapped_column(String(255))
    licence_type: Mapped[str] = mapped_column(String(16), one_of("licence_type", LicenceType))
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quantity: Mapped[int] = mapped_column(BigInteger, bounded("quantity"))
    billing: Mapped[str] = mapped_column(String(16), one_of("billing", Billing))
    restricted: Mapped[bool] = mapped_column(Boolean)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    envelope: Mapped[dict[str, Any]] = mapped_column(JsonText)


class Claim(Base):
    """What an instance uses of an ordinary licence; 0 until central knows that it is over."""

    __tablename__ = "claims"
    __table_args__ = (
        refers(["instance_id"], "instances", ["id"]),
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
        Index("ix_claims_virtual_account_id_tag", "virtual_account_id", "tag"),
    )

    instance_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    count: Mapped[int] = mapped_column(BigInteger, quantity_of("count", 0))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)


class PoolTotal(Base):
    """What is claimed from a pool, kept beside the claims."""

    __tablename__ = "pool_totals"
    __table_args__ = (refers(["virtual_account_id"], "virtual_accounts", ["id"]),)

    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    claimed: Mapped[int] = mapped_column(BigInteger, bounded("claimed"))
