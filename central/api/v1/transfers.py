"""Transfers of licences: many lines at once, their preview, what was transferred, and back (rows C4.1, B23)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import transfers
from central.actions.transfers import MOST_LINES, Line
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    PLAIN,
    TEXT,
    WHOLE,
    Operation,
    Strict,
    cut,
    example,
    list_of,
    object_of,
)
from serverkit.http.schemas import Nothing, PoolPage, items


class TransferLine(Strict):
    """A line: a licence of a virtual account, or one lot, of which the source may be left out."""

    source: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    licence: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    lot: str | None = Field(default=None, max_length=64, pattern=PLAIN)
    target: str = Field(max_length=255, pattern=PLAIN)
    quantity: int = Field(ge=1, le=1_000_000_000)


class TransferLines(Strict):
    """The lines; with `preview` nothing is moved."""

    model_config = example(
        {
            "lines": [
                {"source": "DEFAULT", "licence": "ADVANTAGE", "target": "Lab", "quantity": 5},
                {"source": "DEFAULT", "licence": "ESSENTIALS", "target": "Lab", "quantity": 2},
            ],
            "preview": True,
        }
    )

    lines: list[TransferLine] = Field(min_length=1, max_length=MOST_LINES)
    preview: bool = False


class Reversal(Nothing):
    """With `preview` nothing is moved."""

    preview: bool = False


def transfer_lines(call: Call) -> dict[str, Any]:
    """Move all lines or none; the preview is the outcome before it happens."""
    lines = [Line(one.target, one.quantity, one.source, one.licence, one.lot) for one in call.body.lines]
    do = transfers.preview_transfer if call.body.preview else transfers.transfer_lines
    return do(call.unit, call.path["account"], lines)


def list_transfers(call: Call) -> dict[str, Any]:
    """The newest transfers first."""
    page: PoolPage = call.query
    rows = transfers.list_transfers(call.unit, call.path["account"], page.virtual_account, page.limit + 1, page.after)
    return cut(rows, page)


def reverse_transfer(call: Call) -> dict[str, Any]:
    """Transfer back what is still free of a transfer."""
    do = transfers.preview_reversal if call.body.preview else transfers.reverse_transfer
    return do(call.unit, call.path["account"], call.path["transfer"])


Op = Operation[Central]
PATH = f"{ACCOUNT_PATH}/transfers"
PLAN = object_of(
    lines=items(ANYTHING), accounts=items(ANYTHING), dropped_tags=items(ANYTHING), refused=WHOLE, quantity=WHOLE
)
TRANSFER = object_of(
    id=TEXT, transfer=WHOLE, at=TEXT, actor=TEXT, reversible=FLAG, quantity=WHOLE, returned=WHOLE, lines=items(ANYTHING)
)
OPERATIONS = (
    Op(
        "transfer_lines", "POST", PATH, "Move free licences in many lines, or preview it.", transfer_lines, PLAN,
        body=TransferLines, changes=True, permission=Permission.LICENCE_TRANSFER, row="C4.1",
    ),
    Op(
        "list_transfers", "GET", PATH, "List transfers.", list_transfers,
        list_of(TRANSFER), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C4.1",
    ),
    Op(
        "reverse_transfer", "POST", f"{PATH}/{{transfer}}/reversal", "Transfer back what is still free of a transfer.",
        reverse_transfer, PLAN, body=Reversal, changes=True, permission=Permission.LICENCE_TRANSFER, row="C4.1",
    ),
)  # fmt: skip
