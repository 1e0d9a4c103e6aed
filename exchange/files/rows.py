"""Rows of the bodies. Every row is an absolute value, never an increment, so that one that comes twice changes nothing.

A satellite's request carries `token instance claim export_request export_return grant_state usage
conversion_request event`; central's authorization and response carry `policy virtual_account entitlement product
allotment grant export_decision grant_release conversion_result certificates`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from exchange.canonical import JsonObject
from exchange.errors import MalformedError
from exchange.fields import Fields
from exchange.files.central_rows import (
    AllotmentRow,
    CertificatesRow,
    EntitlementRow,
    ExportDecisionRow,
    GrantReleaseRow,
    GrantRow,
    Naming,
    PendingAgreement,
    PolicyRow,
    ProductRow,
    VirtualAccountRow,
)
from exchange.files.conversion_rows import ConversionRequestRow, ConversionResultRow
from exchange.files.site_rows import (
    ClaimRow,
    EventRow,
    ExportRequestRow,
    ExportReturnRow,
    GrantStateRow,
    InstanceRow,
    TokenRow,
    UsageRow,
)

__all__ = [
    "REQUEST_ROWS",
    "RESPONSE_ROWS",
    "AllotmentRow",
    "CertificatesRow",
    "ClaimRow",
    "ConversionRequestRow",
    "ConversionResultRow",
    "EntitlementRow",
    "EventRow",
    "ExportDecisionRow",
    "ExportRequestRow",
    "ExportReturnRow",
    "GrantReleaseRow",
    "GrantRow",
    "GrantStateRow",
    "InstanceRow",
    "Naming",
    "PendingAgreement",
    "PolicyRow",
    "ProductRow",
    "RequestRow",
    "ResponseRow",
    "TokenRow",
    "UsageRow",
    "VirtualAccountRow",
    "read_request_row",
    "read_response_row",
]

RequestRow: TypeAlias = (
    TokenRow
    | InstanceRow
    | ClaimRow
    | ExportRequestRow
    | ExportReturnRow
    | GrantStateRow
    | UsageRow
    | EventRow
    | ConversionRequestRow
)
ResponseRow: TypeAlias = (
    VirtualAccountRow
    | EntitlementRow
    | ProductRow
    | AllotmentRow
    | GrantRow
    | ExportDecisionRow
    | GrantReleaseRow
    | ConversionResultRow
    | PolicyRow
    | CertificatesRow
    | TokenRow
    | InstanceRow
    | ClaimRow
)

REQUEST_ROWS: Mapping[str, Callable[[Fields], RequestRow]] = {
    row.kind: row.read
    for row in (
        TokenRow,
        InstanceRow,
        ClaimRow,
        ExportRequestRow,
        ExportReturnRow,
        GrantStateRow,
        UsageRow,
        EventRow,
        ConversionRequestRow,
    )
}
RESPONSE_ROWS: Mapping[str, Callable[[Fields], ResponseRow]] = {
    row.kind: row.read
    for row in (
        VirtualAccountRow,
        EntitlementRow,
        ProductRow,
        AllotmentRow,
        GrantRow,
        ExportDecisionRow,
        GrantReleaseRow,
        ConversionResultRow,
        PolicyRow,
        CertificatesRow,
        # What central kept of the site goes back to a satellite that enters a further epoch.
        TokenRow,
        InstanceRow,
        ClaimRow,
    )
}


def read_request_row(row: JsonObject) -> RequestRow:
    """Read one row of a request."""
    reader = REQUEST_ROWS.get(row["kind"])
    if reader is None:
        raise MalformedError("a request holds no rows of kind {kind!r}", kind=row["kind"][:40])
    return reader(Fields(row, row["kind"]))


def read_response_row(row: JsonObject) -> ResponseRow:
    """Read one row of an authorization or response."""
    reader = RESPONSE_ROWS.get(row["kind"])
    if reader is None:
        raise MalformedError("a response holds no rows of kind {kind!r}", kind=row["kind"][:40])
    return reader(Fields(row, row["kind"]))
