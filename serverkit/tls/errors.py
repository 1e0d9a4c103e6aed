"""Refusals of TLS."""

from __future__ import annotations

from serverkit.errors import AppError, Remedy


class TlsPairError(AppError):
    code = "tls_pair_unusable"
    message = "The certificate and key in the folder `tls` cannot be used; the server does not start without them."
    remedy = Remedy(
        "Correct `server.crt` and `server.key` in the folder `tls`, or remove both: the server then creates its own.",
        page="tls.md",
    )
    status = 500
