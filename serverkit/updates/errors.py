"""Why an update file is not installed."""

from __future__ import annotations

from serverkit.errors import AppError, RefusedError, Remedy

PAGE = "updates.md"


class UpdateUnreadableError(AppError):
    code = "update_unreadable"
    message = "The file is not an update file, or it is cut off."
    remedy = Remedy("Copy the update file again, and compare its size and digest with the vendor's.", page=PAGE)
    status = 422


class UpdateKeyMissingError(RefusedError):
    code = "update_key_missing"
    message = "This machine knows no release key of the vendor, so no update file can be believed."
    remedy = Remedy("Have root put the vendor's public key at /etc/perigee/release.pem, after comparing it.", page=PAGE)


class UpdateNotTrustedError(AppError):
    code = "update_not_trusted"
    message = (
        "The signature of the update file is not one of the vendor's release key: it was altered, or is another's."
    )
    remedy = Remedy("Fetch the update file again from the vendor; install nothing from this one.", page=PAGE)
    status = 422


class UpdateAlteredError(AppError):
    code = "update_altered"
    message = "A file inside the update was altered, is missing, or was added."
    remedy = Remedy("Fetch the update file again from the vendor; install nothing from this one.", page=PAGE)
    status = 422


class UpdateOtherSystemError(RefusedError):
    code = "update_other_system"
    message = "The update is for another Debian or another architecture."
    remedy = Remedy("Fetch the update file whose name has this machine's Debian and architecture.", page=PAGE)


class UpdateNotNewerError(RefusedError):
    code = "update_not_newer"
    message = "The update is not newer than the program that runs."
    remedy = Remedy(
        "Fetch a newer update file. A version never goes back: an older program cannot read a newer database.",
        page=PAGE,
    )


class UpdateHelperMissingError(RefusedError):
    code = "update_helper_missing"
    message = "The helper that installs packages does not answer on this machine."
    remedy = Remedy(
        "Start it with `systemctl start perigee-update.socket`. Where the program was not installed from packages, unpack the update file and run its install.sh.",
        page=PAGE,
    )


class UpdateRefusedError(RefusedError):
    code = "update_refused"
    message = "The helper that installs packages does not take this order."
    remedy = Remedy("Read its journal: `journalctl -u perigee-update`.", page=PAGE)


class UpdateFailedError(AppError):
    code = "update_failed"
    message = "The update was not installed; the previous packages run again."
    remedy = Remedy("Read its journal: `journalctl -u perigee-update`, and send it to the vendor.", page=PAGE)
    status = 500


class UpdateDatabaseElsewhereError(RefusedError):
    code = "update_database_elsewhere"
    message = "The database is on a server of its own, so the helper cannot take it back if the update fails."
    remedy = Remedy(
        "Back the database up with its own tools, unpack the update file, and run its install.sh.", page=PAGE
    )


class UpdateHomeError(RefusedError):
    code = "update_home_broken"
    message = "The home of the server is not sound, so nothing is installed over it."
    remedy = Remedy("Run the `doctor` command and follow it first.", page=PAGE)


REFUSALS = {
    one.code: one
    for one in (
        UpdateUnreadableError,
        UpdateKeyMissingError,
        UpdateNotTrustedError,
        UpdateAlteredError,
        UpdateOtherSystemError,
        UpdateNotNewerError,
        UpdateRefusedError,
        UpdateFailedError,
        UpdateDatabaseElsewhereError,
        UpdateHomeError,
    )
}
"""What the helper may answer, by code."""
