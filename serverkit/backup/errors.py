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


COPIES = "backup-and-restore.md#copies-off-the-machine"


class NoTargetError(RefusedError):
    code = "backup_target_not_set"
    message = "No target for copies of backups is set."
    remedy = Remedy("Set one: `backup target set`, or the page *Backup*.", page=COPIES)


class TargetMissingError(RefusedError):
    code = "backup_target_missing"
    message = "The folder for copies of backups does not exist."
    remedy = Remedy("Mount the share, or make the folder, then try again: `backup target test`.", page=COPIES)


class TargetNotMountedError(RefusedError):
    code = "backup_target_not_mounted"
    message = "The folder for copies of backups is on the same disk as the server."
    remedy = Remedy("Mount the share, then try again: `backup target test`.", page=COPIES)


class TargetDeniedError(RefusedError):
    code = "backup_target_denied"
    message = "The target for copies of backups does not let this server write there."
    remedy = Remedy("Let the server's user write into the folder, then try again: `backup target test`.", page=COPIES)


class TargetFullError(RefusedError):
    code = "backup_target_full"
    message = "The target for copies of backups has no room for the backup."
    remedy = Remedy("Make room there, or keep fewer copies: `backup target set --keep`.", page=COPIES)


class TargetUnreachableError(RefusedError):
    code = "backup_target_unreachable"
    message = "The target for copies of backups cannot be reached."
    remedy = Remedy("Check address, port and network, then try again: `backup target test`.", page=COPIES)


class TargetTimeoutError(RefusedError):
    code = "backup_target_timeout"
    message = "The target for copies of backups did not answer in time."
    remedy = Remedy("Check the network and the other machine, then try again: `backup target test`.", page=COPIES)


class HostKeyChangedError(RefusedError):
    code = "backup_host_key_changed"
    message = "The other machine showed a host key that is not the one that was set."
    remedy = Remedy(
        "Compare the host key with its administrator. Only if it was replaced there, set the new one: `backup target set`.",
        page=COPIES,
    )


class KeyRefusedError(RefusedError):
    code = "backup_key_refused"
    message = "The other machine did not accept the key of this server."
    remedy = Remedy(
        "Add the public key that `backup target show` prints to the authorized keys of the user there.", page=COPIES
    )


class CopyDiffersError(RefusedError):
    code = "backup_copy_differs"
    message = "What was read back from the target is not the backup that was sent."
    remedy = Remedy("Check the disk of the other machine, then copy again: `backup copy`.", page=COPIES)


class TargetFailedError(RefusedError):
    code = "backup_target_failed"
    message = "The copy to the target failed."
    remedy = Remedy("Remove the cause that the message names, then try again: `backup target test`.", page=COPIES)


class SftpMissingError(AppError):
    code = "sftp_missing"
    message = "The program `sftp` is not installed."
    remedy = Remedy("Install the package `openssh-client`.", page=COPIES)
