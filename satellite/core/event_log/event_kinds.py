"""Kinds of events, `subject:action`."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """Events of a satellite."""

    SATELLITE_CREATED = "satellite:created"
    REGISTRATION_MADE = "registration:made"
    AUTHORIZED = "registration:authorized"
    SETUP_FINISHED = "setup:finished"
    VIRTUAL_ACCOUNT_RELEASED = "virtual_account:released"
    SATELLITE_RENAMED = "satellite:renamed"
    ACCOUNT_RENAMED = "account:renamed"
    IDENTITY_RENEWED = "satellite:identity_renewed"
    SYNC_SETTINGS_CHANGED = "sync_settings:changed"
    PRIVACY_CHANGED = "privacy:changed"
    CLOCK_CHANGED = "clock:changed"
    TIME_CONFIRMED = "time:confirmed"
    TIME_SETTINGS_CHANGED = "time_settings:changed"
    SETTINGS_CHANGED = "settings:changed"
    BACKUP_MADE = "backup:made"
    BACKUP_REMOVED = "backup:removed"
    BACKUP_COPIED = "backup:copied"
    BACKUP_REHEARSED = "backup:rehearsed"
    BACKUP_KEY_SEALED = "backup:key_sealed"
    SUPPORT_BUNDLE_MADE = "support:bundle_made"
    WEBHOOK_ADDED = "webhook:added"
    WEBHOOK_REMOVED = "webhook:removed"
    WEBHOOK_REDELIVERED = "webhook:redelivered"
    TLS_REQUESTED = "tls:certificate_requested"
    TLS_DISCARDED = "tls:request_discarded"
    TLS_IMPORTED = "tls:certificate_imported"
    TLS_RENEWED = "tls:certificate_renewed"
    TLS_RESET = "tls:certificate_reset"
    UPDATE_ORDERED = "update:ordered"
    UPDATE_INSTALLED = "update:installed"
    UPDATE_FAILED = "update:not_installed"
    TOKEN_CREATED = "token:created"
    TOKEN_CREATED_RESTRICTED = "token:created_export_controlled"
    TOKEN_REVOKED = "token:revoked"
    TOKEN_REMOVED = "token:removed"
    TOKEN_REFUSED = "token:refused"
    INSTANCE_ADDED = "instance:added"
    INSTANCE_ADDED_STANDBYS = "instance:added_with_standbys"
    INSTANCE_CONNECTED_STANDBYS = "instance:connected_with_standbys"
    INSTANCE_TAKEN_OVER = "instance:taken_over"
    INSTANCE_TOKEN = "instance:another_token"
    INSTANCE_CLONE = "instance:clone_seen"
    INSTANCE_RESTORED = "instance:restored"
    INSTANCE_RETURNED = "instance:returned"
    INSTANCE_TRANSFERRED = "instance:transferred"
    INSTANCE_REMOVED = "instance:removed"
    INSTANCE_REMOVED_SILENT = "instance:removed_after_silence"
    INSTANCE_REQUESTED_LICENCES = "instance:requested_licences"
    INSTANCE_RENEWED = "instance:renewed_certificate"
    INSTANCE_REPORTED_USE = "instance:reported_use"
    INSTANCE_ACTIVE_CHANGED = "instance:active_changed"
    INSTANCE_REPLACED = "instance:unit_replaced"
    INSTANCE_FREED = "instance:licences_freed"
    INSTANCE_SILENT = "instance:failed_to_connect"
    INSTANCE_DETACHED = "instance:detached"
    INSTANCE_REATTACHED = "instance:reattached"
    INSTANCE_DETACH_FAILED = "instance:failed_to_detach"
    INSTANCE_REATTACH_FAILED = "instance:failed_to_reattach"
    INSTANCE_TERM_ENDED = "instance:detached_term_ended"
    SHORTAGE_DETECTED = "licences:shortage_detected"
    EXPORT_REQUESTED = "export:requested"
    EXPORT_GRANTED = "export:granted"
    EXPORT_FAILED = "export:failed"
    EXPORT_DELIVERED = "export:delivered"
    EXPORT_RETURNED = "export:returned"
    EXPORT_RELEASED = "export:released"
    CONVERSION_REQUESTED = "conversion:requested"
    CONVERSION_DECIDED = "conversion:decided"
    API_TOKEN_CREATED = "api_token:created"
    API_TOKEN_REVOKED = "api_token:revoked"
    USER_CREATED = "user:created"
    USER_ROLE_CHANGED = "user:role_changed"
    USER_RESET = "user:reset"
    USER_UNLOCKED = "user:unlocked"
    USER_REMOVED = "user:removed"
    PASSWORD_CHANGED = "user:password_changed"
    TWO_STEP_ON = "user:two_step_on"
    TWO_STEP_OFF = "user:two_step_off"
    RECOVERY_CODES_RENEWED = "user:recovery_codes_renewed"
    RECOVERY_CODE_USED = "user:recovery_code_used"
    SESSION_REVOKED = "user:session_revoked"
    SIGN_IN_SLOWED = "user:sign_in_slowed"
    ALERT_DISMISSED = "alert:dismissed"
    ALERT_REMINDED = "alert:put_off"
    ALERT_RESTORED = "alert:restored"


SITE = "site"
"""In what a unit touched: the alerts of the site."""
QUIET = frozenset(
    {
        # The first event: no alert can exist yet.
        EventKind.SATELLITE_CREATED,
        # No alert looks at these.
        EventKind.TOKEN_CREATED,
        EventKind.TOKEN_CREATED_RESTRICTED,
        EventKind.TOKEN_REVOKED,
        EventKind.TOKEN_REMOVED,
        EventKind.TOKEN_REFUSED,
        EventKind.API_TOKEN_CREATED,
        EventKind.API_TOKEN_REVOKED,
        EventKind.USER_CREATED,
        EventKind.USER_ROLE_CHANGED,
        EventKind.USER_RESET,
        EventKind.USER_UNLOCKED,
        EventKind.USER_REMOVED,
        EventKind.PASSWORD_CHANGED,
        EventKind.TWO_STEP_ON,
        EventKind.TWO_STEP_OFF,
        EventKind.RECOVERY_CODES_RENEWED,
        EventKind.RECOVERY_CODE_USED,
        EventKind.SESSION_REVOKED,
        EventKind.SIGN_IN_SLOWED,
        # The action refreshes the alerts about TLS and backups itself.
        EventKind.SETTINGS_CHANGED,
        EventKind.BACKUP_MADE,
        EventKind.BACKUP_REMOVED,
        EventKind.BACKUP_COPIED,
        EventKind.BACKUP_REHEARSED,
        EventKind.BACKUP_KEY_SEALED,
        EventKind.SUPPORT_BUNDLE_MADE,
        EventKind.WEBHOOK_ADDED,
        EventKind.WEBHOOK_REMOVED,
        EventKind.WEBHOOK_REDELIVERED,
        EventKind.TLS_REQUESTED,
        EventKind.TLS_DISCARDED,
        EventKind.TLS_IMPORTED,
        EventKind.TLS_RENEWED,
        EventKind.TLS_RESET,
        EventKind.UPDATE_ORDERED,
        EventKind.UPDATE_INSTALLED,
        EventKind.UPDATE_FAILED,
        EventKind.ALERT_DISMISSED,
        EventKind.ALERT_REMINDED,
        EventKind.ALERT_RESTORED,
        EventKind.SHORTAGE_DETECTED,
        EventKind.EXPORT_REQUESTED,
        EventKind.EXPORT_DELIVERED,
        EventKind.CONVERSION_REQUESTED,
        EventKind.CONVERSION_DECIDED,
        EventKind.PRIVACY_CHANGED,
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
"""Events after which no alert is looked at; every other one has the alerts made true before the commit."""
