"""Refusals about the export queue."""

from __future__ import annotations

from serverkit.errors import NotFoundError, Remedy


class UnknownExportRequestError(NotFoundError):
    code = "unknown_export_request"
    message = "There is no such export request."
    remedy = Remedy("List the requests with `export-queue`.", page="restricted-licences.md")
