"""Reasons why the agent refuses or fails, each with a stable code and a remedy."""

from __future__ import annotations

from typing import ClassVar


class AgentError(Exception):
    """Root of what the agent tells its caller."""

    code: ClassVar[str] = "agent_error"
    remedy: str = "Read the message and try again."

    def __init__(self, message: str, *, remedy: str | None = None, code: str | None = None) -> None:
        """Keep the sentence for people; `code` only where a server's own code is passed on."""
        super().__init__(message)
        self.message = message
        self.reason = code or type(self).code
        if remedy is not None:
            self.remedy = remedy


class NotRegisteredError(AgentError):
    """The operation needs an identity that this device does not have."""

    code = "not_registered"
    remedy = "Register the device with a token first."


class AlreadyRegisteredError(AgentError):
    """The device is registered under another identity; nothing was changed."""

    code = "already_registered"
    remedy = "Use a state folder of its own for each device, or run `agent deregister` first."


class InvalidInputError(AgentError):
    """A value given by the caller is outside what is allowed."""

    code = "invalid_input"
    remedy = "Correct the value and repeat the command."


class InvalidQuantityError(AgentError):
    """A quantity is not a whole number from 1 to 1,000,000."""

    code = "invalid_quantity"
    remedy = "Give a whole number from 1 to 1000000."


class InvalidTagError(AgentError):
    """A licence tag holds characters that no tag has, or is too long."""

    code = "invalid_tag"
    remedy = "Copy the tag from the catalogue, without blanks or line breaks."


class UnknownUseError(AgentError):
    """The device does not use, hold or await the licence that was named."""

    code = "not_in_use"
    remedy = "List the licences of this device with `agent status`."


class RestrictedError(AgentError):
    """A restricted licence can only be used after central has granted it."""

    code = "restricted_needs_export_request"
    remedy = "Ask for it with `agent request-export TAG COUNT` and collect the answer with `agent renew auth`."


class ServerUnreachableError(AgentError):
    """No answer came: the name, the route, the port or the time-out."""

    code = "server_unreachable"
    remedy = "Check the address, the network and that the server runs; the device repeats its message by itself."


class TlsRefusedError(AgentError):
    """The server's TLS certificate comes from an authority that this device does not trust."""

    code = "tls_not_trusted"
    remedy = "Give the server's CA with --ca, or the fingerprint that its console shows with --fingerprint."


class TlsNameError(TlsRefusedError):
    """The server's TLS certificate is for another name or address than the one of --url."""

    code = "tls_certificate_name"
    remedy = "Use a name or address that stands in the certificate, or have the server's certificate made for this one."


class TlsExpiredError(TlsRefusedError):
    """The server's TLS certificate has ended, or this device's clock is ahead."""

    code = "tls_certificate_expired"
    remedy = "Compare this device's clock with the right time; if it is right, have the server's certificate renewed."


class TlsNotYetValidError(TlsRefusedError):
    """The server's TLS certificate is not valid yet: this device's clock is probably behind."""

    code = "tls_certificate_not_yet_valid"
    remedy = "Set this device's clock right; if it is right, look at the clock of the server that made the certificate."


class TlsFingerprintError(TlsRefusedError):
    """The server shows another TLS certificate than the one whose fingerprint was given."""

    code = "tls_fingerprint_differs"
    remedy = (
        "If the server's certificate was replaced, register with its new fingerprint; else look for a machine between."
    )


class TlsNotSpokenError(TlsRefusedError):
    """What answers at the address speaks no TLS, or none that this device speaks."""

    code = "tls_not_spoken"
    remedy = "Correct scheme and port of the address; look for a proxy or filter between."


class TlsUnusableError(TlsRefusedError):
    """The CA certificate that was given for the server cannot be used, or TLS was asked for without https."""

    code = "tls_trust_unusable"
    remedy = "Give --ca a file with the CA's certificate in PEM form, and an address that begins with https://."


class AnswerRefusedError(AgentError):
    """An answer came that this device must not believe."""

    code = "answer_not_trusted"
    remedy = "Check that the root file belongs to the vendor of this server; nothing was changed."


class ServerRefusedError(AgentError):
    """The server answered with a signed or plain refusal; its own code is passed on."""

    code = "refused"


class ServerBusyError(ServerRefusedError):
    """The server has more to do than it can; it says when to ask again."""

    code = "server_busy"
    remedy = "Wait; the device asks again when the server said, and a little later so that not all come at once."

    def __init__(
        self, message: str, *, remedy: str | None = None, code: str | None = None, retry_after: int | None = None
    ) -> None:
        """`retry_after` is in seconds, None where the server named no time."""
        super().__init__(message, remedy=remedy, code=code)
        self.retry_after = retry_after


class StateDamagedError(AgentError):
    """The state folder of this device cannot be read or was altered."""

    code = "state_damaged"
    remedy = "Restore the folder, or remove it and register the device again."


class FileUnreadableError(AgentError):
    """A file named on the command line cannot be read or written."""

    code = "file_unreadable"
    remedy = "Check the path and its permissions."


class WrongOwnerError(AgentError):
    """The state folder, or a file in it, belongs to another user; nothing was read or changed."""

    code = "wrong_owner"
    remedy = "Run the command as the owner of the folder, or give the folder with all it holds back to its owner."


class RootMismatchError(AgentError):
    """The device already trusts the root of another vendor."""

    code = "wrong_vendor"
    remedy = "Use the root file that the device was made with, or a new state folder."


class NotALabError(AgentError):
    """The clock of this device cannot be set: it does not belong to a laboratory."""

    code = "not_a_lab"
    remedy = "Only a device registered with the root of a laboratory has a clock that can be moved."


class AlreadyReservedError(AgentError):
    """Licences are installed by a code already."""

    code = "already_reserved"
    remedy = "Give them back first with `agent reserve return`."


class NotReservedError(AgentError):
    """The device has asked for no reservation, or has none installed."""

    code = "not_reserved"
    remedy = "Ask for one with `agent reserve request`, and install the code that central gives."


class CodeRefusedError(AgentError):
    """The code is not meant for this device or was changed on its way."""

    code = "code_refused"
    remedy = "Install the file that central made for the request code of this very device, as it is."
