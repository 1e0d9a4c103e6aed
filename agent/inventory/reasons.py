"""Codes that say why an output was refused, and what was found in one that was read."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why nothing was taken from a file.

    empty: nothing in it but blanks and prompts.
    not_text: bytes that are no text in a known encoding.
    too_large: more than the reader's limit of bytes.
    unreadable: the operating system did not give the bytes (rights, link to nowhere, special file).
    not_a_licence_output: text, but nothing in it comes from a licence command.
    command_error: the device answered with an error instead of an output.
    truncated: a document that ends before its first complete part.
    unsafe_document: an XML document with a document type or entity declaration.
    """

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    NOT_A_LICENCE_OUTPUT = "not_a_licence_output"
    COMMAND_ERROR = "command_error"
    TRUNCATED = "truncated"
    UNSAFE_DOCUMENT = "unsafe_document"


REASON_DETAIL: dict[Reason, str] = {
    Reason.EMPTY: "The file holds no output.",
    Reason.NOT_TEXT: "The bytes are no text in UTF-8, UTF-16, UTF-32 or an 8-bit encoding.",
    Reason.TOO_LARGE: "The file is larger than one output can be.",
    Reason.UNREADABLE: "The file could not be opened or read.",
    Reason.NOT_A_LICENCE_OUTPUT: "Nothing in the text comes from a licence command.",
    Reason.COMMAND_ERROR: "The device answered the command with an error.",
    Reason.TRUNCATED: "The document ends before its first complete part.",
    Reason.UNSAFE_DOCUMENT: "The document declares a document type or entities, which no device does.",
}


class Note(StrEnum):
    """What was found in an output that was read; none of them stops the reading.

    no_identity: no UDI is printed, so the licences belong to no known device.
    incomplete_identity: a UDI without PID or without serial number.
    malformed_udi: a UDI that cannot be taken apart with certainty; left out.
    several_devices: outputs of more than one device; licences are given to none of them.
    conflicting_role: the main UDI is not the active one of its set.
    truncated: the output ends early, or a pager cut it.
    filtered_output: the command had a filter behind it.
    truncated_name: a name or tag was shortened by the device.
    licence_without_tag: a licence is named, its entitlement tag is not.
    malformed_tag: a tag with a blank, a line break or missing parts; left out.
    masked_value: a value was made unreadable before the file was saved; left out.
    run_together: name and tag are printed without a gap.
    conflicting_count: two places give different counts; no count is given.
    conflicting_status: two places give different states; none is given.
    conflicting_generation: signs of both generations; none is given.
    unreadable_count: a count that is no whole number; no count is given.
    repeated_tag: a tag is listed more than once in one list.
    metric_not_licence: the report counts something that is no licence.
    unread_row: a row of a licence table that could not be taken apart.
    malformed_document: broken JSON or XML; only its complete parts were read.
    not_utf8: the text is in an 8-bit encoding.
    partial_error: the device answered one of several commands with an error.
    identity_from_request_code: the UDI was taken from a reservation request code.
    unknown_name: no row of the catalogue fits the printed name.
    ambiguous_name: several rows of the catalogue fit the printed name.
    """

    NO_IDENTITY = "no_identity"
    INCOMPLETE_IDENTITY = "incomplete_identity"
    MALFORMED_UDI = "malformed_udi"
    SEVERAL_DEVICES = "several_devices"
    CONFLICTING_ROLE = "conflicting_role"
    TRUNCATED = "truncated"
    FILTERED_OUTPUT = "filtered_output"
    TRUNCATED_NAME = "truncated_name"
    LICENCE_WITHOUT_TAG = "licence_without_tag"
    MALFORMED_TAG = "malformed_tag"
    MASKED_VALUE = "masked_value"
    RUN_TOGETHER = "run_together"
    CONFLICTING_COUNT = "conflicting_count"
    CONFLICTING_STATUS = "conflicting_status"
    CONFLICTING_GENERATION = "conflicting_generation"
    UNREADABLE_COUNT = "unreadable_count"
    REPEATED_TAG = "repeated_tag"
    METRIC_NOT_LICENCE = "metric_not_licence"
    UNREAD_ROW = "unread_row"
    MALFORMED_DOCUMENT = "malformed_document"
    NOT_UTF8 = "not_utf8"
    PARTIAL_ERROR = "partial_error"
    IDENTITY_FROM_REQUEST_CODE = "identity_from_request_code"
    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS_NAME = "ambiguous_name"
