"""Root of the refusals of both servers: each reason is a class with a stable code and a remedy."""

from __future__ import annotations

from typing import ClassVar

from exchange.refusal import Filled, Refusal, Remedy, fill

__all__ = ["Filled", "Refusal", "Remedy", "fill"]


class AppError(Refusal):
    """Something that the caller can understand and act on."""

    code: ClassVar[str] = "error"
    message = "The program cannot do this."
    status: ClassVar[int] = 400


class RefusedError(AppError):
    code = "refused"
    message = "The present state does not allow this."
    status = 409


class NotFoundError(AppError):
    code = "not_found"
    message = "It does not exist, or the caller may not see it."
    remedy = Remedy("Check the name or id against the list.")
    status = 404


class ForbiddenError(AppError):
    code = "forbidden"
    message = "The caller's roles do not allow it."
    remedy = Remedy("Ask an administrator for the role that allows it.")
    status = 403


class InvalidInputError(AppError):
    code = "invalid_input"
    message = "A value is not allowed."
    remedy = Remedy("Correct the value and try again.")
    status = 422


class SettingsError(AppError):
    code = "invalid_setting"
    message = "A setting is unknown or wrong; the program does not start."
    remedy = Remedy("Correct or remove the setting that the message names.", page="settings.md")


class HomeMissingError(AppError):
    code = "home_not_initialised"
    message = "The state folder is not initialized."
    remedy = Remedy("Run the `init` command for this --home first.", page="set-up.md")


class HomeExistsError(AppError):
    code = "home_already_initialised"
    message = "The state folder already belongs to an installation."
    remedy = Remedy("Choose another --home; an existing one is never overwritten.", page="set-up.md")
    status = 409


class NotALabError(AppError):
    code = "not_a_lab"
    message = "The clock of this home follows the system clock."
    remedy = Remedy("Only a home created with --lab has a clock that can be moved.", page="set-up.md#a-laboratory")
    status = 409


class LabClockMissingError(AppError):
    code = "lab_clock_missing"
    message = "The clock file of this laboratory is missing."
    remedy = Remedy(
        "Restore lab-clock.json from a backup; a laboratory never runs on the machine's own clock.",
        page="time.md#in-a-laboratory",
    )
    status = 500


class LabClockForeignError(AppError):
    code = "lab_clock_foreign"
    message = "A home that is not a laboratory holds a laboratory clock."
    remedy = Remedy(
        "Remove lab-clock.json from the home, and find out who put it there: this clock must not be moved.",
        page="time.md#in-a-laboratory",
    )
    status = 500


class TerminalNeededError(AppError):
    code = "terminal_needed"
    message = "This command is for a person at a terminal."
    remedy = Remedy(
        "Run it on a console or over ssh, without --json and --no-input; each entry of its menu is a command of its own.",
        page="installation.md#the-menu-for-a-person-at-the-machine",
    )


class FileUnreadableError(AppError):
    code = "file_unreadable"
    message = "A file cannot be read or written."
    remedy = Remedy("Check the path and its permissions.")


class FileTooLargeError(FileUnreadableError):
    code = "file_too_large"
    message = "The file is larger than the limit for its kind."
    remedy = Remedy("Check that it is the right file; split a large one.")


class UploadTooLargeError(AppError):
    code = "too_large"
    message = "The request is larger than allowed."
    remedy = Remedy("Send smaller parts.")
    status = 413


class BodyIncompleteError(AppError):
    code = "body_incomplete"
    message = "The connection ended before the whole request arrived; nothing was done."
    remedy = Remedy("Send the request again.")
    status = 400


class RequestTimeoutError(AppError):
    code = "request_timeout"
    message = "The request timed out; nothing was done."
    remedy = Remedy("Send it again, over a faster connection or in smaller parts.")
    status = 408


class TooManyUploadsError(AppError):
    code = "too_many_uploads"
    message = "Too many uploads from this address are in progress."
    remedy = Remedy("Wait until the others have finished.")
    status = 429


class RequestMalformedError(AppError):
    code = "request_malformed"
    message = "The request is not well-formed HTTP."
    remedy = Remedy("Correct the client program.")
    status = 400


class KeyUnreadableError(AppError):
    code = "key_unreadable"
    message = "A key file of this home is damaged."
    remedy = Remedy("Restore the named key file from a backup of this home.", page="backup-and-restore.md#restore")
    status = 500


class DatabaseMissingError(AppError):
    code = "database_missing"
    message = "The home has keys but no database."
    remedy = Remedy(
        "Check that --home names a home of this program; restore the database from a backup.",
        page="backup-and-restore.md#restore",
    )
    status = 500


class DatabaseForeignError(AppError):
    code = "database_of_another_home"
    message = "The database belongs to another home."
    remedy = Remedy(
        "Set database.url to a database of this home; the other database was not changed.",
        page="settings.md",
    )
    status = 409


class DatabaseUnavailableError(AppError):
    code = "database_unavailable"
    message = "The database is not available."
    remedy = Remedy(
        "Check that the database runs and that database.url is correct.", page="troubleshooting.md#the-server"
    )
    status = 503


class CommitInDoubtError(AppError):
    code = "commit_in_doubt"
    message = "The database went away while a change was kept; whether it was kept is not known."
    remedy = Remedy("Look whether the change is there before you repeat it.", page="cluster.md#failures")
    status = 503


class DatabaseBusyError(AppError):
    code = "busy"
    message = "The database was busy for too long."
    remedy = Remedy("Wait and try again.", page="troubleshooting.md#the-server")
    status = 503


class DiskFullError(AppError):
    code = "disk_full"
    message = "The disk is full."
    remedy = Remedy(
        "Free space; nothing was changed, and work continues automatically.", page="troubleshooting.md#the-server"
    )
    status = 503


class DiskUnwritableError(AppError):
    code = "disk_read_only"
    message = "The state folder is not writable."
    remedy = Remedy(
        "Mount it writable, or correct owner and permissions of the state folder.", page="troubleshooting.md#the-server"
    )
    status = 503


class StorageFailedError(AppError):
    code = "storage_failed"
    message = "The disk did not confirm a write."
    remedy = Remedy(
        "Check the disk and the system log, and start again when the disk works. Acknowledged data is kept.",
        page="troubleshooting.md#the-server",
    )
    status = 503


class DatabaseDamagedError(AppError):
    code = "database_damaged"
    message = "The database file is damaged."
    remedy = Remedy(
        "Stop the server, keep the file for the investigation, and restore the newest backup.",
        page="backup-and-restore.md#restore",
    )
    status = 503


class WrongOwnerError(AppError):
    code = "wrong_owner"
    message = "A part of the state folder belongs to another user."
    remedy = Remedy(
        "Run the server as the owner of its state folder, or change the owner of the folder and its contents.",
        page="troubleshooting.md#the-server",
    )
    status = 500


class KeyFileMissingError(AppError):
    code = "key_missing"
    message = "A key file of this home is missing."
    remedy = Remedy(
        "Restore the folder `keys` from a backup; without it the server cannot answer devices or files.",
        page="backup-and-restore.md#restore",
    )
    status = 500


class ServerRunningError(RefusedError):
    code = "server_running"
    message = "A server runs on this home."
    remedy = Remedy("Stop the server of this home first.", page="troubleshooting.md#the-server")


class SchedulerRunningError(RefusedError):
    code = "scheduler_running"
    message = "A process runs the jobs of this home already."
    remedy = Remedy(
        "Stop it first, such as with `systemctl stop perigee-satellite-jobs`; beside it a server starts with --no-jobs.",
        page="troubleshooting.md#the-server",
    )


class DatabaseGuardError(AppError):
    code = "database_guard"
    message = "The database refused a change that would break one of its rules."
    remedy = Remedy(
        "Nothing was changed. Try again; if it happens again, report the guard's name together with the server's log.",
        page="troubleshooting.md#the-server",
    )
    status = 409
