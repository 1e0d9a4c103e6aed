"""Tables of the ledger: lots, the postings that move their quantities, and what follows from them.

`postings` are only ever added, each chained to the one before it; `holdings` and `pool_totals` are kept beside them in
the same transaction and can be computed again. So can `kept_licences`, which a pool's change makes out of date at once.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from central.domain.ledger.rules import LotSource
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import NUMBER, bounded, in_order, one_of, refers
from serverkit.db.guards import quantity as quantity_of


class Bucket(StrEnum):
    """Buckets of a lot."""

    OUTSIDE = "outside"
    FREE = "free"
    LOCKED = "locked"
    OWED = "owed"
    RESERVED = "reserved"
    TRANSITION = "transition"
    PENDING = "pending"
    EXPIRED = "expired"
    REMOVED = "removed"
    CONVERTED = "converted"


OWNED = (Bucket.FREE, Bucket.LOCKED, Bucket.RESERVED, Bucket.TRANSITION)
GRANTED = (Bucket.LOCKED, Bucket.OWED)
"""What is held for a grant: units that are owned, and units that are granted though the account does not own them."""


FOR_SOMEONE = "holder <> ''"
"""The condition of the index of what is held for someone, as a query must say it to use that index."""


class Lot(Base):
    """One purchase or grant of a quantity of an entitlement, with its source and term (row C3.4).

    From `web_order` on, the columns follow from what the lot says and are there to be searched (row C3.8).
    """

    __tablename__ = "lots"
    __table_args__ = (
        refers(["account_id"], "smart_accounts", ["id"]),
        refers(["tag"], "entitlements"),
        in_order("start", "end"),
        UniqueConstraint("account_id", "order_number", "order_line"),
        # The lots of a licence in the order of their ids, with all that its terms are added up by; and the newest first.
        Index(
            "ix_lots_account_id_tag",
            *("account_id", "tag", "id", "licence_type", "billing", "start", "end", "subscription_id"),
        ),
        Index("ix_lots_licence_newest", "account_id", "tag", "created_at", "id"),
        Index("ix_lots_account_id_web_order", "account_id", "web_order"),
        Index("ix_lots_account_id_po_number", "account_id", "po_number"),
        Index("ix_lots_account_id_pak", "account_id", "pak"),
        Index("ix_lots_created_at_id", "created_at", "id"),
        Index("ix_lots_order_number", "order_number", postgresql_ops={"order_number": "text_pattern_ops"}),
        Index("ix_lots_tag", "tag", postgresql_ops={"tag": "text_pattern_ops"}),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255))
    licence_type: Mapped[str] = mapped_column(String(16), one_of("licence_type", LicenceType))
    billing: Mapped[str] = mapped_column(String(16), one_of("billing", Billing))
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))
    start: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    source: Mapped[str] = mapped_column(String(32), one_of("source", LotSource))
    order_number: Mapped[str | None] = mapped_column(String(255))
    order_line: Mapped[str | None] = mapped_column(String(255))
    sku: Mapped[str | None] = mapped_column(String(255))
    subscription_id: Mapped[str | None] = mapped_column(String(255))
    details: Mapped[dict[str, Any]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    web_order: Mapped[str | None] = mapped_column(Text)
    po_number: Mapped[str | None] = mapped_column(Text)
    pak: Mapped[str | None] = mapped_column(Text)
    end_customer: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    families: Mapped[str | None] = mapped_column(Text)
    skus: Mapped[str | None] = mapped_column(Text)


class Posting(Base):
    """One movement of a quantity between buckets; `holder` is the grant or reservation that it is held for."""

    __tablename__ = "postings"
    __table_args__ = (refers(["account_id", "lot_id"], "lots", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, bounded("number", 1), primary_key=True, autoincrement=False)
    lot_id: Mapped[str] = mapped_column(IdColumn, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))
    from_bucket: Mapped[str] = mapped_column(String(16), one_of("from_bucket", Bucket))
    from_virtual_account: Mapped[str] = mapped_column(IdColumn)
    from_holder: Mapped[str] = mapped_column(IdColumn)
    to_bucket: Mapped[str] = mapped_column(String(16), one_of("to_bucket", Bucket))
    to_virtual_account: Mapped[str] = mapped_column(IdColumn)
    to_holder: Mapped[str] = mapped_column(IdColumn)
    note: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


class Holding(Base):
    """How much of a lot is in a bucket now; follows from the postings. `tag` is that of the lot: a pool is found by it."""

    __tablename__ = "holdings"
    __table_args__ = (
        refers(["account_id", "lot_id"], "lots", ["account_id", "id"]),
        # A pool is added up from this index alone.
        Index(
            "ix_holdings_pool", *("account_id", "virtual_account_id", "tag", "lot_id", "bucket", "holder", "quantity")
        ),
        # So is a licence of the whole account from this one.
        Index(
            "ix_holdings_licence",
            *("account_id", "tag", "virtual_account_id", "lot_id", "bucket", "holder", "quantity"),
        ),
        Index(
            "ix_holdings_holder",
            *("account_id", "holder", "tag"),
            sqlite_where=text(FOR_SOMEONE),
            postgresql_where=text(FOR_SOMEONE),
        ),
        {"sqlite_with_rowid": False},
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    lot_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    bucket: Mapped[str] = mapped_column(String(16), one_of("bucket", Bucket), primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    holder: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int] = mapped_column(BigInteger, bounded("quantity"))


def of_lot() -> ColumnElement[bool]:
    """How holdings and lots belong together; the tag, which both have, leads to an index with all that figures need."""
    return and_(Lot.account_id == Holding.account_id, Lot.tag == Holding.tag, Lot.id == Holding.lot_id)


def is_held() -> ColumnElement[bool]:
    """The condition that a holding is held for someone, as the index of these has it."""
    return Holding.holder != literal_column("''")


def held_for(*holders: str) -> ColumnElement[bool]:
    """The condition that a holding is held for one of these grants or instances, found by index."""
    named = Holding.holder == holders[0] if len(holders) == 1 else Holding.holder.in_(holders)
    return and_(named, is_held())


class Claim(Base):
    """How much of an ordinary licence an instance uses: a claim on the pool, not a movement in it."""

    __tablename__ = "claims"
    __table_args__ = (
        refers(["account_id", "instance_id"], "instances", ["account_id", "id"]),
        refers(["account_id", "virtual_account_id"], "virtual_accounts", ["account_id", "id"]),
        Index("ix_claims_account_id_virtual_account_id_tag", "account_id", "virtual_account_id", "tag"),
        {"sqlite_with_rowid": False},
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    count: Mapped[int] = mapped_column(BigInteger, quantity_of("count"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class PoolTotal(Base):
    """What is claimed from a pool; follows from the claims, so that lists need not add them up.

    `due_at` says until when what is kept of the pool (`KeptLicence`) is right, nothing that it has changed since;
    `managed` whether it was made for a virtual account of a satellite.
    """

    __tablename__ = "pool_totals"
    __table_args__ = (
        refers(["account_id", "virtual_account_id"], "virtual_accounts", ["account_id", "id"]),
        Index("ix_pool_totals_due_at", "account_id", "due_at"),
        Index("ix_pool_totals_managed", "account_id", "virtual_account_id", "managed"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    claimed: Mapped[int] = mapped_column(BigInteger, bounded("claimed"))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    managed: Mapped[bool] = mapped_column(Boolean, default=False)


class KeptLicence(Base):
    """A row of the licences table as it was added up last: what lists filter and order, so that none adds up every lot.

    Right until `PoolTotal.due_at`. `rank` and `within` put the worst first, `order_name` is the name of the licence in lower
    case, `key` the id of the row in lists; `types` are the kinds of its active lots, each between bars; `figures` is the whole row.
    """

    __tablename__ = "kept_licences"
    __table_args__ = (
        refers(["account_id", "virtual_account_id"], "virtual_accounts", ["account_id", "id"]),
        # A list is read in one of these orders, without sorting.
        Index("ix_kept_licences_worst", "account_id", "rank", "within", "order_name", "key"),
        Index("ix_kept_licences_named", "account_id", "order_name", "key"),
        Index("ix_kept_licences_licence", "account_id", "tag", "key"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    billing: Mapped[str] = mapped_column(String(16), one_of("billing", Billing), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer, bounded("rank"))
    within: Mapped[int] = mapped_column(BigInteger, bounded("within", -NUMBER))
    order_name: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    purchased: Mapped[int] = mapped_column(BigInteger, bounded("purchased"))
    in_use: Mapped[int] = mapped_column(BigInteger, bounded("in_use"))
    reserved: Mapped[int] = mapped_column(BigInteger, bounded("reserved"))
    balance: Mapped[int] = mapped_column(BigInteger, bounded("balance", -NUMBER))
    upcoming: Mapped[int] = mapped_column(BigInteger, bounded("upcoming"))
    next_end: Mapped[str] = mapped_column(String(32))
    types: Mapped[str] = mapped_column(String(255))
    figures: Mapped[dict[str, Any]] = mapped_column(JsonText)
