"""Tables of tags on licences and lots: a tag belongs to a virtual account (row C3.7)."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn
from serverkit.db.guards import refers


class LicenceTag(Base):
    """A tag of a virtual account; `key` is its name as it is compared, so that none occurs twice."""

    __tablename__ = "licence_tags"
    __table_args__ = (
        Index(
            "uq_licence_tags_account_id_virtual_account_id_key", "account_id", "virtual_account_id", "key", unique=True
        ),
        refers(["account_id", "virtual_account_id"], "virtual_accounts", ["account_id", "id"]),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    key: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))


class TaggedLicence(Base):
    """A licence, named by its entitlement, that has a tag in the virtual account of the tag."""

    __tablename__ = "tagged_licences"
    __table_args__ = (refers(["account_id", "tag_id"], "licence_tags", ["account_id", "id"]),)

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    licence: Mapped[str] = mapped_column("tag", String(255), primary_key=True)


class TaggedLot(Base):
    """A lot that has a tag in the virtual account of the tag."""

    __tablename__ = "tagged_lots"
    __table_args__ = (
        refers(["account_id", "tag_id"], "licence_tags", ["account_id", "id"]),
        refers(["account_id", "lot_id"], "lots", ["account_id", "id"]),
        Index("ix_tagged_lots_account_id_lot_id", "account_id", "lot_id"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    tag_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    lot_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
