"""Refusals of backup and restore; each comes before anything is overwritten."""

from __future__ import annotations

from serverkit.errors import AppError, NotFoundError, RefusedError, Remedy

LEAST = 12
"""Characters of a passphrase."""


class NotABackupError(AppError):
    code = "not_a_backup"
    message = "The file is not a backup of this product."
    remedy = Remedy("Use a file that `backup create` wrote.", page="backup-and-restore.md")


class BackupDamagedError(AppError):
    code = "backup_damaged"
    message = "The backup was altered or truncated."
    remedy = Remedy("Use another copy of the backup, or an older backup.", page="backup-and-restore.md")


class BackupLockedError(AppError):
    code = "backup_locked"
    message = "The passphrase is wrong, or the beginning of the backup was altered."
    remedy = Remedy("Use the passphrase of this backup.", page="backup-and-restore.md")


class BackupTooNewError(AppError):
    code = "backup_too_new"
    message = "The backup was made by a newer program."
    remedy = Remedy(
        "Install the version of the program that made the backup, or a newer one.", page="backup-and-restore.md"
    )


class OtherProductError(AppError):
    code = "backup_of_other_product"
    message = "The backup belongs to the other server."
    remedy = Remedy(
        "Use `central restore` for a backup of central and `satellite restore` for one of a satellite.",
        page="backup-and-restore.md",
    )


class PassphraseNeededError(RefusedError):
    code = "passphrase_needed"
    message = "The backup needs a passphrase."
    remedy = Remedy("Give the file that holds it with --passphrase-file.", page="backup-and-restore.md")


class PassphraseShortError(AppError):
    code = "passphrase_too_short"
    message = "The passphrase is too short."
    remedy = Remedy(
        "Use at least 12 characters, or leave the option out: `backup create` then generates a passphrase.",
        page="backup-and-restore.md",
    )


class UnknownBackupError(NotFoundError):
    code = "unknown_backup"
    message = "There is no such backup."
    remedy = Remedy("Take a backup of the list.", page="backup-and-restore.md")


class NoPassphraseError(RefusedError):
    code = "backup_passphrase_not_set"
    message = "No passphrase for backups is set."
    remedy = Remedy("Set one on the page Backup, and keep it outside this machine.", page="backup-and-restore.md")
