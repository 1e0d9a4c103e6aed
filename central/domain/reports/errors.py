"""Refusals about saved reports."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy

_PAGE = "central-portal.md#saved-reports"


class UnknownSavedReportError(NotFoundError):
    code = "unknown_saved_report"
    message = "There is no such saved report."
    remedy = Remedy("List the saved reports with `central report list DOMAIN USER`.", page=_PAGE)


class UnknownReportRunError(NotFoundError):
    code = "unknown_report_run"
    message = "There is no such run of the report."
    remedy = Remedy("List the runs with `central report history DOMAIN USER NAME`.", page=_PAGE)


class SavedReportExistsError(RefusedError):
    code = "saved_report_exists"
    message = "A saved report has this name already."
    remedy = Remedy("Choose another name, or edit the report of this name.", page=_PAGE)


class TooManySavedReportsError(RefusedError):
    code = "too_many_saved_reports"
    message = "This is the largest number of saved reports of one user in one account."
    remedy = Remedy("Remove a saved report that is no longer needed.", page=_PAGE)


class ReportChoiceError(InvalidInputError):
    code = "report_choice"
    message = "The report cannot be saved like this."
    remedy = Remedy("Correct what the message names.", page=_PAGE)


class ReportPlaceGoneError(RefusedError):
    code = "report_place_gone"
    message = "A virtual account that the report is about is gone, or you may no longer see it."
    remedy = Remedy("Edit the report, and choose its virtual accounts again.", page=_PAGE)


class ReportFileGoneError(NotFoundError):
    code = "report_file_gone"
    message = "The file of this run is not kept any more, or the run made none."
    remedy = Remedy("Run the report again; files are kept for 7 days, the newest 5 of each report.", page=_PAGE)


class ReportNotYoursError(RefusedError):
    code = "report_not_visible"
    message = "The file has rows of virtual accounts that you may no longer see."
    remedy = Remedy("Run the report again: it then has what you may see.", page=_PAGE)
