"""Tables of what products bring, and of what was added to inventory from instances."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, UtcDateTime
from serverkit.db.guards import quantity as quantity_of
from serverkit.db.guards import refers


class ProductLicence(Base):
    """Units of a licence that each device of a product brings."""

    __tablename__ = "product_licences"
    __table_args__ = (refers(["product"], "products", ["tag"]), refers(["tag"], "entitlements"))

    product: Mapped[str] = mapped_column(String(255), primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))


class AddedLicence(Base):
    """A licence that was added from a device: it stays when the device goes, so that each is added once at the vendor.

    `unit_key` is the identity of the device, PID and serial number, whichever of its instances it was, in whichever account:
    the key is not the account's, so that a device that changes hands brings its licences to the first account only.
    """

    __tablename__ = "added_licences"
    __table_args__ = (
        refers(["account_id", "lot_id"], "lots", ["account_id", "id"]),
        refers(["tag"], "entitlements"),
    )

    unit_key: Mapped[str] = mapped_column(String(800), primary_key=True)
    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[str] = mapped_column(IdColumn)
    quantity: Mapped[int] = mapped_column(BigInteger, quantity_of("quantity"))
    lot_id: Mapped[str] = mapped_column(IdColumn)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
