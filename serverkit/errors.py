"""Root of the refusals of both servers: each reason is a class with a stable code and a remedy."""

from __future__ import annotations

from typing import ClassVar

from exchange.refusal import Refusal, Remedy, fill

__all__ = ["Refusal", "Remedy", "fill"]


class AppError(Refusal):
    """Something that the caller can understand and act on."""

    code: ClassVar[str] = "error"
    message = "The program cannot do this."
    status: ClassVar[int] = 400


class RefusedError(AppError):
    code = "refused"
    message = "The state does not allow it."
    status = 409


class NotFoundError(AppError):
    code = "not_found"
    message = "There is no such thing, or the caller may not know of it."
    remedy = Remedy("Check the name or id; the list shows what there is.")
    status = 404


class ForbiddenError(AppError):
    code = "forbidden"
    message = "The caller's roles do not allow it."
    remedy = Remedy("Ask an administrator for the role that allows it.")
    status = 403


class InvalidInputError(AppError):
    code = "invalid_input"
    message = "A value is outside what is allowed."
    remedy = Remedy("Correct the value and try again.")
    status = 422


class SettingsError(AppError):
    code = "invalid_setting"
    message = "A setting is unknown or wrong; the program does not start."
    remedy = Remedy("Correct or remove the setting that the message names.", page="settings.md")


class HomeMissingError(AppError):
    code = "home_not_initialised"
    message = "The state folder was not set up."
    remedy = Remedy("Run the `init` command with this --home first.", page="set-up.md")


class HomeExistsError(AppError):
    code = "home_already_initialised"
    message = "The state folder is in use already."
    remedy = Remedy("Choose another --home; an existing one is never overwritten.", page="set-up.md")
    status = 409


class NotALabError(AppError):
    code = "not_a_lab"
    message = "The clock of this home follows the system."
    remedy = Remedy("Only a home made with --lab has a clock that can be moved.", page="set-up.md#a-laboratory")
    status = 409


class LabClockMissingError(AppError):
    code = "lab_clock_missing"
    message = "This home is a laboratory's, and the file with its clock is gone."
    remedy = Remedy(
        "Put lab-clock.json back from a backup; a laboratory never runs on the machine's own clock.",
        page="time.md#in-a-laboratory",
    )
    status = 500


class LabClockForeignError(AppError):
    code = "lab_clock_foreign"
    message = "There is a laboratory's clock in a home that is none."
    remedy = Remedy(
        "Take lab-clock.json out of the home, and find out who put it there: the clock must not be moved here.",
        page="time.md#in-a-laboratory",
    )
    status = 500


class FileUnreadableError(AppError):
    code = "file_unreadable"
    message = "A file cannot be read or written."
    remedy = Remedy("Check the path and its permissions.")


class FileTooLargeError(FileUnreadableError):
    code = "file_too_large"
    message = "A file is larger than any of its kind may be."
    remedy = Remedy("Check that it is the file that was meant; divide a large one into several.")


class UploadTooLargeError(AppError):
    code = "too_large"
    message = "More was sent than is allowed."
    remedy = Remedy("Send less at a time.")
    status = 413


class BodyIncompleteError(AppError):
    code = "body_incomplete"
    message = "The connection broke, or fell silent, before the whole request had come; nothing was done."
    remedy = Remedy("Send the request again.")
    status = 400


class RequestTimeoutError(AppError):
    code = "request_timeout"
    message = "The request did not come in time; nothing was done."
    remedy = Remedy("Send it again, over a faster line or in smaller parts.")
    status = 408


class TooManyUploadsError(AppError):
    code = "too_many_uploads"
    message = "Too many requests of this address are still being sent."
    remedy = Remedy("Wait until the others are done.")
    status = 429


class RequestMalformedError(AppError):
    code = "request_malformed"
    message = "The request is not well-formed HTTP."
    remedy = Remedy("Correct the client.")
    status = 400


class KeyUnreadableError(AppError):
    code = "key_unreadable"
    message = "A key file of this home is damaged."
    remedy = Remedy(
        "Restore the key file that is named from the backup of this home.", page="backup-and-restore.md#restore"
    )
    status = 500


class DatabaseMissingError(AppError):
    code = "database_missing"
    message = "The home has keys, but not its database."
    remedy = Remedy(
        "Check that --home is a home of this program; restore the database from its backup.",
        page="backup-and-restore.md#restore",
    )
    status = 500


class DatabaseForeignError(AppError):
    code = "database_of_another_home"
    message = "The database belongs to another home."
    remedy = Remedy(
        "Give this home a database of its own in database.url; nothing was changed in the one that is named.",
        page="settings.md",
    )
    status = 409


class DatabaseUnavailableError(AppError):
    code = "database_unavailable"
    message = "The database does not answer."
    remedy = Remedy("Check that the database runs and database.url is right.", page="troubleshooting.md#the-server")
    status = 503


class DatabaseBusyError(AppError):
    code = "busy"
    message = "The database did not come free in time."
    remedy = Remedy("Wait and try again.", page="troubleshooting.md#the-server")
    status = 503


class DiskFullError(AppError):
    code = "disk_full"
    message = "The disk has no room left."
    remedy = Remedy(
        "Free space; nothing was changed, and what waits goes on by itself.", page="troubleshooting.md#the-server"
    )
    status = 503


class DiskUnwritableError(AppError):
    code = "disk_read_only"
    message = "The state folder cannot be written."
    remedy = Remedy(
        "Mount it writable, or correct owner and permissions of the state folder.", page="troubleshooting.md#the-server"
    )
    status = 503


class StorageFailedError(AppError):
    code = "storage_failed"
    message = "The disk did not confirm a write."
    remedy = Remedy(
        "Look at the disk and the system's log; start again once it is sound. What was acknowledged is kept.",
        page="troubleshooting.md#the-server",
    )
    status = 503


class DatabaseDamagedError(AppError):
    code = "database_damaged"
    message = "The database's file is damaged."
    remedy = Remedy(
        "Stop the server, keep the file for those who look into it, and restore the newest backup.",
        page="backup-and-restore.md#restore",
    )
    status = 503


class WrongOwnerError(AppError):
    code = "wrong_owner"
    message = "A part of the state folder belongs to another user."
    remedy = Remedy(
        "Run the server as the owner of its state folder, or change the owner of the folder with all it holds.",
        page="troubleshooting.md#the-server",
    )
    status = 500


class KeyFileMissingError(AppError):
    code = "key_missing"
    message = "A key file of this home is missing."
    remedy = Remedy(
        "Restore the folder `keys` from a backup; without it neither devices nor files can be answered.",
        page="backup-and-restore.md#restore",
    )
    status = 500


class ServerRunningError(RefusedError):
    code = "server_running"
    message = "A server runs on this home."
    remedy = Remedy("Stop the server of this home first.", page="troubleshooting.md#the-server")


class DatabaseGuardError(AppError):
    code = "database_guard"
    message = "The database refused a change that would break one of its rules."
    remedy = Remedy(
        "Nothing was changed. Try again; if it happens again, report the guard's name together with the server's log.",
        page="troubleshooting.md#the-server",
    )
    status = 409
