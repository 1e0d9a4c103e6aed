"""Tables of entitlements and products."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import JsonText
from serverkit.db.guards import bounded


class Entitlement(Base):
    """A kind of licence. `products` are the product tags that may use it; empty for any."""

    __tablename__ = "entitlements"

    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool] = mapped_column(Boolean)
    family: Mapped[str] = mapped_column(String(255))
    products: Mapped[list[str]] = mapped_column(JsonText)
    change_no: Mapped[int] = mapped_column(BigInteger, bounded("change_no"), index=True)


class Product(Base):
    """A product, by its tag or product id."""

    __tablename__ = "products"

    tag: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text)
    family: Mapped[str] = mapped_column(String(255))
