"""Kinds of events, `subject:action`."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """Events of central (rows C7.7, C12.4)."""

    VENDOR_CREATED = "vendor:created"
    ROOT_ROTATED = "root:rotated"
    ROLE_KEY_REPLACED = "role_key:replaced"
    POLICY_CHANGED = "policy:changed"
    CLOCK_CHANGED = "clock:changed"
    TIME_CONFIRMED = "time:confirmed"
    TIME_SETTINGS_CHANGED = "time_settings:changed"
    REPORT_SAVED = "report:saved"
    REPORT_CHANGED = "report:changed"
    REPORT_SCHEDULED = "report:scheduled"
    REPORT_REMOVED = "report:removed"
    FLAG_CHANGED = "flag:changed"
    SETTINGS_CHANGED = "settings:changed"
    BACKUP_MADE = "backup:made"
    BACKUP_REMOVED = "backup:removed"
    BACKUP_COPIED = "backup:copied"
    BACKUP_REHEARSED = "backup:rehearsed"
    BACKUP_KEY_SEALED = "backup:key_sealed"
    TLS_REQUESTED = "tls:certificate_requested"
    TLS_DISCARDED = "tls:request_discarded"
    TLS_IMPORTED = "tls:certificate_imported"
    TLS_RENEWED = "tls:certificate_renewed"
    TLS_RESET = "tls:certificate_reset"
    UPDATE_ORDERED = "update:ordered"
    UPDATE_INSTALLED = "update:installed"
    UPDATE_FAILED = "update:not_installed"
    MAIL_RETRIED = "mail:retried"
    SUPPORT_BUNDLE_MADE = "support:bundle_made"
    WEBHOOK_ADDED = "webhook:added"
    WEBHOOK_REMOVED = "webhook:removed"
    WEBHOOK_REDELIVERED = "webhook:redelivered"
    SUPPORT_REQUESTED = "support:requested"
    NODE_JOINED = "node:joined"
    USER_ADDED = "user:added"
    ROLE_GIVEN = "user:role_given"
    ROLE_TAKEN = "user:role_taken"
    PASSWORD_SET = "user:password_set"
    PASSWORD_CHANGED = "user:password_changed"
    USER_UNLOCKED = "user:unlocked"
    ADDRESS_CHANGED = "user:address_changed"
    IDENTITY_CHANGED = "user:identity_changed"
    TWO_STEP_ON = "user:two_step_on"
    TWO_STEP_OFF = "user:two_step_off"
    RECOVERY_CODES_RENEWED = "user:recovery_codes_renewed"
    RECOVERY_CODE_USED = "user:recovery_code_used"
    SESSION_REVOKED = "user:session_revoked"
    SIGN_IN_SLOWED = "user:sign_in_slowed"
    API_CLIENT_CREATED = "api_client:created"
    API_CLIENT_REVOKED = "api_client:revoked"
    API_TOKEN_CREATED = "api_token:created"
    API_TOKEN_REVOKED = "api_token:revoked"
    ACCOUNT_CREATED = "account:created"
    ACCOUNT_CHANGED = "account:changed"
    AGREEMENT_PUBLISHED = "agreement:published"
    AGREEMENT_ACCEPTED = "agreement:accepted"
    VIRTUAL_ACCOUNT_CREATED = "virtual_account:created"
    VIRTUAL_ACCOUNT_RENAMED = "virtual_account:renamed"
    VIRTUAL_ACCOUNT_DESCRIBED = "virtual_account:described"
    VIRTUAL_ACCOUNT_TAGGED = "virtual_account:tagged"
    VIRTUAL_ACCOUNT_DELETED = "virtual_account:deleted"
    DEFAULT_MOVED = "virtual_account:default_moved"
    CATALOGUE_IMPORTED = "catalogue:imported"
    PRODUCT_INCLUDES = "catalogue:licences_included"
    RESTRICTION_CHANGED = "catalogue:restriction_changed"
    LICENCES_ADDED = "licences:added"
    LICENCES_TRANSFERRED = "licences:transferred"
    TRANSFER_REVERSED = "licences:transfer_reversed"
    UPGRADE_ADDED = "licences:upgrade_added"
    UPGRADE_COMPLETED = "licences:upgrade_completed"
    ORDER_CANCELLED = "licences:order_cancelled"
    SUBSCRIPTION_ASSIGNED = "licences:subscription_assigned"
    LICENCES_EXPIRED = "licences:expired"
    LICENCES_CONVERTED = "licences:converted"
    CLASSIC_SKUS_IMPORTED = "catalogue:classic_skus_imported"
    CLASSIC_LISTED = "conversion:listed"
    CONTRACTS_IMPORTED = "conversion:contracts_imported"
    CONVERSION_SETTINGS_CHANGED = "conversion:settings_changed"
    CONVERSION_FAILED = "conversion:failed"
    LICENCES_RESERVED = "licences:reserved"
    LICENCES_REMOVED = "licences:removed"
    LICENCES_TAGGED = "licences:tagged"
    LICENCES_UNTAGGED = "licences:untagged"
    LICENCE_TAG_RENAMED = "licences:tag_renamed"
    LICENCE_TAG_DELETED = "licences:tag_deleted"
    RESERVATION_ENDED = "reservation:ended"
    RESERVATION_RELEASED = "reservation:released"
    RESERVATION_KEPT = "reservation:held_by_former_key"
    RESERVATION_RAISED = "reservation:raised"
    RESERVATION_LOWERED = "reservation:lowered"
    RESERVATION_CANCELLED = "reservation:update_cancelled"
    RESERVATION_CONFIRMED = "reservation:confirmed"
    RESERVATION_SHIPPED = "reservation:shipped"
    RESERVATION_REHOSTED = "reservation:rehosted"
    RESERVATION_ALERT_RESET = "reservation:alert_reset"
    SHORTAGE_DETECTED = "licences:shortage_detected"
    TOKEN_CREATED = "token:created"
    TOKEN_CREATED_RESTRICTED = "token:created_export_controlled"
    TOKEN_REVOKED = "token:revoked"
    TOKEN_REMOVED = "token:removed"
    TOKEN_REFUSED = "token:refused"
    SATELLITE_REQUESTED = "satellite:authorization_requested"
    SATELLITE_APPROVED = "satellite:approved"
    SATELLITE_CREATED = "satellite:created"
    SATELLITE_RENAMED = "satellite:renamed"
    SATELLITE_REMOVED = "satellite:removed"
    SATELLITE_EXTENDED = "satellite:virtual_account_added"
    SATELLITE_SYNCHRONIZED = "satellite:synchronized_by_file"
    SATELLITE_SYNCHRONIZED_NETWORK = "satellite:synchronized_by_network"
    SATELLITE_RESYNCHRONIZED = "satellite:epoch_opened"
    CENTRAL_RESTORED = "central:restored"
    SATELLITE_KEY_RENEWED = "satellite:key_renewed"
    SATELLITE_FORKED = "satellite:forked"
    SATELLITE_SYNC_FAILED = "satellite:sync_failed"
    SATELLITE_EVENT = "satellite:event"
    INSTANCE_ADDED = "instance:added"
    INSTANCE_ADDED_STANDBYS = "instance:added_with_standbys"
    INSTANCE_CONNECTED_STANDBYS = "instance:connected_with_standbys"
    INSTANCE_ADDED_VIA_SATELLITE = "instance:added_via_satellite"
    INSTANCE_TRANSFERRED = "instance:transferred"
    INSTANCE_REMOVED = "instance:removed"
    INSTANCE_REMOVED_SILENT = "instance:removed_after_silence"
    INSTANCE_REMOVED_SILENT_VIA_SATELLITE = "instance:removed_after_silence_via_satellite"
    INSTANCE_REMOVED_VIA_SATELLITE = "instance:removed_via_satellite"
    INSTANCE_TAKEN_OVER = "instance:taken_over"
    INSTANCE_TOKEN = "instance:another_token"
    INSTANCE_FREED = "instance:licences_freed"
    INSTANCE_FREED_VIA_SATELLITE = "instance:licences_freed_via_satellite"
    INSTANCE_RELEASED = "instance:licences_released"
    INSTANCE_SILENT = "instance:failed_to_connect"
    INSTANCE_RESTORED = "instance:restored"
    INSTANCE_CLONE = "instance:clone_seen"
    INSTANCE_REQUESTED_LICENCES = "instance:requested_licences"
    INSTANCE_REQUESTED_VIA_SATELLITE = "instance:requested_licences_via_satellite"
    INSTANCE_RENEWED = "instance:renewed_certificate"
    INSTANCE_REPORTED_USE = "instance:reported_use"
    INSTANCE_ADDED_LICENCES = "instance:licences_added"
    INSTANCE_ACTIVE_CHANGED = "instance:active_changed"
    INSTANCE_REPLACED = "instance:unit_replaced"
    INSTANCE_DETACHED = "instance:detached"
    INSTANCE_REATTACHED = "instance:reattached"
    INSTANCE_DETACH_FAILED = "instance:failed_to_detach"
    INSTANCE_REATTACH_FAILED = "instance:failed_to_reattach"
    INSTANCE_TERM_ENDED = "instance:detached_term_ended"
    EXPORT_GRANTED = "export:granted"
    EXPORT_ADOPTED = "export:adopted"
    EXPORT_FAILED = "export:failed"
    EXPORT_RETURNED = "export:returned"
    EXPORT_RELEASED = "export:released"
    EXPORT_ENDED = "export:ended"
    EXPORT_DELIVERED = "export:delivered"
    ALERT_DISMISSED = "alert:dismissed"
    ALERT_REMINDED = "alert:put_off"
    ALERT_RESTORED = "alert:restored"


EVERYBODY = "*"
"""In what a unit touched: every account."""
OF_EVERYBODY = frozenset(
    {
        EventKind.POLICY_CHANGED,
        EventKind.AGREEMENT_PUBLISHED,
        EventKind.CATALOGUE_IMPORTED,
        EventKind.RESTRICTION_CHANGED,
    }
)
QUIET = frozenset(
    {
        # The first event: no alert can exist yet.
        EventKind.VENDOR_CREATED,
        # No alert looks at these.
        EventKind.FLAG_CHANGED,
        EventKind.REPORT_SAVED,
        EventKind.REPORT_CHANGED,
        EventKind.REPORT_SCHEDULED,
        EventKind.REPORT_REMOVED,
        # The action refreshes the alerts about backups, TLS and updates itself.
        EventKind.SETTINGS_CHANGED,
        EventKind.BACKUP_MADE,
        EventKind.BACKUP_REMOVED,
        EventKind.BACKUP_COPIED,
        EventKind.BACKUP_REHEARSED,
        EventKind.BACKUP_KEY_SEALED,
        EventKind.TLS_REQUESTED,
        EventKind.TLS_DISCARDED,
        EventKind.TLS_IMPORTED,
        EventKind.TLS_RENEWED,
        EventKind.TLS_RESET,
        EventKind.UPDATE_ORDERED,
        EventKind.UPDATE_INSTALLED,
        EventKind.UPDATE_FAILED,
        EventKind.SUPPORT_REQUESTED,
        EventKind.SUPPORT_BUNDLE_MADE,
        EventKind.WEBHOOK_ADDED,
        EventKind.WEBHOOK_REMOVED,
        EventKind.WEBHOOK_REDELIVERED,
        EventKind.NODE_JOINED,
        EventKind.USER_ADDED,
        EventKind.ROLE_GIVEN,
        EventKind.PASSWORD_SET,
        EventKind.PASSWORD_CHANGED,
        EventKind.USER_UNLOCKED,
        EventKind.ADDRESS_CHANGED,
        EventKind.IDENTITY_CHANGED,
        EventKind.TWO_STEP_ON,
        EventKind.TWO_STEP_OFF,
        EventKind.RECOVERY_CODES_RENEWED,
        EventKind.RECOVERY_CODE_USED,
        EventKind.SESSION_REVOKED,
        EventKind.SIGN_IN_SLOWED,
        EventKind.API_CLIENT_CREATED,
        EventKind.API_CLIENT_REVOKED,
        EventKind.API_TOKEN_CREATED,
        EventKind.API_TOKEN_REVOKED,
        EventKind.TOKEN_CREATED,
        EventKind.TOKEN_CREATED_RESTRICTED,
        EventKind.TOKEN_REVOKED,
        EventKind.TOKEN_REMOVED,
        EventKind.TOKEN_REFUSED,
        EventKind.ALERT_DISMISSED,
        EventKind.ALERT_REMINDED,
        EventKind.ALERT_RESTORED,
        EventKind.SHORTAGE_DETECTED,
        EventKind.LICENCES_TAGGED,
        EventKind.LICENCES_UNTAGGED,
        EventKind.LICENCE_TAG_RENAMED,
        EventKind.LICENCE_TAG_DELETED,
        EventKind.PRODUCT_INCLUDES,
        EventKind.CLASSIC_SKUS_IMPORTED,
        EventKind.CONTRACTS_IMPORTED,
        EventKind.CONVERSION_SETTINGS_CHANGED,
        EventKind.EXPORT_DELIVERED,
        # Device messages come in large numbers: each refreshes only the alerts that it can touch.
        EventKind.INSTANCE_ADDED,
        EventKind.INSTANCE_ADDED_STANDBYS,
        EventKind.INSTANCE_CONNECTED_STANDBYS,
        EventKind.INSTANCE_TAKEN_OVER,
        EventKind.INSTANCE_TOKEN,
        EventKind.INSTANCE_REMOVED,
        EventKind.INSTANCE_REQUESTED_LICENCES,
        EventKind.INSTANCE_RENEWED,
        EventKind.INSTANCE_REPORTED_USE,
        EventKind.INSTANCE_DETACHED,
        EventKind.INSTANCE_REATTACHED,
        EventKind.INSTANCE_DETACH_FAILED,
        EventKind.INSTANCE_REATTACH_FAILED,
    }
)
"""Events after which no alert is looked at; every other one has those of its account made true before the commit."""
