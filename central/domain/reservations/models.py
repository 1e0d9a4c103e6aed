"""The table of reservations; what is held is in the ledger, under the instance's id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.domain.base import Base
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, in_order, one_of, refers

STATES = ("active", "returned", "given_up", "released")
"""What has become of a reservation."""


class Reservation(Base):
    """Licences held for one device by a code; ended ones stay, so that no request code is used twice.

    `number` counts the authorizations, of which `in_force` holds; `installed` says that the device has confirmed it,
    `waiting` that a confirmation is to come; `pending` is the update that waits for its confirmation: `number`, `lines`, `code`,
    and `raised`: by how much it raised each lot. `seen_as` is the instance under which the device is registered although
    no one has proven that it gave the reservation up; `release_reason` why the vendor freed it without such a proof.

    `rehosted_to` is the reservation of the replacement of a failed device, `rehost_of` that which a replacement copies; `reset_at`
    when the mark of the failed device was taken off, `owed` how many units of a replacement no one bought. `factory_place` is
    the virtual account for which a device was shipped with its reservation, `left_for` says where it registered instead.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        UniqueConstraint("account_id", "request_digest"),
        in_order("in_force", "number"),
        refers(["account_id"], "smart_accounts", ["id"]),
        Index("ix_reservations_account_id_virtual_account_id", "account_id", "virtual_account_id", "created_at"),
    )

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    instance_id: Mapped[str] = mapped_column(IdColumn, index=True)
    virtual_account_id: Mapped[str] = mapped_column(IdColumn)
    request_code: Mapped[str] = mapped_column(Text)
    request_digest: Mapped[str] = mapped_column(String(64), index=True)
    own_code: Mapped[bool] = mapped_column(Boolean)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    authorization_code: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer, bounded("number"))
    in_force: Mapped[int] = mapped_column(Integer, bounded("in_force"))
    installed: Mapped[bool] = mapped_column(Boolean)
    waiting: Mapped[bool] = mapped_column(Boolean)
    pending: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(16), one_of("state", STATES))
    seen_as: Mapped[str | None] = mapped_column(IdColumn)
    release_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(255))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rehost_of: Mapped[str | None] = mapped_column(IdColumn)
    rehosted_to: Mapped[str | None] = mapped_column(IdColumn)
    reset_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owed: Mapped[int] = mapped_column(BigInteger, bounded("owed"))
    factory_place: Mapped[str | None] = mapped_column(IdColumn)
    left_for: Mapped[str | None] = mapped_column(Text)
