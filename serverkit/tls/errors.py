"""Refusals of TLS."""

from __future__ import annotations

from serverkit.errors import AppError


class TlsPairError(AppError):
    """The certificate and the key of the folder `tls` cannot be used; nothing is served without them."""

    code = "tls_pair_unusable"
    remedy = "Correct `server.crt` and `server.key` in the folder `tls`, or remove both: the server then makes its own."
    status = 500
