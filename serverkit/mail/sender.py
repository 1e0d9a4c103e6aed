"""Handing one mail over to a server by SMTP; the server's certificate is checked unless mail is sent in the clear."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from serverkit.errors import AppError, InvalidInputError, Remedy, SettingsError
from serverkit.files import read_bounded
from serverkit.ids import new_id
from serverkit.mail.settings import MailSettings, plain_address
from serverkit.names import check_text
from serverkit.outward import cause_of, client_context

PASSWORD_BYTES = 1024


class MailFailedError(AppError):
    """The refusal `mail_failed`."""

    code = "mail_failed"
    message = "The mail could not be sent."
    remedy = Remedy("Read the cause, correct the settings of mail, and test them again.", page="mail-and-log-server.md")
    status = 502


class MailOffError(AppError):
    """The refusal `mail_off`."""

    code = "mail_off"
    message = "No mail server is configured."
    remedy = Remedy("Set `mail.host` and the other mail settings.", page="settings.md")
    status = 409


def check_address(text: str) -> str:
    """A mail address as it will be in a header; InvalidInputError for what is none."""
    try:
        check_text("mail address", text)
    except AppError as error:
        raise InvalidInputError("{text!r} is not a mail address: {why}", text=text[:80], why=error.message) from error
    try:
        return plain_address(text)
    except ValueError as error:
        raise InvalidInputError("{text!r} is not a mail address", text=text[:80]) from error


def compose(settings: MailSettings, mail_id: str, at: datetime, to: str, subject: str, text: str) -> EmailMessage:
    """The mail; its id never changes, so that anyone who gets it twice can tell."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.sender, check_address(to), subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{settings.sender.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


@dataclass(frozen=True, slots=True)
class Given:
    """What the settings name a file for, where it is kept in another way: password, and authorities in PEM."""

    password: str = field(default="", repr=False)
    authorities: str = ""


def send(settings: MailSettings, message: EmailMessage, given: Given | None = None) -> None:
    """Hand it over; MailFailedError names the stage and what the server said."""
    if settings.host is None:
        raise MailOffError("no mail server is set")
    stage = "connection"
    try:
        with _connect(settings, settings.host, given) as server:
            if settings.security == "starttls":
                stage = "encryption"
                server.starttls(context=_context(settings, given))
            if settings.user is not None:
                stage = "sign-in"
                server.login(settings.user, given.password if given is not None else _password(settings))
            stage = "hand-over"
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise MailFailedError(
            "{stage}: the server said {status} {said}", stage=stage, status=error.smtp_code, said=said[:400]
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise MailFailedError("{stage}: the server refused the recipient", stage=stage) from error
    except smtplib.SMTPException as error:
        raise MailFailedError(
            "{stage}: {kind}: {error}", stage=stage, kind=type(error).__name__, error=str(error)[:400]
        ) from error
    except UnicodeError as error:
        raise MailFailedError(
            "{stage}: user name and password may contain ASCII characters only",
            remedy="Set a user name and a password of ASCII characters on the mail server, and enter them here.",
            stage=stage,
        ) from error
    except OSError as error:
        cause = cause_of(error, settings.host, settings.port, settings.timeout_seconds)
        raise MailFailedError("{stage}: {cause}", stage=stage, cause=cause) from error


def send_test(settings: MailSettings, to: str, at: datetime, given: Given | None = None) -> None:
    """Send a mail that says only that mail arrives."""
    send(settings, compose(settings, new_id(), at, to, "Test of the mail settings", "Mail reaches you.\n"), given)


def _connect(settings: MailSettings, host: str, given: Given | None) -> smtplib.SMTP:
    if settings.security == "tls":
        context = _context(settings, given)
        return smtplib.SMTP_SSL(host, settings.port, timeout=settings.timeout_seconds, context=context)
    return smtplib.SMTP(host, settings.port, timeout=settings.timeout_seconds)


def _context(settings: MailSettings, given: Given | None) -> ssl.SSLContext:
    if given is not None:
        return client_context(given.authorities)
    return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)


def _password(settings: MailSettings) -> str:
    if settings.password_file is None:
        raise SettingsError("mail.user is set, mail.password_file is not")
    return read_bounded(settings.password_file, PASSWORD_BYTES).decode("utf-8").strip()
