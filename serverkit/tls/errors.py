"""Refusals of TLS."""

from __future__ import annotations

from serverkit.errors import AppError, InvalidInputError, RefusedError, Remedy


class TlsPairError(AppError):
    code = "tls_pair_unusable"
    message = "The certificate and key in the folder `tls` cannot be used; the server does not start without them."
    remedy = Remedy(
        "Correct `server.crt` and `server.key` in the folder `tls`, or remove both: the server then creates its own.",
        page="tls.md",
    )
    status = 500


class TlsCertificateRefusedError(InvalidInputError):
    code = "tls_certificate_refused"
    message = "The certificate cannot be used by this server; the present one stays."
    remedy = Remedy("Have a certificate issued for the request that this server made.", page="tls.md")


class TlsKeyWaitsError(RefusedError):
    code = "tls_key_waits"
    message = "A private key waits for its certificate; it is never overwritten."
    remedy = Remedy("Import the certificate of this key, or move the key to another folder.", page="tls.md")


class TlsNothingWaitsError(RefusedError):
    code = "tls_nothing_waits"
    message = "No certificate was requested: no private key waits."
    remedy = Remedy("Make a certificate request first.", page="tls.md")


class TlsNotOwnError(RefusedError):
    code = "tls_not_own"
    message = "The server renews only the certificate that it made itself."
    remedy = Remedy("Make a certificate request, and import what the authority issues.", page="tls.md")
