"""Which single statements `inspect` knows, and where each says its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange import statements
from exchange.canonical import JsonObject, parse_time
from exchange.fields import Fields
from exchange.trust import Trust


@dataclass(frozen=True, slots=True)
class StatementKind:
    """How one kind is read; `open` is None where the root does not vouch for the signer (a device's own word)."""

    name: str
    read: Callable[[object], object]
    open: Callable[[object, Trust], object] | None
    made: str
    start: str | None = None
    end: str | None = None

    def created(self, payload: JsonObject) -> datetime:
        """When it was made."""
        return parse_time(Fields(payload, self.name).text(self.made))

    def period(self, payload: JsonObject) -> tuple[datetime, datetime] | None:
        """From when until when it is valid, where it says so."""
        if self.start is None or self.end is None:
            return None
        fields = Fields(payload, self.name)
        return fields.time(self.start), fields.time(self.end)

    def satellite(self, payload: JsonObject) -> str | None:
        """The satellite that it names."""
        return Fields(payload, self.name).optional_identifier("satellite")


STATEMENTS: Mapping[str, StatementKind] = {
    statements.ALLOTMENT_TYPE: StatementKind(
        "allotment", statements.Allotment.from_dict, statements.open_allotment, "issued", "issued", "valid_until"
    ),
    statements.GRANT_TYPE: StatementKind(
        "grant", statements.Grant.from_dict, statements.open_grant, "issued", "not_before", "not_after"
    ),
    statements.GRANT_RELEASE_TYPE: StatementKind(
        "grant-release", statements.GrantRelease.from_dict, statements.open_grant_release, "released_at"
    ),
    statements.CENTRAL_HEAD_TYPE: StatementKind(
        "central-head", statements.CentralHead.from_dict, statements.open_central_head, "created"
    ),
    statements.EXPORT_REQUEST_TYPE: StatementKind(
        "export-request", statements.ExportRequest.from_dict, None, "requested_at"
    ),
    statements.EXPORT_RETURN_TYPE: StatementKind(
        "export-return", statements.ExportReturn.from_dict, None, "returned_at"
    ),
    statements.USAGE_REPORT_TYPE: StatementKind("usage-report", statements.UsageReport.from_dict, None, "reported_at"),
    statements.CONVERSION_REQUEST_TYPE: StatementKind(
        "conversion-request", statements.ConversionRequest.from_dict, None, "requested_at"
    ),
}
