"""Tables of classic licences, of the contracts that entitle to convert them, and of conversions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from central.domain.conversions.rules import CLASSIC_TYPES, SourceKind, Status
from exchange.vocabulary import ConversionState
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, in_order, one_of, refers
from serverkit.db.guards import quantity as quantity_of


class ClassicSku(Base):
    """What a classic licence becomes, one unit for one; `divisible` lets a part of it be converted on a device."""

    __tablename__ = "classic_skus"
    __table_args__ = (refers(["tag"], "entitlements"),)

    sku: Mapped[str] = mapped_column(String(255), primary_key=True)
    tag: Mapped[str] = mapped_column(String(255))
    family: Mapped[str] = mapped_column(String(255))
    contract_needed: Mapped[bool] = mapped_column(Boolean)
    divisible: Mapped[bool] = mapped_column(Boolean)


class ClassicSource(Base):
    """A PAK, or a device, that holds classic licences of an account.

    `number` is that of the PAK, or the device identifier; `key` tells it from every other one of its kind, of whatever account.
    `remaining` is what is left of all its licences; `revision` grows with each change.
    """

    __tablename__ = "classic_sources"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        refers(["account_id"], "smart_accounts", ["id"]),
        Index("ix_classic_sources_account_id_kind_number", "account_id", "kind", "number"),
        Index("ix_classic_sources_status", "status"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), one_of("kind", SourceKind))
    number: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(800))
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    partial: Mapped[bool] = mapped_column(Boolean)
    order_number: Mapped[str] = mapped_column(String(255))
    ordered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    family: Mapped[str] = mapped_column(String(255))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonText)
    status: Mapped[str] = mapped_column(String(16), one_of("status", Status))
    problem: Mapped[str] = mapped_column(Text)
    remaining: Mapped[int] = mapped_column(BigInteger, bounded("remaining"))
    converted: Mapped[int] = mapped_column(BigInteger, bounded("converted"))
    revision: Mapped[int] = mapped_column(BigInteger, bounded("revision", 1))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClassicLicence(Base):
    """Units of a SKU in a PAK or on a device: how many in all, and how many of them were converted."""

    __tablename__ = "classic_licences"
    __table_args__ = (
        refers(["account_id", "source_id"], "classic_sources", ["account_id", "id"]),
        in_order("converted", "quantity"),
        in_order("start", "end"),
        Index("ix_classic_licences_account_id_sku", "account_id", "sku"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    sku: Mapped[str] = mapped_column(String(255), primary_key=True)
    family: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity", 0))
    converted: Mapped[int] = mapped_column(BigInteger, quantity_of("converted", 0))
    licence_type: Mapped[str] = mapped_column(String(16), one_of("licence_type", CLASSIC_TYPES))
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ServiceContract(Base):
    """A contract that covers a SKU; `source_key` limits it to one PAK or device, empty for all of the account."""

    __tablename__ = "service_contracts"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    sku: Mapped[str] = mapped_column(String(255), primary_key=True)
    source_key: Mapped[str] = mapped_column(String(800), primary_key=True)
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ContractAnswer(Base):
    """What a look-up over HTTP said of a SKU of a PAK or device: `number` covers it, None says that no contract does.

    It is believed until `fresh_until`, None where there is no answer yet. It is asked for at `due_at`, by a job; `problem`
    says why the last of `attempts` brought no answer.
    """

    __tablename__ = "contract_answers"
    __table_args__ = (
        refers(["account_id", "source_id"], "classic_sources", ["account_id", "id"]),
        Index("ix_contract_answers_due_at", "due_at"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    sku: Mapped[str] = mapped_column(String(255), primary_key=True)
    number: Mapped[str | None] = mapped_column(Text)
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fresh_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(BigInteger, bounded("attempts"))
    problem: Mapped[str] = mapped_column(Text)


class ConversionSetting(Base):
    """What is converted by itself of an account's PAKs or devices, when their list came last, how many runs failed.

    No virtual accounts, and no product families, means all of them.
    """

    __tablename__ = "conversion_settings"
    __table_args__ = (refers(["account_id"], "smart_accounts", ["id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), one_of("kind", SourceKind), primary_key=True)
    enabled: Mapped[bool] = mapped_column(Boolean)
    virtual_accounts: Mapped[list[str]] = mapped_column(JsonText)
    products: Mapped[list[str]] = mapped_column(JsonText)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(BigInteger, bounded("failures"))


class Conversion(Base):
    """One conversion of a PAK or device: of each revision there is at most one, so that nothing is converted twice."""

    __tablename__ = "conversions"
    __table_args__ = (refers(["account_id", "source_id"], "classic_sources", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, bounded("revision", 1), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(255))
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    request_id: Mapped[str | None] = mapped_column(IdColumn)


class DeviceConversion(Base):
    """A device's signed request to convert what it holds, and what became of it (row C9.5).

    `satellite_id` and `instance_id` say where the device asked last; `unit_key` is that of the unit that signed.
    """

    __tablename__ = "device_conversions"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["account_id", "satellite_id"], "satellites", ["account_id", "id"]),
        Index("ix_device_conversions_account_id_satellite_id_change_no", "account_id", "satellite_id", "change_no"),
        Index("ix_device_conversions_account_id_unit_key", "account_id", "unit_key"),
        Index("ix_device_conversions_state", "state"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    satellite_id: Mapped[str | None] = mapped_column(IdColumn)
    virtual_account_id: Mapped[str | None] = mapped_column(IdColumn)
    unit_key: Mapped[str] = mapped_column(String(800))
    label: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[str] = mapped_column(String(64))
    statement: Mapped[dict[str, Any]] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(32), one_of("state", ConversionState))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"))
