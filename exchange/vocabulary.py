"""Closed vocabularies of the exchange: a word that is not listed is malformed."""

from __future__ import annotations

from enum import StrEnum


class FileKind(StrEnum):
    """Kinds of files that people carry."""

    REGISTRATION = "registration"
    AUTHORIZATION = "authorization"
    SYNC_REQUEST = "sync-request"
    SYNC_RESPONSE = "sync-response"


class Role(StrEnum):
    """Roles of keys under the root."""

    RESPONSE = "response"
    GRANT = "grant"


class KeyState(StrEnum):
    """State of a role key: what an expired key signed in time stands, what a revoked one signed does not."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class LicenceType(StrEnum):
    """Types of licences (row C3.3)."""

    PERPETUAL = "perpetual"
    TERM = "term"
    DEMO = "demo"
    REPORTING_ONLY = "reporting_only"


class Billing(StrEnum):
    """How a licence is paid for (row C3.6)."""

    PREPAID = "prepaid"
    USAGE = "usage"


class Compliance(StrEnum):
    """Whether a pool holds what is used from it."""

    IN_COMPLIANCE = "in_compliance"
    OUT_OF_COMPLIANCE = "out_of_compliance"


class ClaimState(StrEnum):
    """What a server answers for one licence that a device uses (row S4.2)."""

    AUTHORIZED = "authorized"
    OUT_OF_COMPLIANCE = "out_of_compliance"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    RESTRICTED = "restricted_needs_export_request"


class ExportState(StrEnum):
    """State of a request for a restricted licence, as the device sees it (row S4.4)."""

    NONE = "none"
    PENDING = "pending"
    GRANTED = "granted"
    FAILED = "failed"
    RETURNED = "returned"


class ExportReason(StrEnum):
    """Why a restricted licence is not granted (row C8.1)."""

    NOT_AVAILABLE = "restricted_licence_not_available"
    NOT_RESTRICTED = "not_restricted"
    UNKNOWN_ENTITLEMENT = "unknown_entitlement"
    UNKNOWN_DEVICE = "unknown_device"
    ACCOUNT_NOT_PERMITTED = "export_not_permitted"
    TOKEN_NOT_PERMITTED = "token_not_export_controlled"
    PRODUCT_NOT_ENTITLED = "product_not_entitled"
    CANCELLED = "cancelled"


class ConversionState(StrEnum):
    """State of a device's request to convert its classic licences (row C9.5)."""

    PENDING = "pending"
    CONVERTED = "converted"
    ALREADY_CONVERTED = "already_converted"
    PARTLY_CONVERTED = "partly_converted"
    NOT_CONVERTED = "not_converted"


class ConversionReason(StrEnum):
    """Why units of a classic licence are not converted (row C9.5)."""

    UNKNOWN_DEVICE = "unknown_device"
    NOT_LISTED = "not_listed"
    MORE_THAN_LISTED = "more_than_listed"
    NOT_ELIGIBLE = "sku_not_eligible"
    TERM_OVER = "classic_term_over"
    CONTRACT_MISSING = "contract_missing"
    CONTRACT_NOT_CHECKED = "contract_not_checked"
    ONLY_WHOLE = "partial_not_allowed"
    TOO_LATE = "too_late"


class ReleaseReason(StrEnum):
    """Why a granted unit came free."""

    RETURNED = "returned"
    ENDED = "ended"
    UNDELIVERED = "undelivered"
    VENDOR_RELEASE = "vendor_release"


class InstanceState(StrEnum):
    """State of a product instance (row C7.5)."""

    ACTIVE = "active"
    FAILED_TO_CONNECT = "failed_to_connect"
    FAILED_TO_RENEW = "failed_to_renew"
    RELEASED = "released"
    REMOVED = "removed"


class DeviceOp(StrEnum):
    """Operations of the device protocol."""

    REGISTER = "register"
    AUTHORIZE = "authorize"
    RENEW_IDENTITY = "renew_identity"
    TRANSFER_ACTIVE = "transfer_active"
    DEREGISTER = "deregister"
    EXPORT_REQUEST = "export_request"
    EXPORT_RETURN = "export_return"
    USAGE_REPORT = "usage_report"
    CONVERT = "convert"
    DETACH = "detach"
    REATTACH = "reattach"


class Outcome(StrEnum):
    """Whether an operation of a device was done."""

    DONE = "done"
    REFUSED = "refused"


class PrivacyField(StrEnum):
    """Fields that a site may keep to itself (row S2.4)."""

    HOSTNAME = "hostname"
    IP_ADDRESS = "ip_address"
    MAC_ADDRESS = "mac_address"
    NOTES = "notes"


class DeliveryState(StrEnum):
    """What a satellite reports of a grant."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
