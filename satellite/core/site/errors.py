"""Refusals about the satellite's own state."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, RefusedError


class NotAuthorizedError(RefusedError):
    """Central has not authorized this satellite yet."""

    code = "not_authorized"
    remedy = "Transport the registration file to central and import the authorization file."


class RestoredError(RefusedError):
    """This satellite was restored from an older copy of itself."""

    code = "resync_required"
    remedy = "Make a registration file, have central resynchronize this satellite, and import the authorization file."


class UnknownPrivacyFieldError(InvalidInputError):
    """There is no such privacy field, or no such choice for it."""

    code = "invalid_privacy"
    remedy = "Fields: hostname, ip_address, mac_address, notes; choices: send, pseudonym, drop."


class UnknownModeError(InvalidInputError):
    """The mode of synchronization is unknown."""

    code = "invalid_mode"
    remedy = "Use --mode manual or --mode network."


class AddressNeededError(RefusedError):
    """Network synchronization needs the address of central."""

    code = "not_configured"
    remedy = "Set it with `satellite sync settings --url https://…`."


class InvalidNetworkSettingError(InvalidInputError):
    """A setting of network synchronization is not valid."""

    code = "invalid_sync_setting"
    remedy = "Correct the value that the message names."
