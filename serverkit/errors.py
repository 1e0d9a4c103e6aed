"""Root of the refusals of both servers: each reason is a class with a stable code and a remedy."""

from __future__ import annotations

from typing import ClassVar


class AppError(Exception):
    """Something that the caller can understand and act on."""

    code: ClassVar[str] = "error"
    remedy: str = "Read the message and try again."
    status: ClassVar[int] = 400

    def __init__(self, message: str = "", *, remedy: str | None = None, **details: object) -> None:
        """`message` is a sentence; without one the class's own first line serves."""
        text = message or (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]
        super().__init__(text)
        self.message = text
        self.details = details
        if remedy is not None:
            self.remedy = remedy


class RefusedError(AppError):
    """The state does not allow it."""

    code = "refused"
    status = 409


class NotFoundError(AppError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    remedy = "Check the name or id; the list shows what there is."
    status = 404


class ForbiddenError(AppError):
    """The caller's roles do not allow it."""

    code = "forbidden"
    remedy = "Ask an administrator for the role that allows it."
    status = 403


class InvalidInputError(AppError):
    """A value is outside what is allowed."""

    code = "invalid_input"
    remedy = "Correct the value and try again."
    status = 422


class SettingsError(AppError):
    """A setting is unknown or wrong; the program does not start."""

    code = "invalid_setting"
    remedy = "Correct or remove the setting that the message names."


class HomeMissingError(AppError):
    """The state folder was not set up."""

    code = "home_not_initialised"
    remedy = "Run the `init` command with this --home first."


class HomeExistsError(AppError):
    """The state folder is in use already."""

    code = "home_already_initialised"
    remedy = "Choose another --home; an existing one is never overwritten."
    status = 409


class NotALabError(AppError):
    """The clock of this home follows the system."""

    code = "not_a_lab"
    remedy = "Only a home made with --lab has a clock that can be moved."
    status = 409


class LabClockMissingError(AppError):
    """This home is a laboratory's, and the file with its clock is gone."""

    code = "lab_clock_missing"
    remedy = "Put lab-clock.json back from a backup; a laboratory never runs on the machine's own clock."
    status = 500


class LabClockForeignError(AppError):
    """There is a laboratory's clock in a home that is none."""

    code = "lab_clock_foreign"
    remedy = "Take lab-clock.json out of the home, and find out who put it there: the clock must not be moved here."
    status = 500


class FileUnreadableError(AppError):
    """A file cannot be read or written."""

    code = "file_unreadable"
    remedy = "Check the path and its permissions."


class FileTooLargeError(FileUnreadableError):
    """A file is larger than any of its kind may be."""

    code = "file_too_large"
    remedy = "Check that it is the file that was meant; divide a large one into several."


class UploadTooLargeError(AppError):
    """More was sent than is allowed."""

    code = "too_large"
    remedy = "Send less at a time."
    status = 413


class BodyIncompleteError(AppError):
    """The connection broke, or fell silent, before the whole request had come; nothing was done."""

    code = "body_incomplete"
    remedy = "Send the request again."
    status = 400


class RequestTimeoutError(AppError):
    """The request did not come in time; nothing was done."""

    code = "request_timeout"
    remedy = "Send it again, over a faster line or in smaller parts."
    status = 408


class TooManyUploadsError(AppError):
    """Too many requests of this address are still being sent."""

    code = "too_many_uploads"
    remedy = "Wait until the others are done."
    status = 429


class RequestMalformedError(AppError):
    """The request is not well-formed HTTP."""

    code = "request_malformed"
    remedy = "Correct the client."
    status = 400


class KeyUnreadableError(AppError):
    """A key file of this home is damaged."""

    code = "key_unreadable"
    remedy = "Restore the key file that is named from the backup of this home."
    status = 500


class DatabaseMissingError(AppError):
    """The home has keys, but not its database."""

    code = "database_missing"
    remedy = "Check that --home is a home of this program; restore the database from its backup."
    status = 500


class DatabaseForeignError(AppError):
    """The database belongs to another home."""

    code = "database_of_another_home"
    remedy = "Give this home a database of its own in database.url; nothing was changed in the one that is named."
    status = 409


class DatabaseUnavailableError(AppError):
    """The database does not answer."""

    code = "database_unavailable"
    remedy = "Check that the database runs and database.url is right."
    status = 503


class DatabaseBusyError(AppError):
    """The database did not come free in time."""

    code = "busy"
    remedy = "Wait and try again."
    status = 503


class DiskFullError(AppError):
    """The disk has no room left."""

    code = "disk_full"
    remedy = "Free space; nothing was changed, and what waits goes on by itself."
    status = 503


class DiskUnwritableError(AppError):
    """The state folder cannot be written."""

    code = "disk_read_only"
    remedy = "Mount it writable, or correct owner and permissions of the state folder."
    status = 503


class StorageFailedError(AppError):
    """The disk did not confirm a write."""

    code = "storage_failed"
    remedy = "Look at the disk and the system's log; start again once it is sound. What was acknowledged is kept."
    status = 503


class DatabaseDamagedError(AppError):
    """The database's file is damaged."""

    code = "database_damaged"
    remedy = "Stop the server, keep the file for those who look into it, and restore the newest backup."
    status = 503


class WrongOwnerError(AppError):
    """A part of the state folder belongs to another user."""

    code = "wrong_owner"
    remedy = "Run the server as the owner of its state folder, or change the owner of the folder with all it holds."
    status = 500


class KeyFileMissingError(AppError):
    """A key file of this home is missing."""

    code = "key_missing"
    remedy = "Restore the folder `keys` from a backup; without it neither devices nor files can be answered."
    status = 500


class ServerRunningError(RefusedError):
    """A server runs on this home."""

    code = "server_running"
    remedy = "Stop the server of this home first."


class DatabaseGuardError(AppError):
    """The database refused a change that would break one of its rules."""

    code = "database_guard"
    remedy = (
        "Nothing was changed. Try again; if it happens again, report the guard's name together with the server's log."
    )
    status = 409
