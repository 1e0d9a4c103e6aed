"""The words of an inventory: why nothing was taken, what a reader should know, which output a file is."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why nothing was taken from a file."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    NOT_A_LICENCE_OUTPUT = "not_a_licence_output"
    COMMAND_ERROR = "command_error"
    NO_LICENCE_DATA = "no_licence_data"
    SEVERAL_DEVICES = "several_devices"
    UNKNOWN_LAYOUT = "unknown_layout"
    COMPRESSED = "compressed"


class Note(StrEnum):
    """What a reader of the result should know although the file was read."""

    NO_IDENTITY = "no_identity"
    MALFORMED_IDENTITY = "malformed_identity"
    CONFLICTING_IDENTITY = "conflicting_identity"
    TRUNCATED_NAME = "truncated_name"
    TRUNCATED_OUTPUT = "truncated_output"
    WRAPPED_VALUE = "wrapped_value"
    OVERLONG_LINE = "overlong_line"
    INTERRUPTED_LINE = "interrupted_line"
    UNKNOWN_LAYOUT = "unknown_layout"
    MALFORMED_DATA = "malformed_data"
    LICENCE_WITHOUT_TAG = "licence_without_tag"
    LICENCE_WITHOUT_COUNT = "licence_without_count"
    MALFORMED_TAG = "malformed_tag"
    MASKED_VALUE = "masked_value"
    CONFLICTING_COUNT = "conflicting_count"
    CONFLICTING_STATE = "conflicting_state"
    DECODED_AS_LATIN_1 = "decoded_as_latin_1"
    AMBIGUOUS_NAME = "ambiguous_name"
    UNKNOWN_NAME = "unknown_name"


class Basis(StrEnum):
    """What the count of a licence entry counts."""

    USAGE = "usage"
    RESERVATION = "reservation"
    AUTHORIZATION = "authorization"
    FEATURE = "feature"
    REPORT = "report"


class Command(StrEnum):
    """Which output a file is, as far as its prompt or its content says so."""

    ALL = "show license all"
    TECH_SUPPORT = "show license tech support"
    SUMMARY = "show license summary"
    USAGE = "show license usage"
    STATUS = "show license status"
    UDI = "show license udi"
    FEATURES = "show license"
    FEATURE = "show license feature"
    DETAIL = "show license detail"
    FILE = "show license file"
    HOST_ID = "show license host-id"
    RIGHT_TO_USE = "show license right-to-use"
    ENTITLEMENT = "show license entitlement"
    REGISTRATION = "show license registration"
    PLATFORM = "show license platform"
    AUTHORIZATION = "show license authorization"
    RESERVATION_STATE = "show license reservation"
    HISTORY = "show license history message"
    CONVERSION = "show license data conversion"
    RUM_ALL = "show license rum id all"
    RUM_DETAIL = "show license rum id detail"
    EVENT_LOG = "show license eventlog"
    REST = "rest licensing status"
    YANG = "yang licensing state"
    RESERVATION = "license smart reservation"
    USAGE_FILE = "license smart save usage"
    OTHER = "other"
