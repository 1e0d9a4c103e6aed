"""Refusals of the pages themselves: before a use case is asked."""

from __future__ import annotations

from collections.abc import Mapping

from serverkit.errors import AppError, ForbiddenError, InvalidInputError, RefusedError, Remedy
from serverkit.web.texts import Words


class ForeignOriginError(ForbiddenError):
    code = "foreign_origin"
    message = "The request comes from another site. Nothing was changed."
    remedy = Remedy("Open this page at its own address and try again.")


class FormExpiredError(ForbiddenError):
    code = "form_expired"
    message = "The form belongs to a session that has ended, or to another page. Nothing was changed."
    remedy = Remedy("Send the form again where it is shown here, or open its page again.")


class SessionOverError(AppError):
    code = "session_over"
    message = "The session has ended. Nothing was changed."
    remedy = Remedy("Sign in again, then send the form once more.")
    status = 401


class InvalidFormError(InvalidInputError):
    code = "invalid_form"
    message = "Some fields need another value. Nothing was changed."
    remedy = Remedy("Correct the fields that are marked.")

    def __init__(self, reasons: Mapping[str, Words]) -> None:
        """`reasons` by name of the field."""
        super().__init__()
        self.reasons = dict(reasons)


class NoFileError(InvalidInputError):
    code = "no_file"
    message = "No file was sent."
    remedy = Remedy("Choose the file that is asked for.")


class SelectionChangedError(RefusedError):
    code = "selection_changed"
    message = "Other rows match now than those that were shown. Nothing was changed."
    remedy = Remedy("Look at the list again, and select once more.")


class TooManyViewsError(RefusedError):
    code = "too_many_views"
    message = "{most} views of this list are saved already. Nothing was changed."
    remedy = Remedy("Remove one, or save under the name of one that it replaces.")


class TooManyRowsError(RefusedError):
    code = "too_many_rows"
    message = "{rows} rows match; a sheet of a workbook takes {most}."
    remedy = Remedy("Take the CSV file, which takes any number, or filter the list first.")


class StaleFormError(RefusedError):
    code = "stale_form"
    message = "Someone else changed this after you opened it. Nothing was changed."
    remedy = Remedy("Compare the values. Send the form again to keep yours, or take the present ones.")


class ElsewhereError(Exception):
    """No refusal: something has to be done at another address first."""

    def __init__(self, path: str) -> None:
        """Keep the address."""
        super().__init__(path)
        self.path = path


class StepUpAskedError(Exception):
    """No refusal: the password has to be entered again first."""
