"""Tables of product instances and device keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Computed, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from exchange.vocabulary import InstanceState
from satellite.core.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime, only_on
from serverkit.db.guards import bounded, one_of, refers

_BY_BYTES = {"udi_key": "text_pattern_ops"}
MARKED = "marks <> '[]'"
"""The condition of the index of instances with marks, as a query must say it to use that index."""
DETACHED = "detached_until IS NOT NULL"
"""The condition of the index of detached devices."""
SEARCH_TEXT = "lower(coalesce(hostname, '') || ' ' || udi_key)"


class Instance(Base):
    """A product instance; a removed one stays until central knows.

    `order_name` is what lists are ordered by: the host name, else the identity, in lower case. `search_text` is what a
    person may know of a device: host name, product id, serial number and UUID, in lower case. `detached_until` is the end of the
    term of a detached device, `detached_term` the id that it names to end it, `given_back_terms` its last terms that were ended so
    (row C7.8).
    """

    __tablename__ = "instances"
    __table_args__ = (
        refers(["virtual_account_id"], "virtual_accounts", ["id"]),
        Index("ix_instances_udi_key", "udi_key", postgresql_ops=_BY_BYTES),
        Index("ix_instances_counted", "virtual_account_id", "state", "removed"),
        # A page of a large site is read in the order of the names, whole or of one virtual account, without sorting.
        # A search on SQLite reads the index alone, from end to end; PostgreSQL limits an entry to 2,700 bytes.
        only_on("postgresql", Index("ix_instances_order_name", "order_name", "id")),
        only_on("sqlite", Index("ix_instances_search", "order_name", "id", "removed", "search_text")),
        Index("ix_instances_marked", "order_name", "id", sqlite_where=text(MARKED), postgresql_where=text(MARKED)),
        Index("ix_instances_registered_at", "registered_at", "id"),
        Index(
            "ix_instances_detached",
            "detached_until",
            sqlite_where=text(DETACHED),
            postgresql_where=text(DETACHED),
        ),
        Index("ix_instances_certificate_expires", "certificate_expires", "id"),
        Index("ix_instances_state_order_name", "state", "order_name", "id"),
        Index("ix_instances_virtual_account_id_order_name", "virtual_account_id", "order_name", "id"),
    )

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    udi: Mapped[dict[str, Any]] = mapped_column(JsonText)
    udi_key: Mapped[str] = mapped_column(String(800))
    hostname: Mapped[str | None] = mapped_column(Text)
    order_name: Mapped[str] = mapped_column(Text, Computed("lower(coalesce(hostname, udi_key))", persisted=True))
    search_text: Mapped[str] = mapped_column(Text, Computed(SEARCH_TEXT, persisted=True))
    product_tag: Mapped[str | None] = mapped_column(Text)
    software_version: Mapped[str | None] = mapped_column(Text)
    ip_address: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_contact: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    certificate_expires: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(32), one_of("state", InstanceState))
    export_allowed: Mapped[bool] = mapped_column(Boolean)
    key_hash: Mapped[str] = mapped_column(String(64))
    token_id: Mapped[str | None] = mapped_column(IdColumn)
    standbys: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    marks: Mapped[list[str]] = mapped_column(JsonText)
    former_names: Mapped[list[str] | None] = mapped_column(JsonText)
    detached_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    detached_term: Mapped[str | None] = mapped_column(IdColumn)
    given_back_terms: Mapped[list[str] | None] = mapped_column(JsonText)
    removed: Mapped[bool] = mapped_column(Boolean)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)


class DeviceKey(Base):
    """A device's key, with the numbers that stop replays and the answer that a repeated message gets.

    `member` is the UDI key of the unit that registered with it. `described` is the unit's own name, with the token and the right of an active unit, before another key replaced this one. `resumed` is the highest number named by a refusal above which the device continued, `restored_at` when it last did.
    """

    __tablename__ = "device_keys"
    __table_args__ = (refers(["instance_id"], "instances", ["id"]),)

    key_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    public: Mapped[dict[str, Any]] = mapped_column(JsonText)
    superseded: Mapped[bool] = mapped_column(Boolean)
    last_counter: Mapped[int] = mapped_column(BigInteger, bounded("last_counter"))
    last_digest: Mapped[str | None] = mapped_column(String(64))
    last_answer: Mapped[str | None] = mapped_column(Text)
    issue: Mapped[int] = mapped_column(Integer, bounded("issue"))
    member: Mapped[str] = mapped_column(String(800))
    described: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    resumed: Mapped[int] = mapped_column(BigInteger, bounded("resumed"))
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Standby(Base):
    """A standby unit of a set, stored so that it is found by its UDI; written together with `Instance.standbys`."""

    __tablename__ = "standbys"
    __table_args__ = (
        refers(["instance_id"], "instances", ["id"]),
        Index("ix_standbys_udi_key", "udi_key", postgresql_ops=_BY_BYTES),
    )

    instance_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    udi_key: Mapped[str] = mapped_column(String(800), primary_key=True)
