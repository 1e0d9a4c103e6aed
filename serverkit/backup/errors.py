"""Refusals of backup and restore; each comes before anything is overwritten."""

from __future__ import annotations

from serverkit.errors import AppError, RefusedError


class NotABackupError(AppError):
    """The file is no backup of this product."""

    code = "not_a_backup"
    remedy = "Take a file that `backup create` wrote."


class BackupDamagedError(AppError):
    """The backup was changed or cut."""

    code = "backup_damaged"
    remedy = "Take another copy of the backup, or an older backup."


class BackupLockedError(AppError):
    """The passphrase does not fit, or the beginning of the backup was changed."""

    code = "backup_locked"
    remedy = "Give the passphrase that belongs to this backup."


class BackupTooNewError(AppError):
    """The backup was made by a newer program."""

    code = "backup_too_new"
    remedy = "Install the version of the program that made the backup, or a newer one."


class OtherProductError(AppError):
    """The backup belongs to the other server."""

    code = "backup_of_other_product"
    remedy = "Use `central restore` for a backup of central and `satellite restore` for one of a satellite."


class PassphraseNeededError(RefusedError):
    """A backup is opened with a passphrase."""

    code = "passphrase_needed"
    remedy = "Give the file that holds it with --passphrase-file."


class PassphraseShortError(AppError):
    """The passphrase is too short."""

    code = "passphrase_too_short"
    remedy = (
        "A passphrase for backups has at least 12 characters; `backup create` makes one where the option is left out."
    )
