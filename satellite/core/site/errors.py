"""Refusals about the satellite's own state."""

from __future__ import annotations

from serverkit.errors import AppError, InvalidInputError, NotFoundError, RefusedError, Remedy


class NotAuthorizedError(RefusedError):
    code = "not_authorized"
    message = "Central has not authorized this satellite yet."
    remedy = Remedy(
        "Transport the registration file to central and import the authorization file.", page="set-up.md#satellite"
    )


class RestoredError(RefusedError):
    code = "resync_required"
    message = "This satellite was restored from an older copy."
    remedy = Remedy(
        "Make a registration file, have central resynchronize this satellite, and import the authorization file.",
        page="synchronization.md#resynchronization",
    )


class UnknownPrivacyFieldError(InvalidInputError):
    code = "invalid_privacy"
    message = "The privacy field or the choice is unknown."
    remedy = Remedy(
        "Fields: hostname, ip_address, mac_address, notes; choices: send, pseudonym, drop.",
        page="synchronization.md#what-leaves-the-site",
    )


class UnknownModeError(InvalidInputError):
    code = "invalid_mode"
    message = "The mode of synchronization is unknown."
    remedy = Remedy("Use --mode manual or --mode network.", page="network.md#set-up")


class ModeNotChosenError(RefusedError):
    code = "mode_not_chosen"
    message = "It is not chosen yet how to synchronize."
    remedy = Remedy(
        "Choose it in the step *Synchronization*, or with `satellite setup mode`.", page="set-up.md#satellite"
    )


class AddressNeededError(RefusedError):
    code = "not_configured"
    message = "Network synchronization needs the address of central."
    remedy = Remedy(
        "Set it in the settings of synchronization, or with `satellite sync settings --url https://…`.",
        page="network.md#set-up",
    )


class InvalidNetworkSettingError(InvalidInputError):
    code = "invalid_sync_setting"
    message = "A setting of network synchronization is not valid."
    remedy = Remedy("Correct the value that the message names.", page="network.md#set-up")


class SetupRequiredError(AppError):
    code = "setup_required"
    message = "The set-up of this satellite is not finished."
    remedy = Remedy("Finish the set-up in the browser, or with `satellite setup finish`.", page="users.md")
    status = 503


class MachineUnfitError(RefusedError):
    code = "machine_unfit"
    message = "This machine is not ready for the set-up yet."
    remedy = Remedy("Run `satellite setup check`, correct what it reports, and try again.", page="set-up.md")


class NoRegistrationError(RefusedError):
    code = "no_registration"
    message = "No registration file was made yet."
    remedy = Remedy(
        "Make one on the page *Register this satellite*, or with `satellite registration export --output FILE`.",
        page="set-up.md",
    )


class NoRequestError(NotFoundError):
    code = "no_request"
    message = "This request was not made here, or is no longer kept because a later one was answered."
    remedy = Remedy(
        "Make a new one on the page *Synchronization*, or with `satellite sync export --output FILE`.",
        page="synchronization.md",
    )


class SetupFinishedError(RefusedError):
    code = "setup_finished"
    message = "This satellite is in use: a backup can be restored on the machine's console only."
    remedy = Remedy("Stop the server and run `satellite restore FILE --replace`.", page="backup-and-restore.md#restore")


class RestoreNotPermittedError(AppError):
    code = "restore_not_permitted"
    message = "The set-up code is needed before a backup is sent."
    remedy = Remedy(
        "Enter the set-up code; then choose the backup within half an hour.", page="backup-and-restore.md#restore"
    )
    status = 401


class NotCheckedError(RefusedError):
    code = "not_checked"
    message = "This file is not the one that was checked last."
    remedy = Remedy("Look at the file that is shown now, or check your file again.", page="synchronization.md")


class OtherFileCheckedError(RefusedError):
    code = "other_file_checked"
    message = "Another file was checked here."
    remedy = Remedy(
        "Look at the file that is shown: apply it, or choose another file, then check yours.", page="synchronization.md"
    )


class UnknownRowsError(NotFoundError):
    code = "unknown_rows"
    message = "The next request holds no such rows."
    remedy = Remedy("Review its content; it may have changed.", page="synchronization.md")
