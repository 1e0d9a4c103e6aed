"""Refusals about tokens."""

from __future__ import annotations

from serverkit.errors import RefusedError, Remedy


class ExportNotPermittedError(RefusedError):
    code = "export_not_permitted"
    message = "This account may not use export-controlled functions."
    remedy = Remedy(
        "Have the vendor permit it for the account, or create the token without it.",
        page="restricted-licences.md#what-must-be-true-beforehand",
    )
