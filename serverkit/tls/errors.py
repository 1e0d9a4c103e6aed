"""Refusals of TLS."""

from __future__ import annotations

from serverkit.errors import AppError, Remedy


class TlsPairError(AppError):
    code = "tls_pair_unusable"
    message = "The certificate and the key of the folder `tls` cannot be used; nothing is served without them."
    remedy = Remedy(
        "Correct `server.crt` and `server.key` in the folder `tls`, or remove both: the server then makes its own.",
        page="tls.md",
    )
    status = 500
