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


class AgreementPendingError(RefusedError):
    code = "agreement_pending"
    message = "The licensing agreement was not accepted in time; this site creates no tokens until it is."
    remedy = Remedy(
        "Have the agreement accepted at central, then synchronize; registered devices keep working.", page="set-up.md"
    )
